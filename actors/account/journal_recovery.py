"""What an account takes up from its journal when it starts, and leaves there for its next life (R4)."""

from collections.abc import Callable
from typing import Final, TypeAlias

import structlog

from actors.account.context import AccountContext
from actors.account.funds.withdrawals import Withdrawals
from actors.account.intents import Intent, Intents
from actors.account.orders.commands import OrderCommands
from actors.account.orders.lost_changes import shows
from actors.account.orders.mass_cancel import MassCancels
from actors.account.orders.reconciler import OrderReconciler
from actors.account.state import OrderKey
from actors.journal import FILLS_OVERLAP_MS, IntentCommand, Journal, OpenIntent, Placing
from messages.commands import AmendOrder, CancelAll, CancelOrder, CancelWithdrawal, Withdraw
from messages.enums import OrderStatus
from messages.order import Order

_log: Final = structlog.get_logger("teller.account")
_CLOCK_ERROR_MS: Final = 60_000
_LONGEST_PATIENCE_MS: Final = 3_600_000
"""No order was let be on its way for longer."""
KILL_SWITCH: Final = "kill_switch"
"""The key in the journal's state under which the reason is kept while the kill switch is engaged."""


_FILLS_FROM: Final = "fills_from_ms"
"""The key under which the first moment is kept from which on fills were asked for."""


SettleOther: TypeAlias = Callable[[Intent, IntentCommand, int], None]
"""Finds out how a command of an earlier life ended; after the last value, unix milliseconds of the exchange's clock, it
can no longer arrive."""


