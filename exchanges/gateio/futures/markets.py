"""Gate's rules and prices of perpetuals to ours."""

from decimal import Decimal
from typing import Final

from exchanges.gateio.futures import wire
from exchanges.gateio.futures.contracts import Contracts, ContractSize
from exchanges.gateio.futures.symbols import to_symbol
from exchanges.gateio.futures.values import above_zero, finite, level, moment_ms, optional
from messages.market import BookTicker
from messages.perpetual import MarkPrice, PerpetualInstrument, RiskTier
from messages.validation import ZERO

_ONE: Final = Decimal(1)


def book_ticker(ticker: wire.BookTickerResult, contracts: Contracts) -> BookTicker:
    """Best bid and ask by socket, quantities in base; an empty side has None."""
    contract = contracts.of(ticker.s)
    return BookTicker(
        symbol=contract.symbol,
        bid=level("b", ticker.b) if ticker.b else None,
        bid_quantity=contract.to_base(level("B", ticker.B)) if ticker.b else None,
        ask=level("a", ticker.a) if ticker.a else None,
        ask_quantity=contract.to_base(level("A", ticker.A)) if ticker.a else None,
        update_id=ticker.u,
        time_ms=moment_ms(ticker.t),
    )


def top_of_book(contract: ContractSize, book: wire.OrderBook) -> BookTicker:
    """Best bid and ask out of an order book, quantities in base."""
    bid = book.bids[0] if book.bids else None
    ask = book.asks[0] if book.asks else None
    return BookTicker(
        symbol=contract.symbol,
        bid=None if bid is None else level("bid", bid.p),
        bid_quantity=None if bid is None else contract.to_base(level("bid size", bid.s)),
        ask=None if ask is None else level("ask", ask.p),
        ask_quantity=None if ask is None else contract.to_base(level("ask size", ask.s)),
        update_id=book.id,
        time_ms=moment_ms(book.update),
    )


def mark_price(ticker: wire.Ticker, time_ms: int) -> MarkPrice:
    """Mark, index and funding of a market; tickers carry no time of their own."""
    return MarkPrice(
        symbol=to_symbol(ticker.contract),
        mark_price=finite("mark_price", ticker.mark_price),
        index_price=above_zero("index_price", ticker.index_price),
        last_price=above_zero("last", ticker.last),
        funding_rate=optional("funding_rate", ticker.funding_rate),
        time_ms=time_ms,
    )


def contract_size(contract: wire.Contract) -> ContractSize:
    """How much base a contract is; `InvalidValueError` for an inverse one, of which the multiplier is 0."""
    return ContractSize(to_symbol(contract.name), contract.quanto_multiplier, contract.enable_decimal)


def instrument(contract: wire.Contract) -> PerpetualInstrument:
    """The rules of a market, in base.

    Gate publishes no step for sizes with decimals: the smallest size, where there is one below a whole contract, is
    taken for it, and otherwise the whole contract. A market that a circuit breaker holds counts as open: that ends by
    itself.
    """
    size = contract_size(contract)
    smallest = contract.order_size_min
    step = smallest if contract.enable_decimal and ZERO < smallest < _ONE else _ONE
    is_ending = contract.in_delisting or contract.status == "delisting"
    is_open = contract.status not in {"prelaunch", "delisted"}
    return PerpetualInstrument(
        symbol=size.symbol,
        tick=contract.order_price_round,
        lot=size.to_base(step),
        quote_step=contract.order_price_round,
        min_quantity=_bound(size, smallest),
        max_quantity=_bound(size, contract.order_size_max),
        can_buy=is_open,
        can_sell=is_open,
        multiplier=size.multiplier,
        takes_fractions=contract.enable_decimal,
        max_market_quantity=_bound(size, contract.market_order_size_max),
        max_price_deviation=contract.order_price_deviate or None,
        max_open_orders=contract.orders_limit or None,
        min_leverage=contract.leverage_min or _ONE,
        max_leverage=contract.leverage_max,
        maintenance_rate=contract.maintenance_rate,
        funding_interval_s=contract.funding_interval,
        reduces_only=is_ending,
    )


def _bound(size: ContractSize, contracts: Decimal) -> Decimal | None:
    return size.to_base(contracts) if contracts > ZERO else None


def risk_tier(tier: wire.RiskTier) -> RiskTier:
    """One tier of one market."""
    return RiskTier(
        max_notional=tier.risk_limit,
        max_leverage=tier.leverage_max,
        initial_rate=tier.initial_rate,
        maintenance_rate=tier.maintenance_rate,
    )
