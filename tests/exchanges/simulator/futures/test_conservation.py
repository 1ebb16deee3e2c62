"""Whatever accounts do: what one gains another loses, and fees are what is missing."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from exchanges.simulator.core.engine import HOUSE
from exchanges.simulator.core.futures.positions import Leg
from exchanges.simulator.core.orders import NewOrder, OrderType, Side, TimeInForce
from exchanges.simulator.core.rules import RefusedError

from .small import SOL, SmallFutures

NAMES = ("ann", "bob", "cid")
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("order"),
            st.sampled_from(NAMES),
            st.sampled_from(list(Side)),
            st.integers(1, 900),
            st.integers(8_500, 11_500),
            st.booleans(),
        ),
        st.tuples(st.just("mark"), st.integers(7_000, 13_000)),
        st.tuples(st.just("funding"), st.integers(-3_000, 3_000)),
        st.tuples(st.just("leverage"), st.sampled_from(NAMES), st.integers(1, 50), st.booleans()),
        st.tuples(st.just("close"), st.sampled_from(NAMES)),
        st.tuples(st.just("fill"), st.sampled_from(NAMES)),
    ),
    max_size=40,
)


def do(market: SmallFutures, step: tuple[object, ...]) -> None:
    engine = market.engine
    match step:
        case ("order", str(name), Side() as side, int(contracts), int(cents), bool(reduces)):
            market.order(name, side, str(contracts), str(Decimal(cents) / 100), reduce_only=reduces)
        case ("mark", int(cents)):
            market.mark(Decimal(cents) / 100)
            market.liquidation.check_all()
        case ("funding", int(rate)):
            for account in engine.margins.values():
                for position in account.held():
                    engine.pay_funding(position, Decimal(rate) / 1_000_000)
            market.liquidation.check_all()
        case ("leverage", str(name), int(leverage), bool(is_cross)):
            market.commands.set_leverage(market.position(name), Decimal(leverage), is_cross=is_cross)
        case ("close", str(name)):
            market.order(name, Side.BUY, "0", None, closes=True)
        case ("fill", str(name)):
            for order in list(engine.accounts[name].open_orders.values())[:1]:
                engine.fill_from_house(order)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_realised_fees_and_funding_of_all_accounts_sum_to_zero(done: list[tuple[object, ...]]) -> None:
    market = SmallFutures()
    engine, money = market.engine, market.told.money
    for name in NAMES:
        engine.place(
            HOUSE,
            NewOrder(
                pair="SOL_USDT",
                side=Side.BUY,
                type=OrderType.LIMIT,
                time_in_force=TimeInForce.GOOD_TILL_CANCELED,
                amount=Decimal(50),
                price=Decimal(80 + len(name)),
            ),
        )
    for step in done:
        try:
            do(market, step)
        except RefusedError:
            continue
        positions = [position for account in engine.margins.values() for position in account.held()]
        assert sum(position.size for position in positions) == 0
        # wallets, what is open, and fees: all that ever came in
        wallets = sum((engine.wallet(name) for name in engine.accounts), Decimal(0))
        opened = sum((engine.unrealised(position) for position in positions), Decimal(0))
        assert wallets + opened + engine.ledger.fees.get("USDT", Decimal(0)) == engine.ledger.brought_in["USDT"]
        for name in NAMES:
            told = sum((amount for (whose, _), amount in money.items() if whose == name), Decimal(0))
            assert told == engine.wallet(name)
            assert engine.wallet(name) + sum(
                (engine.unrealised(p) for p in positions if p.account == name), Decimal(0)
            ) > Decimal(-5_000)
            for leg in Leg:
                position = market.position(name, leg)
                assert position.margin >= 0 or position.size
            reducing = engine.reducing(market.position(name))
            assert sum(order.remaining for order in reducing) <= abs(market.position(name).size)
    for position in [position for account in engine.margins.values() for position in account.held()]:
        assert position.contract is SOL
    engine.settle_delisted("SOL_USDT")
    wallets = sum((engine.wallet(name) for name in engine.accounts), Decimal(0))
    assert wallets + engine.ledger.fees.get("USDT", Decimal(0)) == engine.ledger.brought_in["USDT"]
    assert not any(list(account.held()) for account in engine.margins.values())
