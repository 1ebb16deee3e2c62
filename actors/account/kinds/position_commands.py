"""Leverage, margin mode and closing of positions."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, TypeAlias

import structlog

from actors.account.context import AccountContext, Defer
from actors.account.funds.margin.funds import MarginFunds
from actors.account.intents import CERTAIN, Intent, Intents
from actors.account.kinds.margin_messages import PositionsAsked
from actors.account.kinds.margin_session import ask_for_positions, margin_rest
from actors.account.orders.commands import OrderCommands
from actors.runtime import Reply
from messages.errors import InvalidValueError, RefusalReason, UnresolvedOrderError, VenueRefusedError
from messages.perpetual import PerpetualInstrument
from messages.position import Position
from messages.position_commands import ClosePosition, SetLeverage, SetMarginMode
from messages.symbol import Symbol

Setting: TypeAlias = SetLeverage | SetMarginMode
_LONGEST_PAUSE_S: Final = 30.0
_log: Final = structlog.get_logger("teller.account")


class PositionCommands:
    """Only used inside the account's turns (R1)."""

    def __init__(
        self,
        context: AccountContext,
        funds: MarginFunds,
        intents: Intents,
        orders: OrderCommands,
        *,
        take_in: Callable[[Symbol, PositionsAsked], None],
    ) -> None:
        """``take_in``: joins the positions of a market as they were told."""
        self._context = context
        self._funds = funds
        self._intents = intents
        self._orders = orders
        self._take_in = take_in

    # -- closing ------------------------------------------------------------------------------------------------------

    def close(self, command: ClosePosition, defer: Defer) -> None:
        """Sends an order that closes the whole of a position; from there on it is an order like any other. It passes
        while the kill switch is engaged: it takes risk away.

        Raises:
            NotLiveError, UnknownMarketError, UnsupportedError, InvalidValueError, JournalError: refused here, nothing
            was sent.
        """
        context = self._context
        context.require_live()
        rest = margin_rest(context.require_rest())
        rest.capabilities.require_closing()
        context.require_market(command.symbol)
        self._orders.submit(command, rest.close_position, defer)

    # -- settings -----------------------------------------------------------------------------------------------------

    def set(self, command: Setting, defer: Defer) -> None:
        """Changes how a market's positions are held; answered with them as they are then. An answer that is lost is
        told as such and never sent again (R3): the exchange is asked when the request can no longer arrive; the journal
        tells how it ended.

        Raises:
            KillSwitchError, NotLiveError, UnknownMarketError, InvalidValueError, JournalError: refused here, nothing
            was sent.
        """
        context = self._context
        context.require_trading()
        rest = margin_rest(context.require_rest())
        _require_possible(command, context.require_market(command.symbol))
        self._intents.require_writable()
        sent_ms = context.server_now_ms()
        arrives_by_ms = context.latest_arrival_ms(sent_ms, expires=False)
        intent = self._intents.begin(command, arrives_by_ms)
        reply = defer()
        self._intents.track(reply, _NAMES[type(command)], None)
        context.io(
            "set_position",
            intent.then(lambda: _send(rest, command)),
            partial(self._done, command, intent, reply, sent_ms),
            partial(self._failed, command, intent, reply, arrives_by_ms),
        )

    def _done(
        self, command: Setting, intent: Intent, reply: Reply[Any], sent_ms: int, told: tuple[Position, ...]
    ) -> None:
        intent.ended()
        self._take_in(command.symbol, PositionsAsked(told, sent_ms, 0))
        reply.set(self._funds.positions.of(command.symbol))

    def _failed(
        self, command: Setting, intent: Intent, reply: Reply[Any], arrives_by_ms: int, error: Exception
    ) -> None:
        intent.ended(error)
        self._context.tell_trouble(error)
        if isinstance(error, CERTAIN):
            if isinstance(error, VenueRefusedError):
                self._context.figures.rejected += 1
            reply.set_error(error)
            return
        _log.warning("setting_unresolved", account=self._context.name, symbol=str(command.symbol), error=str(error))
        reply.set_error(UnresolvedOrderError(_NAMES[type(command)], None, str(error)))
        self.settle(intent, command, arrives_by_ms)

    def settle(self, intent: Intent, command: Setting, arrives_by_ms: int) -> None:
        """Finds out whether it has been done, also for one of an earlier life: asks the exchange until it answers, but
        not before the request can no longer arrive."""
        self._settle_later(intent, command, arrives_by_ms, self._context.settings.lookup_first_s)

    def _settle_later(self, intent: Intent, command: Setting, arrives_by_ms: int, pause_s: float) -> None:
        wait_ms = arrives_by_ms + self._context.query_lag_ms - self._context.server_now_ms()
        self._context.later(max(wait_ms / 1000, pause_s), partial(self._look, intent, command, arrives_by_ms, pause_s))

    def _look(self, intent: Intent, command: Setting, arrives_by_ms: int, pause_s: float) -> None:
        context = self._context
        longer_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        if context.rest is None or context.server_now_ms() <= arrives_by_ms + context.query_lag_ms:
            self._settle_later(intent, command, arrives_by_ms, longer_s)
            return

        def answered(asked: PositionsAsked) -> None:
            self._take_in(command.symbol, asked)
            intent.settled(happened=any(_shows(position, command) for position in asked.positions))

        def failed(error: Exception) -> None:
            context.tell_trouble(error)
            if isinstance(error, VenueRefusedError) and error.reason is RefusalReason.UNKNOWN_SYMBOL:
                intent.settled(happened=False, detail="the market is gone")
            else:
                self._settle_later(intent, command, arrives_by_ms, longer_s)

        rest = margin_rest(context.rest)
        context.io("ask_for_position", ask_for_positions(rest, command.symbol, context.server_now_ms), answered, failed)


_NAMES: Final = {SetLeverage: "setting the leverage", SetMarginMode: "setting the margin mode"}


def _send(rest: Any, command: Setting) -> Coroutine[Any, Any, tuple[Position, ...]]:
    sent: Coroutine[Any, Any, tuple[Position, ...]]
    sent = rest.set_leverage(command) if isinstance(command, SetLeverage) else rest.set_margin_mode(command)
    return sent


def _require_possible(command: Setting, instrument: object) -> None:
    """Raises `InvalidValueError` for a leverage that no risk tier of the market has."""
    if not isinstance(command, SetLeverage) or not isinstance(instrument, PerpetualInstrument):
        return
    low, high = instrument.min_leverage, instrument.max_leverage
    if not low <= command.leverage <= high:
        raise InvalidValueError("leverage", command.leverage, f"{low} to {high} for {command.symbol}")


def _shows(position: Position, command: Setting) -> bool:
    """Whether a position is as a command wanted it."""
    if position.margin_mode is not command.margin_mode:
        return False
    return not isinstance(command, SetLeverage) or position.leverage == command.leverage
