"""Positions: a join of whatever is heard (R2), which follows fills and says where they do not explain it."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.account.funds.margin.followed import Change, Mark, follow, unexplained
from actors.account.funds.margin.positions import Positions, side_of
from messages.enums import OrderOrigin, Side
from messages.position import Position, PositionMode, PositionSide

from .model import LAG_MS, SOL, START_MS, Exchange, News, Push, Query, fill, hear, one_way, position

QUANTITIES = st.sampled_from([Decimal(each) for each in ("-3", "-1", "-0.5", "0.5", "1", "2")])
PRICES = st.sampled_from([Decimal(each) for each in ("98", "100", "101.5")])
PAUSES = st.sampled_from([0, 1, 40, 700, 1500, 9000])


@st.composite
def life_of_a_position(draw: st.DrawFn) -> tuple[Exchange, list[News]]:
    """Everything that is told of one: trades, some of one millisecond, funding, queries at any time."""
    exchange = Exchange()
    news: list[News] = [exchange.query(Decimal(100))]
    exchange.at += 1000
    for _ in range(draw(st.integers(1, 8))):
        exchange.at += draw(PAUSES)
        if draw(st.integers(0, 4)):
            exchange.trade(draw(QUANTITIES), draw(PRICES))
        else:
            exchange.pay_funding()
        if not draw(st.integers(0, 2)):
            exchange.at += draw(PAUSES)
            news.append(exchange.query(draw(PRICES)))
    return exchange, [*news, *exchange.fills, *exchange.pushes]


def ask_for_missing(positions: Positions, exchange: Exchange) -> None:
    """Positions that the last list lacks are asked for by themselves."""
    last = exchange.query(Decimal(100))
    for _ in positions.told_held if not last.positions else ():
        told = replace(exchange.now, updated_ms=exchange.now.updated_ms // 1000 * 1000)
        positions.apply_query([told], last.as_of_ms, LAG_MS)


def known(positions: Positions) -> Position | None:
    return positions.find(SOL, PositionSide.NET)


@given(st.data())
@settings(max_examples=1000, deadline=None)
def test_r2_any_order_of_arrival_and_any_repetition_ends_in_the_same_position(data: st.DataObject) -> None:
    exchange, news = data.draw(life_of_a_position())
    shuffled = data.draw(st.permutations(news + data.draw(st.lists(st.sampled_from(news), max_size=6))))

    expected, actual = one_way(*news), one_way(*shuffled)

    assert known(actual) == known(expected)
    found = known(actual)
    assert found is not None
    assert found.quantity == exchange.now.quantity
    assert found.entry_price == exchange.now.entry_price
    assert found.update_id == exchange.now.update_id
    assert not actual.out_of_step()


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_what_the_socket_loses_a_later_list_tells(data: st.DataObject) -> None:
    exchange, news = data.draw(life_of_a_position())
    exchange.at += data.draw(st.sampled_from([2000, 5000]))
    heard = data.draw(st.lists(st.sampled_from(news), max_size=len(news)))
    positions = one_way(news[0], *heard, exchange.query(Decimal(101)))
    ask_for_missing(positions, exchange)

    assert (known(positions) or exchange.now).quantity == exchange.now.quantity
    for each in exchange.fills:  # later still, they change nothing any more
        hear(positions, each)
    assert (known(positions) or exchange.now).quantity == exchange.now.quantity
    assert not positions.out_of_step()


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_fill_that_is_never_told_is_what_is_out_of_step(data: st.DataObject) -> None:
    exchange = Exchange()
    positions = one_way(exchange.query(Decimal(100)))
    for _ in range(data.draw(st.integers(1, 6))):
        exchange.at += 3000
        exchange.trade(data.draw(QUANTITIES), Decimal(100))
    lost = data.draw(st.sampled_from(exchange.fills))
    for news in data.draw(st.permutations([*exchange.fills, *exchange.pushes])):
        if news is not lost:
            hear(positions, news)
    exchange.at += 5000
    last = exchange.query(Decimal(100))
    hear(positions, last)  # what was pushed last may have been before or after a fill of its moment
    positions.apply_query([exchange.now], last.as_of_ms, LAG_MS)

    (found,) = positions.out_of_step()
    signed = lost.quantity if lost.side is Side.BUY else -lost.quantity
    assert found.quantity == exchange.now.quantity
    assert found.by_fills == exchange.now.quantity - signed
    hear(positions, lost)
    assert not positions.out_of_step()


def test_a_position_that_does_not_move_with_its_fill_is_out_of_step() -> None:
    positions = one_way(Push(position("2", at=0, update=5)), fill("1", "1", at=5000))
    assert positions.held[0].quantity == 3  # the fill is ahead, so far

    positions.apply_query([position("2", at=0, update=5)], START_MS + 20_000, LAG_MS)

    assert positions.held[0].quantity == 2  # the exchange's word stands
    (found,) = positions.out_of_step()
    assert (found.quantity, found.by_fills) == (2, 3)
    positions.accept(SOL, PositionSide.NET)
    assert not positions.out_of_step()
    assert positions.held[0].quantity == 2


def test_a_fill_that_is_ahead_is_followed_and_is_out_of_step_until_the_exchange_tells() -> None:
    positions = one_way(Push(position("2", at=0, update=5, liquidation_price=Decimal(40))))
    (told,) = positions.fill(fill("1", "2", at=5000, price="110"), reduces=None)
    assert (told.quantity, told.entry_price, told.liquidation_price) == (4, 105, None)
    assert [each.by_fills for each in positions.out_of_step()] == [4]

    (told,) = positions.apply(position("4", at=5000, update=6, liquidation_price=Decimal(60)))
    assert (told.quantity, told.liquidation_price) == (4, 60)
    assert not positions.out_of_step()


def test_r6_a_list_that_lacks_a_position_leaves_it_until_the_market_was_asked() -> None:
    positions = one_way(Push(position("2", at=0, update=5)))
    assert positions.apply_list([], START_MS + 20_000, LAG_MS) == ()
    assert positions.told_held == ((SOL, PositionSide.NET),)
    (told,) = positions.apply_none(SOL, START_MS + 20_000, LAG_MS)
    assert (told.quantity, told.entry_price, positions.held) == (0, None, ())
    # An older word does not bring it back, a newer one does (R6).
    assert positions.apply(position("2", at=15_000, update=6)) == ()
    assert positions.apply(position("3", at=25_000, update=7))[0].quantity == 3


def test_a_market_whose_row_cannot_be_read_has_no_beginning() -> None:
    positions = Positions()
    positions.mode = PositionMode.ONE_WAY
    positions.apply_list([], START_MS, LAG_MS, {SOL})
    assert positions.fill(fill("1", "1", at=5000), reduces=None) == ()  # of what there was before nobody knows
    assert positions.find(SOL, PositionSide.NET) is None


def test_fills_that_came_before_the_list_are_in_it() -> None:
    positions = one_way(fill("1", "1", at=2000))
    assert positions.held == ()
    positions.apply_list([position("1", at=2000, update=1)], START_MS + 9000, LAG_MS)
    assert positions.held[0].quantity == 1
    assert not positions.out_of_step()


def test_in_hedge_mode_a_fill_is_of_the_side_that_its_order_says() -> None:
    positions = Positions()
    positions.mode = PositionMode.HEDGE
    positions.apply_list([], START_MS, LAG_MS)
    positions.fill(fill("1", "2", at=1000), reduces=False)
    positions.fill(fill("2", "-1", at=2000), reduces=False)
    positions.fill(fill("3", "-0.5", at=3000), reduces=True)
    positions.fill(fill("4", "0.25", at=4000, origin=OrderOrigin.LIQUIDATION), reduces=None)
    assert {each.side: each.quantity for each in positions.held} == {
        PositionSide.LONG: Decimal("1.5"),
        PositionSide.SHORT: Decimal("-0.75"),
    }
    assert positions.fill(fill("5", "-1.5", at=5000, order_id="7"), reduces=None) == ()
    assert positions.unplaced_orders == {(SOL, "7")}
    (told,) = positions.place({(SOL, "7"): True})
    assert (told.side, told.quantity, positions.unplaced_orders) == (PositionSide.LONG, 0, set())


@pytest.mark.parametrize(
    ("side", "reduces", "expected"),
    [
        (Side.BUY, False, PositionSide.LONG),
        (Side.BUY, True, PositionSide.SHORT),
        (Side.SELL, False, PositionSide.SHORT),
        (Side.SELL, True, PositionSide.LONG),
    ],
)
def test_which_position_an_order_works_on(side: Side, reduces: bool, expected: PositionSide) -> None:
    assert side_of(PositionMode.HEDGE, side, reduces=reduces) is expected
    assert side_of(PositionMode.ONE_WAY, side, reduces=reduces) is PositionSide.NET


def test_what_only_queries_tell_is_kept_beside_what_is_pushed() -> None:
    positions = one_way(
        Query((position("2", at=0, update=5, mark_price=Decimal(103), unrealized_pnl=Decimal(6)),), START_MS + 900),
        Push(position("4", at=5000, update=6)),
    )
    (held,) = positions.held
    assert (held.mark_price, held.unrealized_pnl, held.notional) == (103, 12, 412)


def change(at: int, quantity: str, price: str = "100") -> Change:
    return Change(at, (1, str(at), "1"), Decimal(quantity), Decimal(price))


@pytest.mark.parametrize(
    ("quantity", "entry", "changes", "expected"),
    [
        ("0", None, [("2", "100"), ("2", "110")], ("4", "105")),
        ("4", "105", [("-1", "120")], ("3", "105")),
        ("3", "105", [("-5", "90")], ("-2", "90")),
        ("-2", "90", [("-2", "80")], ("-4", "85")),
        ("-4", "85", [("4", "70")], ("0", None)),
        ("1", None, [("1", "70")], ("2", None)),
    ],
)
def test_what_fills_make_of_quantity_and_entry(
    quantity: str, entry: str | None, changes: list[tuple[str, str]], expected: tuple[str, str | None]
) -> None:
    found = follow(
        Decimal(quantity),
        None if entry is None else Decimal(entry),
        [change(at, moved, price) for at, (moved, price) in enumerate(changes)],
    )
    assert found == (Decimal(expected[0]), None if expected[1] is None else Decimal(expected[1]))


def test_any_cut_that_the_stamps_allow_explains() -> None:
    changes = [change(10, "1"), change(10, "2"), change(20, "4")]
    nothing = Mark(Decimal(0), 0, 0)
    for quantity, is_explained in (("0", True), ("1", True), ("3", True), ("2", False), ("7", False)):
        rest = unexplained(nothing, Mark(Decimal(quantity), 10, 10), changes)
        assert (rest == 0) is is_explained


def test_a_time_of_whole_seconds_may_be_any_moment_of_that_second() -> None:
    positions = Positions()
    positions.mode = PositionMode.ONE_WAY
    positions.apply_list([], START_MS + 700, LAG_MS)
    positions.apply_query([position("2", at=0, update=1)], START_MS + 900, LAG_MS)  # it came to be after the list
    assert positions.held[0].quantity == 2
    positions.apply_none(SOL, START_MS + 1200, LAG_MS)
    assert positions.held[0].quantity == 2
    positions.apply_none(SOL, START_MS + 1400, LAG_MS)
    assert positions.held == ()
