"""The placings of an account: its commands, the requests that reached the exchange, and which came of which."""

from collections.abc import Iterable

from messages.commands import PlaceOrder
from simulation.oracles import wish_terms as terms
from simulation.oracles.book_history import CarriedOut
from simulation.oracles.command_log import CommandLog, FiledCommand
from simulation.oracles.matching import Matching, Request, Wanted, id_of_answer
from simulation.venues.wire import Action


class Placings:
    """Attributes:
    commands, requests: in the order of asking and of arriving. matching: of them.
    """

    def __init__(self, log: CommandLog, requests: Iterable[CarriedOut], account: str) -> None:
        """``requests``: all that the exchange was asked for."""
        self.commands = [
            Wanted(filed, terms.placed(filed.command), _text(filed, filed.command))
            for filed in log.of(account, PlaceOrder)
            if isinstance(filed.command, PlaceOrder)
        ]
        self.requests = [
            Request(done, terms.placed_on_wire(done.command), done.command.terms.get("text"))
            for done in requests
            if done.account == account and done.command.action is Action.PLACE
        ]
        self.matching = Matching(self.requests, self.commands)


def _text(filed: FiledCommand, command: PlaceOrder) -> str | None:
    own_id = command.client_order_id or id_of_answer(filed)
    return None if own_id is None else terms.text_of(filed.account, own_id)
