"""Up to which moment an account knows every fill, and of which markets it does not."""

from collections.abc import Mapping
from typing import Final

import msgspec

from actors.account.messages import FillsNeeded
from actors.journal import FILLS_OVERLAP_MS
from exchanges.base.clients import FillsReport
from messages.symbol import Symbol

_FIRST_PAUSE_S: Final = 30.0
_LONGEST_PAUSE_S: Final = 600.0
_NEW: Final = ""
"""The cause where a market has just become known, and has not been asked for yet."""
_WAITS: Final = "its fills have not been asked for yet"
_AT_ONCE: Final = 12
"""So many markets are asked for with one snapshot where the venue lists by market only: with more, the account would
use up its rate limit, and be without a snapshot for as long as that takes."""


class _Gap(msgspec.Struct):
    """Fills of one market that are not known: since when (the exchange's clock), why, and when they are asked for."""

    from_ms: int
    cause: str
    again_s: float
    pause_s: float = _FIRST_PAUSE_S


class FillsCoverage:
    """All markets are asked for in one question; one that could not be read is asked for by itself, from where it was
    last complete, with growing pauses.

    Where the venue lists by market only, the markets that are known take turns, new ones first. One that had to wait
    before it was asked for the first time is told as unknown until then."""

    def __init__(self, since_ms: int, age_ms: int = 0) -> None:
        """``since_ms``: from here on fills may be unknown; the exchange's clock, as far as it was known then.
        ``age_ms``: that was so long ago by the same clock, which may have been ours and far ahead."""
        self._since_ms = since_ms
        self._age_ms = age_ms
        self._through_ms: int | None = None
        self._gaps: dict[Symbol, _Gap] = {}
        self._of_market_ms: dict[Symbol, int] = {}
        """Up to where the fills of each market are known where the venue lists by market only."""

    def from_ms(self, now_ms: int) -> int:
        """From here on all markets are to be asked for. ``now_ms``: the exchange's clock, which by now is known."""
        if self._through_ms is None:
            self._since_ms = min(self._since_ms, now_ms - self._age_ms)
            return self._since_ms
        return max(self._since_ms, self._through_ms - FILLS_OVERLAP_MS)

    def again(self, now_s: float) -> dict[Symbol, int]:
        """Markets to be asked for by themselves now, each from which moment on. ``now_s``: monotonic."""
        return {symbol: gap.from_ms for symbol, gap in self._gaps.items() if gap.again_s <= now_s}

    def turn(self, now_ms: int, now_s: float, markets: tuple[Symbol, ...]) -> FillsNeeded:
        """The same where the venue lists by market only: those whose turn it is.

        Args:
            now_ms: the exchange's clock. now_s: monotonic. markets: that are known now.
        """
        since_ms = self.from_ms(now_ms)
        for symbol in markets:
            if symbol not in self._of_market_ms and symbol not in self._gaps:
                self._gaps[symbol] = _Gap(since_ms, _NEW, now_s)
        known = [symbol for symbol in self._of_market_ms if symbol not in self._gaps]
        covered = sorted(known, key=self._of_market_ms.__getitem__)
        due = list(self.again(now_s).items())[: _AT_ONCE - min(len(covered), _AT_ONCE // 2)]
        chosen = covered[: _AT_ONCE - len(due)]
        through_ms = min((self._of_market_ms[symbol] for symbol in chosen), default=now_ms)
        from_ms = max(self._since_ms, through_ms - FILLS_OVERLAP_MS)
        return FillsNeeded(from_ms, dict(due), tuple(chosen), markets)

    def loaded(
        self,
        report: FillsReport,
        again: Mapping[Symbol, FillsReport | str],
        *,
        from_ms: int,
        lag_ms: int,
        now_s: float,
    ) -> None:
        """Takes in what came of it.

        Args:
            again: of each market that was asked for by itself; a text says why there is nothing.
            from_ms: from where all were asked. lag_ms: what happened so long before an answer may be missing there.
        """
        through_ms = report.as_of_ms - lag_ms
        for symbol, answer in again.items():
            cause = answer if isinstance(answer, str) else _unreadable(answer).get(symbol)
            if cause is None:
                gap = self._gaps.pop(symbol, None)
                if report.markets is not None and gap is not None and not isinstance(answer, str):
                    self._of_market_ms[symbol] = max(answer.as_of_ms - lag_ms, gap.from_ms)
            elif symbol in self._gaps:
                gap = self._gaps[symbol]
                gap.pause_s = min(gap.pause_s * 2, _LONGEST_PAUSE_S)
                gap.cause, gap.again_s = cause, now_s + gap.pause_s
        for symbol, cause in _unreadable(report).items():
            if symbol not in self._gaps:
                self._gaps[symbol] = _Gap(from_ms, cause, now_s + _FIRST_PAUSE_S)
        if report.markets is None:
            self._through_ms = max(through_ms, self._through_ms or 0)
            return
        for symbol in sorted(report.markets, key=str):
            self._of_market_ms[symbol] = max(through_ms, self._of_market_ms.get(symbol, 0))
        for gap in self._gaps.values():
            if gap.cause == _NEW:
                gap.cause = _WAITS

    @property
    def complete_ms(self) -> int:
        """Up to here every fill of every market that is known is known."""
        through_ms = [self._since_ms if self._through_ms is None else self._through_ms]
        if self._of_market_ms:
            through_ms = list(self._of_market_ms.values())
        return min([max(self._since_ms, min(through_ms)), *(gap.from_ms for gap in self._gaps.values())])

    @property
    def asked_from_ms(self) -> int:
        """No question will be about fills before this."""
        return self.complete_ms - FILLS_OVERLAP_MS

    def causes(self) -> dict[Symbol, str]:
        """Markets whose fills are not all known, each with the cause."""
        return {symbol: gap.cause for symbol, gap in self._gaps.items() if gap.cause != _NEW}


def _unreadable(report: FillsReport) -> dict[Symbol, str]:
    return {
        row.symbol: f"its fill {row.item_id or 'without an id'} cannot be read: {row.reason}"
        for row in report.unreadable
        if row.symbol is not None
    }
