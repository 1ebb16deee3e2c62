"""Gate's queries and commands about positions and money of a futures account (REST manual, futures)."""

from collections.abc import Hashable
from typing import Final

from exchanges.base.clients import BalancesReport, FeeRates, KeyPermissions
from exchanges.base.futures_clients import LedgerReport, MarginReport, PositionsReport
from exchanges.base.json_reader import Reader
from exchanges.base.rows import RowReader
from exchanges.gateio import limits as shared_limits
from exchanges.gateio.futures import bodies, limits, positions, wire
from exchanges.gateio.futures.account_queries import AccountQueries, rows_of
from exchanges.gateio.futures.contracts import Contracts
from exchanges.gateio.futures.settings import PREFIX
from exchanges.gateio.futures.symbols import to_contract, to_symbol
from exchanges.gateio.futures.values import plain
from exchanges.gateio.rest import GateioRest, single
from messages.balance import Balance
from messages.errors import RefusalReason, VenueRefusedError
from messages.margin import LedgerEntry, LedgerKind
from messages.position import MarginMode, Position, PositionMode, PositionSide
from messages.position_commands import SetLeverage, SetMarginMode
from messages.symbol import Symbol
from messages.validation import ZERO

_read_account: Final = Reader[wire.Account](wire.Account).read
_read_positions: Final = Reader[wire.Position | list[wire.Position]](wire.Position | list[wire.Position]).read
_read_fees: Final = Reader[dict[str, wire.FeeRate]](dict[str, wire.FeeRate]).read
_read_detail: Final = Reader[wire.AccountDetail](wire.AccountDetail).read
_LEDGER: Final = RowReader(wire.LedgerRow, positions.ledger_entry, to_symbol=to_symbol, market="contract")


