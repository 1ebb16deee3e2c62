"""The clocks of the exchange: its front and its engine each have one, and they may disagree."""

from collections.abc import Callable

from exchanges.simulator.faults.faults import ActiveFault, ClockName, ClockSkew, Faults


class Clock:
    """Time as one part of the exchange sees it: as far off as the faults say, never back unless a fault steps back.

    ``true_ms`` gives milliseconds since 1970; the clock shows whole multiples of ``step_ms``.
    """

    def __init__(self, name: ClockName, true_ms: Callable[[], int], faults: Faults, *, step_ms: int = 1) -> None:
        self._name = name
        self._true_ms = true_ms
        self._faults = faults
        self._step_ms = step_ms
        self._shown_ms = 0
        faults.watchers.append(self._fault_changed)

    def now_ms(self) -> int:
        """Returns the time in ms since 1970."""
        self._shown_ms = max(self._shown_ms, self._stepped_ms())
        return self._shown_ms

    def _stepped_ms(self, further_off_ms: int = 0) -> int:
        ms = self._true_ms() + further_off_ms
        if self._faults.active:
            ms += sum(fault.offset_ms for fault in self._faults.of_kind(ClockSkew) if fault.sets(self._name))
        return ms - ms % self._step_ms

    def _fault_changed(self, active: ActiveFault, begins: bool) -> None:
        """Keeps what the clock showed until now, so that it does not matter who has read it and when."""
        fault = active.fault
        if not isinstance(fault, ClockSkew) or not fault.sets(self._name):
            return
        shown_ms = self._stepped_ms(-fault.offset_ms if begins else fault.offset_ms)
        self._shown_ms = 0 if fault.stepwise_back else max(self._shown_ms, shown_ms)
