"""Faults that the embedded exchange itself can be told to have, drawn from the seed and spread over the storm."""

import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from exchanges.simulator.faults import faults
from exchanges.simulator.faults.faults import Effect, Fault
from simulation.venues.wires import WIRE

_PRESENT: Final = 0.15
_LONGEST_S: Final = 15.0
_ENDPOINTS: Final = (
    None,
    WIRE.endpoints.place,
    WIRE.endpoints.cancel,
    WIRE.endpoints.amend,
    WIRE.endpoints.order,
    WIRE.endpoints.open_orders,
    WIRE.endpoints.balances,
    WIRE.endpoints.fills,
)
_EFFECTS: Final[tuple[Effect, ...]] = ("none", "done", "late")
_CHANNELS: Final = (WIRE.channels.orders, WIRE.channels.fills, WIRE.channels.balances)


class ExchangeFaults:
    """Which of the exchange's own faults a run has, and when each begins.

    Attributes:
        begun: how many of each kind have begun, by the name that ``without`` takes.
    """

    def __init__(
        self,
        rng: random.Random,
        names: Sequence[str],
        *,
        begins_s: float,
        ends_s: float,
        present: bool = True,
        keys_revoked: bool = True,
        more: Sequence[tuple[float, Fault]] = (),
        without: frozenset[str] = frozenset(),
        worded: Callable[[Fault], Fault | None] = lambda fault: fault,
    ) -> None:
        """``names``: of accounts. ``present``: False for none of the usual ones. ``keys_revoked``: whether a key may be
        refused for a while. ``more``: others with their times, which are there in any case. ``without``: kinds left
        out, as ``exchange:LateFill``. ``worded``: a fault in the words of the venue that it concerns; None where that
        can have none such."""
        self._rng = rng
        self._names = names
        kinds: list[Callable[[float], Fault]] = [
            self._failing_answer,
            self._failing_answer,
            self._limit,
            self._slow,
            self._late_fill,
            self._late_fill,
            self._dropped_frames,
            self._late_frames,
            self._shuffled_frames,
            self._deaf,
            self._maintenance,
            self._clock,
        ]
        if keys_revoked:
            kinds.append(self._revoked)
        chosen = [make for make in kinds if rng.random() < _PRESENT]
        span_s = max(ends_s - begins_s - 1.0, 0.0)
        planned = sorted(
            ((begins_s + rng.random() * span_s, make(rng.uniform(0.5, _LONGEST_S))) for make in chosen),
            key=lambda each: each[0],
        )
        due = sorted([*(planned if present else ()), *more], key=lambda each: each[0])
        there = [(at_s, worded(fault)) for at_s, fault in due if _name_of(fault) not in without]
        self._due = [(at_s, fault) for at_s, fault in there if fault is not None]
        self.begun: dict[str, int] = {}

    def describe(self) -> list[str]:
        """What is to come, for traces."""
        return [f"from {at_s:.1f}: {fault}" for at_s, fault in self._due]

    def take_due(self, now_s: float) -> list[Fault]:
        """Those that begin by now, each once."""
        due = [fault for at_s, fault in self._due if at_s <= now_s]
        del self._due[: len(due)]
        for fault in due:
            self.begun[_name_of(fault)] = self.begun.get(_name_of(fault), 0) + 1
        return due

    def call_off(self) -> None:
        """None begins any more, also none that was due while nobody asked."""
        self._due.clear()

    # -- one of each ----------------------------------------------------------------------------------------------

    def _failing_answer(self, for_s: float) -> Fault:
        rng = self._rng
        effect = rng.choice(_EFFECTS)
        kind = rng.choice((faults.RestError, faults.RestTimeout, faults.RestAbort))
        return kind(
            probability=rng.uniform(0.1, 0.8),
            for_s=for_s,
            account=self._somebody(),
            endpoint=rng.choice(_ENDPOINTS),
            effect=effect,
            late_ms=rng.randrange(8_000) if effect == "late" else 0,
        )

    def _limit(self, for_s: float) -> Fault:
        return faults.RestLimit(probability=0.3, for_s=for_s, account=self._somebody(), retry_after_s=1)

    def _slow(self, for_s: float) -> Fault:
        return faults.RestSlow(probability=0.5, for_s=for_s, delay_ms=self._rng.randrange(6_000))

    def _late_fill(self, for_s: float) -> Fault:
        share = Decimal(self._rng.randrange(1, 10)) / 10
        return faults.LateFill(
            probability=0.5, for_s=for_s, account=self._somebody(), share=share, delay_ms=self._rng.randrange(3_000)
        )

    def _dropped_frames(self, for_s: float) -> Fault:
        return faults.FrameDrop(probability=0.2, for_s=for_s, account=self._somebody(), channel=self._channel())

    def _late_frames(self, for_s: float) -> Fault:
        return faults.FrameLate(
            probability=0.3,
            for_s=for_s,
            account=self._somebody(),
            channel=self._channel(),
            delay_ms=self._rng.randrange(3_000),
        )

    def _shuffled_frames(self, for_s: float) -> Fault:
        return faults.FrameReorder(probability=0.5, for_s=for_s, account=self._somebody(), channel=self._channel())

    def _deaf(self, for_s: float) -> Fault:
        return faults.SocketDeaf(for_s=for_s, account=self._somebody())

    def _maintenance(self, for_s: float) -> Fault:
        return faults.Maintenance(for_s=for_s)

    def _clock(self, for_s: float) -> Fault:
        return faults.ClockSkew(for_s=for_s, offset_ms=self._rng.randrange(-20_000, 20_000))

    def _revoked(self, for_s: float) -> Fault:
        return faults.KeyRevoked(for_s=for_s, account=self._rng.choice(self._names))

    def _somebody(self) -> str | None:
        return self._rng.choice((None, *self._names))

    def _channel(self) -> str | None:
        return self._rng.choice((None, *_CHANNELS))


def _name_of(fault: Fault) -> str:
    return f"exchange:{type(fault).__name__}"
