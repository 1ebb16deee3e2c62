"""How much base one contract of each market is: what turns sizes into quantities and back, exactly or not at all.

One table serves all clients of a venue. It is loaded before the first frame is read and with the rules of the markets;
a market that turns up between is asked for by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Final

import msgspec

from exchanges.base.environment import Clock
from exchanges.gateio.futures.symbols import to_symbol
from messages.errors import InvalidValueError, ProtocolError
from messages.symbol import Symbol
from messages.validation import ZERO, require_finite, require_positive

_EXACT: Final = Context(prec=200, traps=[Inexact, InvalidOperation, Overflow, DivisionByZero])
"""Refuses what it cannot calculate exactly."""
_ROUNDED: Final = Context(prec=200, traps=[InvalidOperation, Overflow, DivisionByZero])
_multiply: Final = _EXACT.multiply
_ASK_AGAIN_S: Final = 30.0
"""Before that a contract that the exchange does not know is not asked for again."""


class UnknownContractError(ProtocolError):
    """The size of this contract is not known yet, so nothing that counts in it can be read."""


class ContractSize(msgspec.Struct, frozen=True):
    """One market's contract.

    Attributes:
        multiplier: base of one contract, above zero. takes_fractions: sizes may have decimals.
    """

    symbol: Symbol
    multiplier: Decimal
    takes_fractions: bool = False

    def __post_init__(self) -> None:
        require_positive("quanto_multiplier", self.multiplier)

    def to_base(self, size: Decimal) -> Decimal:
        """A size in contracts as a quantity in base, of the same sign.

        Raises:
            ProtocolError: it is no number, or has more digits than can be multiplied exactly.
        """
        if not size.is_finite():
            raise ProtocolError("a size that is no number")
        try:
            return _multiply(size, self.multiplier)
        except (Inexact, Overflow):
            raise ProtocolError("a size that cannot be turned into base exactly") from None

    def to_contracts(self, quantity: Decimal) -> Decimal:
        """A quantity in base as contracts, of the same sign; never rounded.

        Raises:
            InvalidValueError: it is no whole number of contracts, or of those that take fractions no finite one.
        """
        require_finite("quantity", quantity)
        try:
            contracts = _ROUNDED.divide(quantity, self.multiplier)
            is_exact = _EXACT.multiply(contracts, self.multiplier) == quantity
            whole = contracts.to_integral_value(context=_ROUNDED)
        except (Inexact, InvalidOperation, Overflow):
            is_exact, whole, contracts = False, ZERO, ZERO
        if is_exact and contracts == whole:
            return whole
        if not is_exact or not self.takes_fractions:
            of = f"{self.multiplier:f} {self.symbol.base}, which is one contract of {self.symbol}"
            raise InvalidValueError("quantity", quantity, f"a multiple of {of}")
        return contracts.normalize(_ROUNDED)


Learn = Callable[[str | None], Awaitable[Iterable[tuple[str, ContractSize]]]]
"""Asks for all contracts, or for one that may not be there: names and sizes."""


class Contracts:
    """The table, by the exchange's names."""

    def __init__(self, learn: Learn, clock: Clock) -> None:
        self._learn = learn
        self._clock = clock
        self._sizes: dict[str, ContractSize] = {}
        self._missing: dict[str, None] = {}
        self._asked_s: dict[str, float] = {}
        self._lock = asyncio.Lock()

    def of(self, contract: str) -> ContractSize:
        """What one contract is.

        Raises:
            InvalidValueError: it is no name of a market of ours.
            UnknownContractError: not known yet; `learn_missing` will ask.
        """
        size = self._sizes.get(contract)
        if size is None:
            to_symbol(contract)
            self._missing[contract] = None
            raise UnknownContractError("a contract of which it is not known how much base it is")
        return size

    def update(self, sizes: Iterable[tuple[str, ContractSize]]) -> None:
        """Takes newer ones in."""
        for contract, size in sizes:
            self._sizes[contract] = size
            self._missing.pop(contract, None)

    async def ready(self) -> None:
        """Returns when the table has been loaded. Raises as queries do."""
        if self._sizes:
            return
        async with self._lock:
            if not self._sizes:
                self.update(await self._learn(None))

    async def learn_missing(self) -> bool:
        """Asks for contracts that were missed; whether one of them is known now. Raises as queries do."""
        if not self._missing:
            return False
        async with self._lock:
            found = False
            for contract in list(self._missing):
                now_s = self._clock.monotonic_s()
                del self._missing[contract]
                if contract in self._sizes:
                    found = True
                    continue
                if now_s - self._asked_s.get(contract, -_ASK_AGAIN_S) < _ASK_AGAIN_S:
                    continue
                self._asked_s[contract] = now_s
                self.update(await self._learn(contract))
                found = found or contract in self._sizes
            return found