class PositionRest(AccountQueries):
    """Of `exchanges.base.futures_clients.FuturesPrivateRest`: positions, margin, ledger, and who the account is."""

    def __init__(self, rest: GateioRest, contracts: Contracts) -> None:
        super().__init__(rest, contracts)
        self._positions = rows_of(wire.Position, lambda told: positions.position(told, contracts), item_id="contract")

    async def load_margin(self) -> MarginReport:
        """Balances and position mode.

        Raises:
            ConfigurationError: the account is in a mode that we do not support; names it.
        """
        account, as_of_ms = await self._load_account("load_margin")
        mode = positions.position_mode(account)
        return MarginReport((positions.margin_balance(account, as_of_ms),), mode, as_of_ms)

    async def load_balances(self) -> BalancesReport:
        """What is available, and as locked what positions and orders tie up."""
        account, as_of_ms = await self._load_account("load_balances")
        margin = positions.margin_balance(account, as_of_ms)
        locked = max(margin.margin_used, ZERO)
        balance = Balance(currency=margin.currency, available=margin.available, locked=locked, updated_ms=as_of_ms)
        return BalancesReport((balance,), as_of_ms)

    async def load_ledger(
        self, *, kind: LedgerKind | None = None, from_ms: int | None = None, to_ms: int | None = None
    ) -> LedgerReport:
        """Changes of the wallet, newest first."""
        history, as_of_ms = await self._read_history(
            "load_ledger",
            f"{PREFIX}/account_book",
            () if kind is None else (("type", bodies.ledger_type(kind)),),
            _LEDGER.read,
            _entry_key,
            span=(from_ms, to_ms),
        )
        newest_first = sorted(history.found.values(), key=lambda entry: entry.time_ms, reverse=True)
        return LedgerReport(tuple(newest_first), as_of_ms, self._noted("load_ledger", history.unreadable))

    async def load_fee_rates(self, symbol: Symbol) -> FeeRates:
        """The account's own rates in this market."""
        contract = to_contract(symbol)

        def rates(fees: dict[str, wire.FeeRate]) -> FeeRates:
            if contract not in fees:
                raise VenueRefusedError(RefusalReason.UNKNOWN_SYMBOL, "CONTRACT_NOT_FOUND", f"no fees of {contract}")
            return FeeRates(maker=fees[contract].maker_fee, taker=fees[contract].taker_fee)

        fees = await self._rest.query(
            "load_fee_rates",
            f"{PREFIX}/fee",
            _read_fees,
            scope=limits.endpoint("GET fee"),
            query=(("contract", contract),),
        )
        return rates(fees)

    async def load_key_permissions(self) -> KeyPermissions:
        """Which account the key belongs to, and what it is limited to; the markets that are told are those of spot."""
        return await self._rest.query(
            "load_key_permissions",
            "/account/detail",
            single(_read_detail, lambda detail: KeyPermissions(str(detail.user_id), (), tuple(detail.ip_whitelist))),
            scope=shared_limits.ACCOUNT_DETAIL,
        )

    async def user_id(self) -> str:
        """The exchange's number of the account, which private subscriptions name."""
        account, _ = await self._load_account("load_user_id")
        return str(account.user)

    async def _load_account(self, operation: str) -> tuple[wire.Account, int]:
        return await self._rest.query_as_of(
            operation,
            f"{PREFIX}/accounts",
            lambda body, as_of_ms: (_read_account(body), as_of_ms),
            scope=limits.endpoint("GET accounts"),
        )

    async def load_positions(self) -> PositionsReport:
        """Every position that there is, or an error (R6).

        Raises:
            ListChangedError: the list changed too fast.
        """
        whole = await self._read_whole(
            "load_positions",
            f"{PREFIX}/positions",
            (("holding", "true"),),
            self._positions.read,
            lambda position: (position.symbol, position.side),
        )
        return PositionsReport(whole.items, whole.as_of_ms, whole.unreadable)

    async def load_position(self, symbol: Symbol) -> tuple[Position, ...]:
        """Those of one market: one, or in hedge mode two. Empty where the exchange says that there never was one."""
        contract = to_contract(symbol)
        mode = (await self.load_margin()).position_mode
        await self._contracts.ready()
        try:
            return await self._rest.query(
                "load_position",
                f"{_positions_of(mode)}/{contract}",
                self._read_positions,
                scope=limits.endpoint("GET positions/{contract}"),
            )
        except VenueRefusedError as error:
            if error.label == "POSITION_NOT_FOUND":
                return ()
            raise

    async def set_position_mode(self, mode: PositionMode) -> None:
        """Refused by the exchange while there are positions or open orders; quiet where it is so already."""
        if (await self.load_margin()).position_mode is mode:
            return
        await self._rest.change(
            "set_position_mode",
            "POST",
            f"{PREFIX}/dual_mode",
            _read_account,
            scope=limits.endpoint("POST dual_mode"),
            query=(("dual_mode", "true" if mode is PositionMode.HEDGE else "false"),),
        )

    async def set_leverage(self, command: SetLeverage) -> tuple[Position, ...]:
        """Leverage and margin mode at once, by query parameters; the older request guesses the mode from both."""
        await self._contracts.ready()
        query = [("leverage", plain(command.leverage)), ("margin_mode", command.margin_mode.value)]
        dual_side = bodies.dual_side(command.position_side)
        if dual_side is not None:
            query.append(("dual_side", dual_side))
        return await self._rest.change(
            "set_leverage",
            "POST",
            f"{PREFIX}/positions/{to_contract(command.symbol)}/set_leverage",
            self._read_positions,
            scope=limits.endpoint("POST positions/{contract}/set_leverage"),
            query=query,
        )

    async def set_margin_mode(self, command: SetMarginMode) -> tuple[Position, ...]:
        """Of the position, or in hedge mode of both."""
        await self._contracts.ready()
        is_dual = command.position_side is not PositionSide.NET
        word = "CROSS" if command.margin_mode is MarginMode.CROSS else "ISOLATED"
        return await self._rest.change(
            "set_margin_mode",
            "POST",
            f"{_positions_of(PositionMode.HEDGE if is_dual else PositionMode.ONE_WAY)}/cross_mode",
            self._read_positions,
            scope=limits.endpoint("POST positions/cross_mode"),
            body=wire.MarginModeBody(mode=word, contract=to_contract(command.symbol)),
        )

    def _read_positions(self, body: bytes) -> tuple[Position, ...]:
        """One position, or a list of them."""
        told = _read_positions(body)
        rows = told if isinstance(told, list) else [told]
        return tuple(positions.position(row, self._contracts) for row in rows)


def _positions_of(mode: PositionMode) -> str:
    """Where positions are asked for in each mode (REST manual, positions in dual mode)."""
    return f"{PREFIX}/positions" if mode is PositionMode.ONE_WAY else f"{PREFIX}/dual_comp/positions"


def _entry_key(entry: LedgerEntry) -> Hashable:
    """Rows without an id are told apart by all that they say."""
    return entry.entry_id or entry
