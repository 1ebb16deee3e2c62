"""R13 of cancel-all: an order that was told to an account before a cancel of everything does not outlive that."""

from collections.abc import Callable, Iterable, Iterator

from exchanges.simulator import Exchange
from exchanges.simulator.core.orders import Order as BookedOrder
from messages.commands import CancelAll, PlaceOrder
from simulation.oracles.check import client_id_of
from simulation.oracles.command_log import CommandLog, FiledCommand
from simulation.oracles.matching import id_of_answer
from simulation.oracles.oracle import Oracle


class CancelsAll(Oracle):
    """Looks, a while after each cancel-all was answered as done, whether an order placed before it is still open."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        log: CommandLog,
        names: Iterable[str],
        now_s: Callable[[], float],
        bound_s: float,
    ) -> None:
        """``bound_s``: the while, in virtual seconds."""
        self._exchange = exchange
        self._log = log
        self._names = tuple(names)
        self._now_s = now_s
        self._bound_s = bound_s
        self._judged: set[int] = set()

    def look(self) -> Iterator[str]:
        now_s = self._now_s()
        for name in self._names:
            placed: dict[str, FiledCommand] | None = None
            for filed in self._log.of(name, CancelAll):
                if filed.number in self._judged or filed.answered_s is None:
                    continue
                if filed.error is not None or now_s - filed.answered_s > self._bound_s:
                    self._judged.add(filed.number)
                if filed.error is None and now_s - filed.answered_s > self._bound_s:
                    placed = self._placed(name) if placed is None else placed
                    yield from self._survivors(name, filed, placed)

    def _placed(self, name: str) -> dict[str, FiledCommand]:
        """The placing of each order, by the client id that was given or answered."""
        placed: dict[str, FiledCommand] = {}
        for filed in self._log.of(name, PlaceOrder):
            assert isinstance(filed.command, PlaceOrder)
            own_id = filed.command.client_order_id or id_of_answer(filed)
            if own_id is not None and not filed.was_not_sent:
                placed[own_id] = filed
        return placed

    def _survivors(self, name: str, cancel: FiledCommand, placed: dict[str, FiledCommand]) -> Iterator[str]:
        assert isinstance(cancel.command, CancelAll), "only those are judged"
        for order in self._exchange.engine.accounts[name].open_orders.values():
            placing = placed.get(client_id_of(order) or "")
            if placing is None or placing.number > cancel.number or not _is_in_scope(order, cancel.command):
                continue
            yield (
                f"{name}: order {order.id}, told at {placing.asked_s:.3f} s, has outlived the cancel of all told "
                f"at {cancel.asked_s:.3f} s (R13)"
            )


def _is_in_scope(order: BookedOrder, command: CancelAll) -> bool:
    pair = None if command.symbol is None else f"{command.symbol.base}_{command.symbol.quote}"
    return pair in {None, order.pair} and (command.side is None or command.side.value == order.side.value)
