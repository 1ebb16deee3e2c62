"""Journals, commands and messages for tests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from actors.journal import IntentCommand, IntentThread, Journal, JournalError, JournalSettings
from messages.commands import AmendOrder, CancelAll, CancelOrder, CancelWithdrawal, PlaceOrder, Withdraw
from messages.enums import Liquidity, OrderStatus, OrderType, Side, TimeInForce
from messages.order import Fee, Fill, Order, sum_fees
from messages.symbol import Symbol
from tests.support.orders import SOL

NOW_MS = 1_790_000_000_000


class HeldExecutor(Executor):
    """Runs work when it is told to, one piece at a time: a disk that takes its time."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        assert not args
        assert not kwargs
        job: Future[Any] = Future()
        self.waiting.append((job, fn))
        return job

    def run_one(self) -> None:
        job, work = self.waiting.pop(0)
        try:
            job.set_result(work())
        except Exception as error:
            job.set_exception(error)

    def run_all(self) -> None:
        while self.waiting:
            self.run_one()


def place(client_order_id: str = "c1", *, quantity: str = "2.50", price: str = "141.2") -> PlaceOrder:
    return PlaceOrder.limit(SOL, Side.BUY, Decimal(quantity), Decimal(price), client_order_id=client_order_id)


def open_here(
    path: Path,
    *,
    account: str = "alice",
    executor: Executor | None = None,
    intent_thread: IntentThread | None = None,
    hide: Callable[[str], str] = str,
    **settings: Any,
) -> Journal:
    """A journal on the running loop; without an executor it writes on the loop."""
    return Journal.open(
        path,
        account=account,
        settings=JournalSettings(**settings),
        loop=asyncio.get_running_loop(),
        executor=executor,
        intent_thread=intent_thread,
        now_ms=lambda: NOW_MS,
        hide=hide,
    )


@asynccontextmanager
async def journal_at(path: Path, **options: Any) -> AsyncIterator[Journal]:
    """Open for the time of a ``with``; also closed when it cannot be written."""
    journal = open_here(path, **options)
    try:
        yield journal
    finally:
        try:
            await journal.close()
        except JournalError:
            journal.abandon()


currencies = st.from_regex(r"[A-Z0-9][A-Z0-9._-]{0,9}", fullmatch=True)
symbols = st.tuples(currencies, currencies).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: Symbol(*pair))
client_ids = st.from_regex(r"[0-9A-Za-z_.-]{1,28}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
sides = st.sampled_from(Side)
times = st.integers(0, 2**53)
positive = st.decimals("1e-18", "1e18", allow_nan=False, allow_infinity=False).map(lambda value: +value)
"""Of as many digits as a Decimal keeps: commands take no number of endless ones."""
amounts = st.just(Decimal(0)) | positive
signed = amounts | positive.map(lambda value: -value)
paid = st.lists(st.builds(Fee, currencies, signed), max_size=3).map(sum_fees)

_limit_orders = st.builds(
    PlaceOrder.limit,
    symbols,
    sides,
    positive,
    positive,
    time_in_force=st.sampled_from([each for each in TimeInForce if each is not TimeInForce.OTHER]),
    client_order_id=client_ids,
)
_market_orders = st.builds(PlaceOrder.market_buy, symbols, positive, client_order_id=client_ids) | st.builds(
    PlaceOrder.market_sell, symbols, positive, client_order_id=client_ids
)
_amended = st.tuples(positive | st.none(), positive | st.none()).filter(lambda pair: pair != (None, None))

commands: st.SearchStrategy[IntentCommand] = st.one_of(
    _limit_orders,
    _market_orders,
    st.builds(CancelOrder, symbol=symbols, order_id=texts, client_order_id=st.none() | client_ids),
    st.builds(CancelAll, symbol=st.none() | symbols, side=st.none() | sides),
    st.builds(
        lambda symbol, order_id, terms: AmendOrder(symbol=symbol, order_id=order_id, quantity=terms[0], price=terms[1]),
        symbols,
        texts,
        _amended,
    ),
    st.builds(
        Withdraw,
        currency=currencies,
        amount=positive,
        chain=texts,
        address=texts,
        memo=texts,
        client_withdrawal_id=client_ids,
    ),
    st.builds(CancelWithdrawal, withdrawal_id=texts),
)

orders: st.SearchStrategy[Order] = st.builds(
    Order,
    symbol=symbols,
    side=sides,
    type=st.sampled_from(OrderType),
    time_in_force=st.sampled_from(TimeInForce),
    status=st.sampled_from(OrderStatus),
    quantity=amounts,
    price=st.none() | positive,
    quote_quantity=st.none() | positive,
    filled_quantity=amounts,
    filled_quote=amounts,
    fees=paid,
    order_id=texts,
    client_order_id=st.none() | client_ids,
    finish_reason=st.none() | texts,
    created_ms=times,
    updated_ms=times,
)

fills: st.SearchStrategy[Fill] = st.builds(
    Fill,
    symbol=symbols,
    trade_id=texts,
    order_id=texts,
    client_order_id=st.none() | client_ids,
    side=sides,
    price=positive,
    quantity=positive,
    fees=paid,
    liquidity=st.sampled_from(Liquidity),
    time_ms=times,
)
