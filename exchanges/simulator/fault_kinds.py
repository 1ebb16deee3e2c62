"""Every kind of fault that the control API takes."""

from exchanges.simulator.faults import AnyFault
from exchanges.simulator.odd_rows import OddRows
from exchanges.simulator.query_faults import OrderUnknown, QueryLag
from exchanges.simulator.refusals import AllowanceShared, RestRefusal, SubscriptionRefused
from exchanges.simulator.text_faults import TextMissing

EveryFault = (
    AnyFault | OddRows | QueryLag | OrderUnknown | RestRefusal | SubscriptionRefused | TextMissing | AllowanceShared
)
