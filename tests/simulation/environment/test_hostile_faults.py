"""What a feature may bring is drawn from the seed; a calm has nothing of it that takes a link away."""

import random

from exchanges.simulator.faults.faults import Fault
from exchanges.simulator.faults.listen_keys import ListenKeysExhausted, ListenKeysRevoked
from simulation.environment.hostile_faults import hostile_faults
from simulation.options import Feature


def drawn(*, calm: bool) -> list[Fault]:
    return [
        fault
        for seed in range(30)
        for _, fault in hostile_faults(
            random.Random(seed),
            frozenset({Feature.SHORT_SESSIONS}),
            ("alpha", "mexc-beta"),
            ("BTC_USDT",),
            begins_s=2.0,
            ends_s=40.0,
            calm=calm,
        )
    ]


def test_short_sessions_bring_listen_keys_that_end_in_either_way_and_keys_that_cannot_be_had() -> None:
    faults = drawn(calm=False)
    assert {fault.how for fault in faults if isinstance(fault, ListenKeysRevoked)} == {"close", "silent"}
    assert any(isinstance(fault, ListenKeysExhausted) for fault in faults)


def test_in_a_calm_no_listen_key_ends_before_its_time() -> None:
    faults = drawn(calm=True)
    assert faults
    assert not any(isinstance(fault, ListenKeysRevoked) for fault in faults)
