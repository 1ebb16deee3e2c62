"""Every kind of fault that the control API takes."""

from exchanges.simulator.faults import AnyFault
from exchanges.simulator.refusals import RestRefusal, SubscriptionRefused

EveryFault = AnyFault | RestRefusal | SubscriptionRefused
