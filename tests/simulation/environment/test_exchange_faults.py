"""Faults of the exchange begin when they are due, and none in the calm."""

import random

from exchanges.simulator.faults.faults import SocketCut
from simulation.environment.exchange_faults import ExchangeFaults


def planned(*at_s: float) -> ExchangeFaults:
    more = [(each, SocketCut(times=1)) for each in at_s]
    return ExchangeFaults(random.Random(1), ("alpha",), begins_s=0.0, ends_s=10.0, present=False, more=more)


def test_each_begins_once_when_it_is_due() -> None:
    faults = planned(1.0, 2.0, 9.0)
    assert [len(faults.take_due(now_s)) for now_s in (0.5, 2.0, 3.0, 9.5, 20.0)] == [0, 2, 0, 1, 0]


def test_none_begins_after_they_were_called_off_also_none_that_was_due_while_nobody_asked() -> None:
    faults = planned(1.0, 2.0, 9.0)
    faults.take_due(1.0)
    faults.call_off()
    assert faults.take_due(20.0) == []
    assert faults.begun == {"exchange:SocketCut": 1}