class JournalRecovery:
    """Reads the journal into the state; afterwards has every intent settled that an earlier life left open."""

    def __init__(
        self,
        journal: Journal,
        context: AccountContext,
        *,
        intents: Intents,
        reconciler: OrderReconciler,
        orders: OrderCommands,
        mass_cancels: MassCancels,
        withdrawals: Withdrawals,
        settle_other: SettleOther | None = None,
    ) -> None:
        """``settle_other``: for commands that only accounts of this kind have; None: there are none."""
        self._journal = journal
        self._context = context
        self._intents = intents
        self._reconciler = reconciler
        self._orders = orders
        self._mass_cancels = mass_cancels
        self._withdrawals = withdrawals
        self._settle_other = settle_other
        self._open_intents: tuple[OpenIntent, ...] = ()

    async def restore(self, now_ms: int) -> int:
        """Returns the time (unix milliseconds) from which on fills may be unknown: ``now_ms`` for a new journal, the
        beginning of one that has lost, or never had, what was known since (R14).

        Raises:
            JournalError: the journal cannot be read.
        """
        context, journal = self._context, self._journal
        remembered = await journal.recall(executed_limit=context.settings.executed_limit)
        for memory in remembered.symbols:
            for order in context.state.restore(memory):
                context.tell_order(order)
        for intent in remembered.open_intents:
            command = intent.command
            if isinstance(command, Placing) and intent.order is None:
                context.state.restore_unresolved(command.as_order(OrderStatus.UNRESOLVED))
                context.state.orders.hold(command.symbol, None, command.client_order_id)  # until it is asked about
                arrives_by_ms = self._arrives_by_ms(intent)
                since_ms = self._since_ms(intent, arrives_by_ms)
                self._reconciler.sent_before(
                    str(command.client_order_id), since_ms=since_ms, arrives_by_ms=arrives_by_ms
                )
        self._open_intents = remembered.open_intents
        context.kill_switch = journal.get_state(KILL_SWITCH)
        self._take_up_cancels()
        _log.info(
            "journal_recalled",
            account=context.name,
            orders=remembered.orders_count,
            fills=remembered.fills_count,
            open_intents=len(remembered.open_intents),
        )
        through_ms = journal.fills_through_ms
        if through_ms is not None:
            return through_ms - FILLS_OVERLAP_MS
        asked_from_ms = journal.get_state(_FILLS_FROM)
        return min(now_ms, journal.began_ms if asked_from_ms is None else int(asked_from_ms))

    def _arrives_by_ms(self, intent: OpenIntent) -> int:
        if intent.arrives_by_ms is not None:
            return intent.arrives_by_ms
        return intent.made_ms + self._context.settings.unresolved_patience_ms  # filed by an older version

    def _take_up_cancels(self) -> None:
        """Mass cancels go on as soon as there is a connection, before anything else is asked (R13)."""
        placings: list[Placing] = []
        for found in self._open_intents:
            if isinstance(found.command, Placing):
                placings.append(found.command)
            elif isinstance(found.command, CancelAll):
                intent = self._intents.found(found.intent_id)
                before_ms = self._arrives_by_ms(found)
                self._mass_cancels.take_up(found.command, intent, before_ms, tuple(placings), found.later_ids)

    def _since_ms(self, intent: OpenIntent, arrives_by_ms: int) -> int:
        """When it was decided on at the earliest, by the exchange's clock: the earlier life's clock may have been
        wrong by much, and its settings other than ours."""
        patience_ms = self._context.settings.unresolved_patience_ms
        likely_ms = min(intent.made_ms, arrives_by_ms - patience_ms) - _CLOCK_ERROR_MS
        return max(likely_ms, arrives_by_ms - _LONGEST_PATIENCE_MS)

    def settle_open_intents(self) -> None:
        """Asks the exchange how the commands ended whose end the earlier life did not see; once, with the first
        snapshot. The account is not live before the exchange has been asked about the orders among them (R6); one that
        may still turn up then is UNRESOLVED until that is settled, too."""
        open_intents, self._open_intents = self._open_intents, ()
        for found in open_intents:
            intent, command = self._intents.found(found.intent_id), found.command
            match command:
                case _ if isinstance(command, Placing):
                    order_key = OrderKey(command.symbol, None, command.client_order_id)
                    known = found.order or self._context.state.find(order_key)
                    if known is not None and known.order_id is not None:
                        intent.settled(happened=True)
                    else:
                        self._orders.settle(intent, order_key)
                    if found.order is None:
                        self._context.state.orders.release(command.symbol, None, command.client_order_id)
                case CancelOrder() | AmendOrder() if _has_ended(found.order):
                    # The exchange may have forgotten it by now, and its record may not be in memory.
                    intent.settled(happened=found.order is not None and shows(found.order, command))
                case CancelOrder() | AmendOrder():
                    self._orders.settle_change(intent, command, self._arrives_by_ms(found))
                case Withdraw():
                    self._withdrawals.settle(intent, command, self._arrives_by_ms(found))
                case CancelWithdrawal():
                    self._withdrawals.settle_cancel(intent, command, self._arrives_by_ms(found))
                case CancelAll():
                    pass  # goes on since the start
                case _:
                    self._settle_of_this_kind(intent, command, self._arrives_by_ms(found))

    def _settle_of_this_kind(self, intent: Intent, command: IntentCommand, arrives_by_ms: int) -> None:
        if self._settle_other is None:
            raise TypeError(f"{type(command).__name__} is no command of this kind of account")
        self._settle_other(intent, command, arrives_by_ms)

    def fills_asked(self, from_ms: int) -> None:
        """Fills are asked for from here on, by the exchange's clock, which is known by now. A journal without any says
        by our own clock when it began: were we killed before the answer, what that is ahead would be missing."""
        journal = self._journal
        if journal.fills_through_ms is None and from_ms < journal.began_ms and journal.get_state(_FILLS_FROM) is None:
            journal.set_state(_FILLS_FROM, str(from_ms))

    def fills_loaded(self, through_ms: int) -> None:
        """Every fill up to here is known."""
        self._journal.record_fills_through(through_ms)

    def kill_switch_changed(self) -> None:
        """Survives the process, unless the journal cannot be written: the switch holds all the same."""
        try:
            self._journal.set_state(KILL_SWITCH, self._context.kill_switch)
        except Exception as error:
            _log.error("kill_switch_not_in_journal", account=self._context.name, error=str(error))


def _has_ended(order: Order | None) -> bool:
    """Whether the exchange itself has said so."""
    return order is not None and order.is_finished and not order.is_inferred
