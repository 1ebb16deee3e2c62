"""What the exchange's answers said when they arrived.

A refusal that an asker is told of must have been one of them; only an answer says what a cancel of all has ended.
"""

from collections.abc import Callable, Mapping

import msgspec

from exchanges.base.transport import HttpResponse, HttpTransport
from simulation.venues.wires import wire_of


class Refusal(msgspec.Struct, frozen=True):
    """One answer that was no success. ``label``: in upper case; empty where there was none that can be read."""

    at_s: float
    status: int
    label: str


class Delivered:
    """A transport that keeps what another one brings: refusals, and when the answers to cancels of all came."""

    def __init__(self, inner: HttpTransport, names: Mapping[str, str], now_s: Callable[[], float]) -> None:
        """``names``: of accounts by their keys. ``now_s``: virtual seconds."""
        self._inner = inner
        self._names = names
        self._now_s = now_s
        self._refusals: dict[str, list[Refusal]] = {}
        self._cancels_of_all: dict[str, list[float]] = {}

    def refusals(self, account: str, from_s: float, to_s: float) -> list[Refusal]:
        """The refusals that have reached the account in the span, both ends included."""
        return [each for each in self._refusals.get(account, ()) if from_s <= each.at_s <= to_s]

    def has_told_of_all(self, account: str, from_s: float, to_s: float) -> bool:
        """Whether an answer to a cancel of all has reached the account in the span, both ends included."""
        return any(from_s <= at_s <= to_s for at_s in self._cancels_of_all.get(account, ()))

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> HttpResponse:
        response = await self._inner.request(method, url, headers=headers, body=body, timeout_s=timeout_s)
        account = next((self._names[key] for key in headers.values() if key in self._names), None)
        if account is not None and not 200 <= response.status < 300:
            refusal = Refusal(self._now_s(), response.status, wire_of(account).label_of(response.body))
            self._refusals.setdefault(account, []).append(refusal)
        elif account is not None and wire_of(account).cancels_all(method, url) and _is_list(response.body):
            self._cancels_of_all.setdefault(account, []).append(self._now_s())
        return response

    async def close(self) -> None:
        await self._inner.close()


def _is_list(body: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(body), list)
    except msgspec.DecodeError:
        return False  # nobody could read what it told
