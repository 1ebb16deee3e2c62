"""Every kind of fault that the control API takes."""

from exchanges.simulator.faults.acknowledgements import AckForm
from exchanges.simulator.faults.faults import AnyFault
from exchanges.simulator.faults.listen_keys import ListenKeysExhausted, ListenKeysRevoked
from exchanges.simulator.faults.odd_rows import OddRows
from exchanges.simulator.faults.queries import OrderUnknown, QueryLag
from exchanges.simulator.faults.refusals import AllowanceShared, RestRefusal, SubscriptionRefused
from exchanges.simulator.faults.texts import TextMissing

EveryFault = (
    AnyFault
    | OddRows
    | QueryLag
    | OrderUnknown
    | RestRefusal
    | SubscriptionRefused
    | TextMissing
    | AllowanceShared
    | ListenKeysRevoked
    | ListenKeysExhausted
    | AckForm
)
