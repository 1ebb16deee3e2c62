"""Sockets in sum: what is granted and refused, how many markets one has, and how they are replaced in time."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest

from exchanges.base.clients import PublicWebsocket
from exchanges.base.handlers import PublicWebsocketHandlers
from exchanges.base.websocket_connection import SessionSettings
from exchanges.mexc.proto.teller_mexc_pb2 import BookTickerPush, Push
from exchanges.mexc.settings import MexcSettings
from messages.errors import ConnectionFailedError, RefusalReason, TellerError, VenueRefusedError
from messages.market import BookTicker
from messages.symbol import Symbol
from tests.exchanges.base.manual_clock import settle
from tests.exchanges.mexc.scripted import BTC, SOL, Reply, World, granted, market, world

HOUR_S = 3600.0
SHORT = SessionSettings(life_s=100.0)
CHANNEL = "spot@public.aggre.bookTicker.v3.api.pb@100ms@"


def channel(symbol: Symbol) -> str:
    return f"{CHANNEL}{symbol.base}{symbol.quote}"


class Tickers:
    """Attributes: socket: ours. tickers, links, errors: what it told."""

    def __init__(self, here: World) -> None:
        self.tickers: list[BookTicker] = []
        self.links: list[tuple[bool, str]] = []
        self.errors: list[TellerError] = []
        self.socket: PublicWebsocket = here.venue.create_public_ws_with_handlers(
            PublicWebsocketHandlers(
                book_ticker=self.tickers.append,
                connection=lambda up, why: self.links.append((up, why)),
                error=self.errors.append,
            )
        )

    @property
    def up(self) -> list[bool]:
        return [up for up, _ in self.links]


async def connected(here: World, symbols: Iterable[Symbol]) -> Tickers:
    made = Tickers(here)
    await here.venue.create_public_rest().load_instruments()
    await made.socket.connect(symbols)
    return made


def coins(count: int) -> list[Symbol]:
    return [Symbol(f"C{number:03}", "USDT") for number in range(count)]


def listed(symbols: Iterable[Symbol]) -> dict[str, Reply]:
    rows = [market(f"{symbol.base}{symbol.quote}", symbol.base) for symbol in symbols]
    return {"GET /exchangeInfo": Reply({"symbols": rows})}


def pushed(symbol: Symbol, bid: str) -> bytes:
    body = BookTickerPush(bidPrice=bid, bidQuantity="1", askPrice="999", askQuantity="1")
    return Push(symbol=f"{symbol.base}{symbol.quote}", sendTime=5, bookTicker=body).SerializeToString()


# -- acknowledgements -------------------------------------------------------------------------------------------------


def with_id_0(name: str, number: int) -> Any:
    return granted(name, 0)


def bracketed(name: str, number: int) -> Any:
    said = f"Subscribed successful! [{name}]. Not Subscribed successfully! [other]. Reason\uff1a Blocked! "
    return {"id": number, "code": 0, "msg": said}


@pytest.mark.parametrize("answer", [granted, with_id_0, bracketed])
async def test_a_channel_is_granted_in_whichever_shape(answer: Callable[[str, int], Any]) -> None:
    async with world() as here:
        here.lines.answer = answer
        made = await connected(here, [SOL, BTC])
        assert sorted(here.lines.all[0].channels) == [channel(BTC), channel(SOL)]
        assert made.up == [True]
        await made.socket.close()


def not_subscribed(name: str, number: int) -> Any:
    return {"id": number, "code": 0, "msg": f"Not Subscribed successfully! [{name}].  Reason\uff1a Blocked! "}


def not_subscribed_with_id_0(name: str, number: int) -> Any:
    return not_subscribed(name, 0)


def without_the_name(name: str, number: int) -> Any:
    return {"id": number, "code": 0, "msg": "Blocked!"}


def beside_others(name: str, number: int) -> Any:
    return {"id": 0, "code": 0, "msg": f"Subscribed successful! [other]. Not Subscribed successfully! [{name}]"}


@pytest.mark.parametrize("answer", [not_subscribed, not_subscribed_with_id_0, without_the_name, beside_others])
async def test_a_refusal_is_one_though_its_code_is_0(answer: Callable[[str, int], Any]) -> None:
    async with world() as here:
        here.lines.answer = lambda name, number: (granted if name == channel(SOL) else answer)(name, number)
        made = await connected(here, [SOL])
        with pytest.raises(VenueRefusedError) as refused:
            await made.socket.subscribe([BTC])
        assert refused.value.reason is RefusalReason.UNKNOWN_SYMBOL
        here.lines.all[0].push(pushed(SOL, "141"))
        await settle()
        assert [ticker.bid for ticker in made.tickers] == [Decimal(141)]
        await made.socket.close()


async def test_an_answer_that_nobody_waits_for_is_an_error_and_a_pong_is_none() -> None:
    async with world() as here:
        made = await connected(here, [SOL])
        await here.clock.advance(25)
        assert (here.lines.all[0].pings, made.errors) == (2, [])
        here.lines.all[0].push(b'{"id":0,"code":1,"msg":"too many requests"}')
        await settle()
        assert len(made.errors) == 1
        await made.socket.close()


async def test_a_text_that_is_no_json_is_an_error_and_the_end_that_follows_is_told() -> None:
    async with world() as here:
        made = await connected(here, [SOL])
        here.lines.all[0].push(b"invalid listen key")
        here.lines.all[0].end()
        await settle()
        assert len(made.errors) == 1
        assert made.up == [True, False]
        await made.socket.close()


# -- many markets -----------------------------------------------------------------------------------------------------


async def test_no_connection_has_more_than_thirty_markets_and_all_are_told() -> None:
    symbols = coins(75)
    async with world(listed(symbols)) as here:
        made = await connected(here, symbols)
        assert [len(line.channels) for line in here.lines.all] == [30, 30, 15]
        assert made.up == [True]
        for line in here.lines.all:
            for name in line.channels:
                line.push(pushed(Symbol(name.rpartition("@")[2].removesuffix("USDT"), "USDT"), "1"))
        await settle()
        assert {ticker.symbol for ticker in made.tickers} == set(symbols)
        await made.socket.close()
        assert here.lines.open == []


async def test_markets_that_are_added_fill_the_last_connection_first() -> None:
    symbols = coins(70)
    async with world(listed(symbols)) as here:
        made = await connected(here, symbols[:29])
        await made.socket.subscribe(symbols[:40])
        assert [len(line.channels) for line in here.lines.all] == [30, 10]
        await made.socket.subscribe(symbols)
        assert [len(line.channels) for line in here.lines.all] == [30, 30, 10]
        assert made.up == [True]
        await made.socket.close()


@pytest.mark.parametrize("which", [0, 1])
async def test_the_end_of_one_connection_is_told_once_for_all(which: int) -> None:
    symbols = coins(40)
    async with world(listed(symbols)) as here:
        made = await connected(here, symbols)
        for line in (here.lines.all[which], *here.lines.all):
            line.end()
            await settle()
        assert made.up == [True, False]
        with pytest.raises(ConnectionFailedError):
            await made.socket.subscribe([SOL])
        await made.socket.close()


# -- replacing --------------------------------------------------------------------------------------------------------


def test_a_connection_is_replaced_well_before_the_exchange_ends_it() -> None:
    life_s = MexcSettings().socket.life_s
    assert life_s is not None
    assert 20 * HOUR_S < life_s < 24 * HOUR_S - 600


async def test_a_connection_is_replaced_in_time_and_the_link_stays_up() -> None:
    async with world(socket=SHORT) as here:
        made = await connected(here, [SOL])
        await made.socket.subscribe([BTC])
        for age in range(1, 4):
            await here.clock.advance(101)
            assert len(here.lines.all) == age + 1
            (streaming,) = here.lines.open
            assert sorted(streaming.channels) == [channel(BTC), channel(SOL)]
            streaming.push(pushed(SOL, str(age)))
            await settle()
        assert [ticker.bid for ticker in made.tickers] == [1, 2, 3]
        assert made.up == [True]
        await made.socket.close()
        assert here.lines.open == []


async def test_the_old_connection_streams_until_the_new_one_is_acknowledged() -> None:
    async with world(socket=SHORT) as here:
        made = await connected(here, [SOL])
        here.lines.answer = lambda *_: None
        await here.clock.advance(105)
        old, new = here.lines.all
        assert (old.is_open, new.is_open) == (True, True)
        old.push(pushed(SOL, "7"))
        new.push(pushed(SOL, "8"))
        await settle()
        assert {ticker.bid for ticker in made.tickers} == {Decimal(7), Decimal(8)}
        new.push(b'{"id":1,"code":0,"msg":"%s"}' % channel(SOL).encode())
        await here.clock.advance(1)
        assert (old.is_open, new.is_open) == (False, True)
        assert made.up == [True]
        await made.socket.close()


async def test_one_that_cannot_be_replaced_yet_streams_on_and_it_is_tried_again() -> None:
    async with world(socket=SHORT) as here:
        made = await connected(here, [SOL])
        here.lines.refused = 3
        await here.clock.advance(101)
        old = here.lines.all[0]
        assert here.lines.open == [old]
        old.push(pushed(SOL, "7"))
        await settle()
        assert len(made.tickers) == 1
        await here.clock.advance(60)
        assert len(here.lines.all) == 5
        assert here.lines.open == [here.lines.all[-1]]
        assert made.up == [True]
        await made.socket.close()


async def test_one_that_ends_while_it_is_replaced_is_told_and_nothing_is_left_open() -> None:
    async with world(socket=SHORT) as here:
        made = await connected(here, [SOL])
        here.lines.answer = lambda *_: None
        await here.clock.advance(101)
        here.lines.all[0].end()
        await settle()
        assert made.up == [True, False]
        await made.socket.close()
        assert here.lines.open == []
        await here.clock.advance(300)
        assert len(here.lines.all) == 2


async def test_a_client_is_used_once() -> None:
    async with world() as here:
        made = await connected(here, [SOL])
        await made.socket.close()
        with pytest.raises(ConnectionFailedError):
            await made.socket.connect([SOL])
        assert here.tasks.running == []
