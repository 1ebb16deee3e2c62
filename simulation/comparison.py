"""When nothing new happens any more: does the program say what the exchange's books say, and is nothing left over?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pykka

from actors.journal import HistoryFilter, read_history
from exchanges.simulator.core.orders import Order as BookedOrder
from exchanges.simulator.core.other_program import OtherProgram
from messages.errors import TellerError
from messages.symbol import Symbol
from simulation.machine.second_program import SecondProgram
from simulation.options import Feature
from simulation.oracles.check import differences, journal_differences
from simulation.oracles.markets import symbol_of
from simulation.oracles.oracle import Oracle
from simulation.oracles.statistics import statistics_differences
from simulation.parts import Parts
from simulation.program import Program


class Comparison:
    """Of the accounts of one program with the books. What is wrong is told in sentences, as oracles tell it."""

    def __init__(
        self, parts: Parts, oracles: Sequence[Oracle], program: Program, second_program: SecondProgram | None
    ) -> None:
        self._parts = parts
        self._oracles = oracles
        self._program = program
        self._second_program = second_program

    async def differences(self) -> list[str]:
        """What is wrong now, and may become right within the time to settle."""
        parts = self._parts
        wrong: list[str] = []
        for name in parts.names:
            try:
                wrong += await self._differences_of(name)
            except TellerError as error:
                wrong.append(f"{name}: does not answer: {error}")
        for oracle in self._oracles:
            wrong += oracle.compare()
        wrong += [f"no answer to {what!r} yet" for what, reply in self._program.asked if not reply.done]
        return [each for each in wrong if not parts.long_fault.excuses(each, parts.exchange)]

    def differences_after_the_end(self, problems: Mapping[str, str]) -> Iterator[str]:
        """What is wrong when the program has ended in order. ``problems``: why orders could not be canceled, by
        account."""
        parts = self._parts
        gave_up = {journal.path.stem for journal in self._program.life.journals if journal.figures.lost}
        for name, problem in problems.items():
            if name not in gave_up:
                yield f"{name}: could not cancel all: {problem}"
        for name, problem in self._program.unwritten.items():
            if name not in gave_up:
                yield f"{name}: its journal could not be closed: {problem}"
        for name in parts.names:
            left = parts.exchange.engine.accounts[name].open_orders
            if left and name not in problems:
                yield f"{name}: {len(left)} orders are open after all were canceled"
            if name in gave_up:  # its next start asks the exchange for what it lacks
                continue
            yield from journal_differences(
                parts.exchange,
                name,
                parts.directory / f"{name}.sqlite",
                excused=self._need_not_be_known,
                keeps_all=parts.scenario.journal.keeps_all,
                texts_may_lack=self._texts_may_lack,
                fill_texts_may_lack=self._texts_may_lack,
                of_others=self._is_of_others,
                unaskable=parts.cannot_be_asked_for,
                before=self._was_before_the_program,
            )
        for oracle in self._oracles:
            yield from oracle.final()

    async def _differences_of(self, name: str) -> list[str]:
        parts, scenario = self._parts, self._parts.scenario
        account = self._program.system.account(name)
        snapshot = await account.snapshot()
        executed = {symbol: await account.executed_orders(symbol) for symbol in self._symbols_of(name)}
        stats = await account.get_trading_stats()
        wrong = list(
            statistics_differences(
                parts.exchange,
                stats,
                snapshot,
                executed,
                told=parts.told[name],
                log=parts.own_commands,
                life=self._program.life.number,
            )
        )
        if parts.told[name].unknown_markets:  # what is open there is not known, and so not counted
            wrong = [each for each in wrong if "open_orders_count" not in each]
        wrong += differences(
            parts.exchange,
            snapshot,
            tuple(order for orders in executed.values() for order in orders),
            parts.told[name],
            forgets=scenario.forgets,
            excused=self._need_not_be_known,
            reuses_ids=scenario.has(Feature.REUSED_IDS),
            texts_may_lack=self._texts_may_lack,
            fill_texts_may_lack=self._texts_may_lack,
            of_others=self._is_of_others,
            unaskable=parts.cannot_be_asked_for,
            before=self._was_before_the_program,
        )
        return wrong

    def _symbols_of(self, name: str) -> Iterable[Symbol]:
        """Markets that are traded, those on which others have traded on the account, or are said to have, and those in
        which it was asked for an order, perhaps in vain."""
        exchange, scenario = self._parts.exchange, self._parts.scenario
        orders = exchange.engine.accounts[name].orders.values()
        made_up = exchange.face.made_up.values()
        pairs = dict.fromkeys([*(order.pair for order in orders), *(row.pair for row in made_up)])
        others = (symbol_of(pair) for pair in pairs)
        told = (symbol for symbol, _ in self._parts.told[name].orders)
        return dict.fromkeys([*scenario.symbols, *(symbol for symbol in others if symbol is not None), *told])

    @property
    def _texts_may_lack(self) -> bool:
        """Whether the exchange may tell of an order, or of a fill that comes before it, without its text."""
        scenario = self._parts.scenario
        return scenario.has(Feature.MISSING_TEXTS) or scenario.has(Feature.ODD_ROWS)

    def _need_not_be_known(self, order: BookedOrder) -> bool:
        """Orders that ended while the program could not see them, or were lost with the power, and left nothing to find
        them by: no fill, or no market in which the exchange could be asked for them. Nor those of others that are known
        by their fills only, once the journal has dropped orders of that age: it takes them for some of these."""
        parts = self._parts
        if self._is_of_others(order) and self._is_taken_for_dropped(order):
            return True
        if symbol_of(order.pair) in parts.told[order.account].unknown_markets:  # the account says so
            return True
        if order.is_open or (order.filled_base and not parts.cannot_be_asked_for(order)):
            return False
        return self._is_of_others(order) or parts.may_have_lost(order)

    def _was_before_the_program(self, order: BookedOrder) -> bool:
        """Whether it is no order of the program's, and had ended when the first start began that was one to the end: an
        account begins with what is there. Or it is one of which the account could not learn, or no more."""
        if self._parts.is_gone_for_good(order) or (self._is_of_others(order) and self._parts.is_out_of_sight(order)):
            return True
        ran_from_s, last = self._program.ran_from_s, self._parts.history.states(order.account, order.id)[-1]
        has_ended = ran_from_s is not None and not last.is_open and last.at_s < ran_from_s
        return has_ended and self._is_of_others(order)

    def _is_taken_for_dropped(self, order: BookedOrder) -> bool:
        if order.is_open or not order.fills or self._parts.scenario.journal.keeps_all:
            return False
        path = self._parts.directory / f"{order.account}.sqlite"
        missing = read_history(path, HistoryFilter(limit=1, symbol=symbol_of(order.pair))).missing
        return any(each.what == "orders" and each.through_ms >= order.fills[-1].time_ms for each in missing)

    def _is_of_others(self, order: BookedOrder) -> bool:
        return is_of_others(order, self._second_program)


def is_of_others(order: BookedOrder, second: SecondProgram | None) -> bool:
    """Whether an order of the books is another program's, or of another hand."""
    return OtherProgram.placed(order) or (second is not None and second.placed(order))


def leftovers(parts: Parts) -> Iterator[str]:
    """What is still there when all has been stopped, in words, and what went wrong without anybody's noticing."""
    alive = sorted(ref.actor_class.__name__ for ref in pykka.ActorRegistry.get_all())
    if alive:
        yield f"actors left over: {', '.join(alive)}"
    names = sorted(name for task in parts.loop.unfinished() if (name := task.get_name()) != "main")
    if names:
        yield f"tasks left over: {', '.join(names)}"
    if parts.sockets.open:
        yield f"{len(parts.sockets.open)} sockets left open"
    yield from (f"reached nobody: {each}" for each in parts.loop.unhandled)
    yield from (f"fault of ours: {each}" for each in parts.trace.faults)
