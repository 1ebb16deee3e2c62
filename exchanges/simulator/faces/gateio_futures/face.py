"""Gate's face of USDT perpetuals: signatures, errors, sockets and faults of Gate's face, endpoints and channels of its
own."""

from collections.abc import Collection, Iterator
from typing import ClassVar

from exchanges.simulator.core.delay import Latency
from exchanges.simulator.core.retention import Retention
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.venue_rules import VenueRules
from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint
from exchanges.simulator.faces.gateio.channels import ChannelSet
from exchanges.simulator.faces.gateio.face import GateFace, own_text
from exchanges.simulator.faces.gateio.feeds import Feeds
from exchanges.simulator.faces.gateio.odd_lists import OddLists
from exchanges.simulator.faces.gateio.rest import GateRest
from exchanges.simulator.faces.gateio.wallet import Wallet
from exchanges.simulator.faces.gateio_futures.channels import FUTURES_CHANNELS, PRIVATE, PUBLIC
from exchanges.simulator.faces.gateio_futures.feeds import FuturesFeeds
from exchanges.simulator.faces.gateio_futures.ids import order_id, order_number
from exchanges.simulator.faces.gateio_futures.odd_lists import FuturesOddLists
from exchanges.simulator.faces.gateio_futures.orders import Orders
from exchanges.simulator.faces.gateio_futures.own import futures_of
from exchanges.simulator.faces.gateio_futures.positions import Positions
from exchanges.simulator.faces.gateio_futures.price_orders import PriceOrders
from exchanges.simulator.faces.gateio_futures.public import Public
from exchanges.simulator.faces.gateio_futures.sizes import sized
from exchanges.simulator.faces.gateio_futures.words import LABELS
from exchanges.simulator.faces.naming import Naming

SHARED_PATHS = ("/account/detail",)
"""Of the wallet: who the user is."""
# REST manual, changes of March 2026: gone by text after a minute and by id after ten, unless something was filled
KEPT = Retention(text_kept_s=60, unfilled_cancel_kept_s=600, filled_texts_stay=True)


def futures_endpoints(services: Services) -> Iterator[Endpoint]:
    """Yields what the face of futures answers."""
    for group in (Public, Orders, Positions, PriceOrders):
        yield from group(services).endpoints()
    yield from (endpoint for endpoint in Wallet(services).endpoints() if endpoint.path in SHARED_PATHS)


class FuturesRest(GateRest):
    """Answers with sizes in the form that the request wants."""

    def endpoint(self, method: str, path: str) -> tuple[Endpoint, str]:
        """Returns the endpoint as ``GateRest`` does; the settlement currency may be in capitals, as some clients write
        it. Raises ``GateError``."""
        group, settlement, rest = [*path.split("/", 3)[1:], "", "", ""][:3]
        return super().endpoint(method, f"/{group}/{settlement.lower()}/{rest}" if group == "futures" else path)

    def perform(self, endpoint: Endpoint, call: Call) -> Answer:
        """Lets the endpoint answer a call that was counted. Raises ``GateError`` or ``RefusedError``."""
        answer = super().perform(endpoint, call)
        return Answer(sized(answer.value, decimal=call.decimal_sizes), answer.status, answer.headers)


class GateFuturesFace(GateFace):
    """`exchanges.simulator.faces.face.Face`: an exchange of contracts as Gate's clients see it."""

    name: ClassVar[str] = "gateio_futures"
    socket_path: ClassVar[str] = "/v4/ws/futures/usdt"  # as on the venue's test host: clients tell products by it
    venue_rules: ClassVar[VenueRules] = VenueRules(trades_contracts=True, retention=KEPT)
    naming: ClassVar[Naming] = Naming(order_id=order_id, order_number=order_number, client_id=own_text)
    channels: ClassVar[Collection[str]] = PRIVATE | PUBLIC
    channel_set: ClassVar[ChannelSet] = FUTURES_CHANNELS

    def _parts(self, services: Services, latency: Latency) -> tuple[OddLists, GateRest, Feeds]:
        odd_lists = FuturesOddLists(services)
        rest = FuturesRest(services, odd_lists, futures_endpoints(services), LABELS)
        feeds = FuturesFeeds(services, latency, odd_lists)
        futures_of(services).watch.watchers.append(feeds.touch_tickers)
        return odd_lists, rest, feeds
