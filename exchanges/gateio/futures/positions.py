"""Gate's positions, money and ledger of a futures account to ours."""

from collections.abc import Mapping
from typing import Final

from exchanges.gateio.futures import wire
from exchanges.gateio.futures.contracts import Contracts
from exchanges.gateio.futures.symbols import SETTLE, to_symbol
from exchanges.gateio.futures.values import LARGEST, SMALLEST, exchange_id, finite, moment_ms
from messages.errors import ConfigurationError, InvalidValueError, ProtocolError
from messages.margin import LedgerEntry, LedgerKind, MarginBalance
from messages.position import MarginMode, Position, PositionMode, PositionSide
from messages.validation import ZERO

# A look-up in an Enum class costs more than one in a module.
_CROSS: Final = MarginMode.CROSS
_ISOLATED: Final = MarginMode.ISOLATED
_SIDES: Final[Mapping[str, PositionSide]] = {
    "single": PositionSide.NET,
    "dual_long": PositionSide.LONG,
    "dual_short": PositionSide.SHORT,
}
_MODES: Final[Mapping[str, PositionMode]] = {"single": PositionMode.ONE_WAY, "dual": PositionMode.HEDGE}
_MARGIN_MODES: Final[Mapping[str, MarginMode]] = {"cross": MarginMode.CROSS, "isolated": MarginMode.ISOLATED}
_ACCOUNT_MODES: Final[Mapping[int, str]] = {1: "multi-currency", 2: "portfolio", 3: "single-currency"}
_LEDGER_KINDS: Final[Mapping[str, LedgerKind]] = {
    "dnw": LedgerKind.TRANSFER,
    "cross_settle": LedgerKind.TRANSFER,
    "pnl": LedgerKind.REALIZED_PNL,
    "fee": LedgerKind.FEE,
    "refr": LedgerKind.REBATE,
    "fund": LedgerKind.FUNDING,
    "bonus_dnw": LedgerKind.BONUS,
    "bonus_offset": LedgerKind.BONUS,
}


def position(told: wire.Position, contracts: Contracts) -> Position:
    """A position by REST or socket.

    Raises:
        ProtocolError: it is held in a way that we do not know.
    """
    contract = contracts.of(told.contract)
    side = _SIDES.get(told.mode)
    if side is None:
        raise ProtocolError("a position in a mode that we do not know")
    size, leverage = told.size, told.leverage
    margin_mode = _MARGIN_MODES.get(told.pos_margin_mode)
    if margin_mode is None:
        margin_mode = _ISOLATED if leverage else _CROSS
    if not (SMALLEST < size < LARGEST and SMALLEST < told.margin < LARGEST and SMALLEST < told.realised_pnl < LARGEST):
        raise ProtocolError("a position with an amount beyond all amounts")
    # A price of 0 is none; `Position` refuses those below it, and whatever is no number.
    return Position(
        symbol=contract.symbol,
        quantity=contract.to_base(size),
        side=side,
        entry_price=(told.entry_price or None) if size else None,
        mark_price=told.mark_price or None,
        liquidation_price=told.liq_price or None,
        leverage=told.lever or leverage or told.cross_leverage_limit or None,
        margin_mode=margin_mode,
        margin=told.margin,
        maintenance_margin=told.maintenance_margin,
        unrealized_pnl=told.unrealised_pnl,
        realized_pnl=told.realised_pnl,
        risk_limit=told.risk_limit,
        update_id=told.update_id,
        updated_ms=moment_ms(told.time_ms or told.update_time or told.time),
    )


def position_mode(account: wire.Account) -> PositionMode:
    """How the account holds positions.

    Raises:
        ConfigurationError: in a way that we do not support, or its margin is not that of a classic account.
    """
    if account.margin_mode != 0:
        name = _ACCOUNT_MODES.get(account.margin_mode, str(account.margin_mode))
        raise ConfigurationError(f"the futures account is in {name} margin mode: only classic accounts are supported")
    word = account.position_mode or ("dual" if account.in_dual_mode else "single")
    mode = _MODES.get(word)
    if mode is None:
        raise ConfigurationError(f"the futures account is in position mode {word}: set it to single or dual")
    return mode


def margin_balance(account: wire.Account, as_of_ms: int) -> MarginBalance:
    """The account's money. Of amounts that Gate tells in an older and in newer fields the greater one counts."""
    in_positions = (account.cross_initial_margin or ZERO) + (account.isolated_position_margin or ZERO)
    maintenance = [each for each in (account.maintenance_margin, account.cross_maintenance_margin) if each is not None]
    return MarginBalance(
        currency=account.currency.upper(),
        wallet_balance=finite("total", account.total),
        available=finite("available", account.available),
        unrealized_pnl=finite("unrealised_pnl", account.unrealised_pnl or account.cross_unrealised_pnl or ZERO),
        position_margin=finite("position_margin", max(account.position_margin or ZERO, in_positions)),
        order_margin=finite("order_margin", max(account.order_margin, account.cross_order_margin or ZERO)),
        maintenance_margin=max(maintenance) if maintenance else None,
        updated_ms=as_of_ms,
    )


def ledger_entry(row: wire.LedgerRow) -> LedgerEntry:
    """A change of the wallet; the market is that of ``contract``, or what stands before the ":" of ``text``."""
    name, _, reference = row.text.partition(":")
    try:
        symbol = to_symbol(row.contract or name)
    except InvalidValueError:
        symbol = None
    return LedgerEntry(
        currency=row.currency.upper() or SETTLE,
        kind=_LEDGER_KINDS.get(row.type, LedgerKind.OTHER),
        amount=finite("change", row.change),
        balance=finite("balance", row.balance),
        venue_kind=row.type,
        symbol=symbol,
        reference=reference if symbol is not None else "",
        entry_id="" if row.id is None else exchange_id(row.id),
        time_ms=moment_ms(row.time_ms or row.time),
    )
