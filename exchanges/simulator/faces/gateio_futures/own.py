"""What all groups of futures endpoints are made with."""

from typing import Final

from exchanges.simulator.core.futures.contracts import SETTLEMENT
from exchanges.simulator.core.futures.services import FuturesServices
from exchanges.simulator.core.orders import Fill
from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.gateio.calls import Call
from exchanges.simulator.faces.gateio.errors import GateError
from exchanges.simulator.faces.gateio_futures import render, render_public

FUTURES: Final = "/futures/usdt"
"""Before every path: contracts that are settled in USDT."""


def futures_of(services: Services) -> FuturesServices:
    """Returns what an exchange of contracts has beside the rest. Raises ``TypeError`` on one of spot."""
    if services.futures is None:
        raise TypeError("this face is for an exchange of contracts")
    return services.futures


class Futures:
    """One group of endpoints."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.futures = futures_of(services)
        self.engine = self.futures.engine

    def user_id(self, call: Call) -> int:
        """Returns the number of the account that asks. Raises ``GateError`` when it never had anything here."""
        record = self.engine.accounts[call.owner]
        if SETTLEMENT not in self.engine.ledger.balances(call.owner):
            raise GateError("USER_NOT_FOUND", "please transfer funds first to create futures account")
        return record.user_id

    def ticker(self, pair: str) -> render.Json:
        """Returns the ticker of a contract."""
        market, rules = self.engine.market(pair), self.engine.contract(pair)
        rate = self.engine.prices.funding_rate(rules, self.engine.now_ms())
        return render_public.ticker(market, rules, self.services.histories.day(pair), self.engine, rate)

    def text_of(self, fill: Fill) -> str:
        """Returns the text of a fill: that of its order."""
        order = self.engine.accounts[fill.account].orders.get(fill.order_id)
        return fill.text if order is None else render.shown_text(order)
