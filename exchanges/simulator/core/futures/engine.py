"""Orders on contracts: what they need is margin, and a trade changes positions instead of two balances.

Matching, queues, ids and what is told of orders are those of ``core.engine``. An account's wallet is one balance of the
settlement currency, of which nothing is ever locked: what orders and positions need is reckoned anew each time, as it
moves with the mark price. Internal accounts (the house, the traders, who takes over what is liquidated) trade without
margin. Choices where venues differ: order margin is the sum of both sides; losses of cross positions lower what is
available, profits do not raise it; a reduce-only order for more than there is to reduce is refused.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import ROUND_UP, Decimal
from typing import ClassVar, TypedDict, Unpack

from exchanges.simulator.core.accounts import AccountRecord
from exchanges.simulator.core.config import FeeScheme, PairConfig
from exchanges.simulator.core.engine import Engine, Market
from exchanges.simulator.core.events import Change
from exchanges.simulator.core.fees import FEE_QUANTUM
from exchanges.simulator.core.futures.accounts import Figures, MarginAccount, Terms, order_margin
from exchanges.simulator.core.futures.contracts import SETTLEMENT, ContractConfig
from exchanges.simulator.core.futures.positions import Position
from exchanges.simulator.core.futures.prices import Prices
from exchanges.simulator.core.futures.requirements import initial, liquidation_price, maintenance
from exchanges.simulator.core.orders import (
    ZERO,
    BalanceReason,
    Fill,
    Finish,
    Forced,
    NewOrder,
    Order,
    OrderChange,
    OrderType,
    Role,
    Side,
    TimeInForce,
)
from exchanges.simulator.core.rules import Reason, RefusedError, check_precision, plain

INSURANCE = "~insurance"
FREE = (FeeScheme.ZERO,)


class EngineOptions(TypedDict):
    """What every engine is made with."""

    now_ms: Callable[[], int]
    maker_fee_rate: Decimal
    taker_fee_rate: Decimal
    max_open_orders: int
    self_trades_allowed: bool
    dust_cancels: bool
    unfit_orders_end: bool
    texts_repeat: bool


class FuturesEngine(Engine):
    """All contracts and all margin accounts of one exchange; ``prices`` has index and mark of each contract."""

    rules_type: ClassVar[type[PairConfig]] = ContractConfig

    def __init__(self, contracts: Iterable[ContractConfig], prices: Prices, **options: Unpack[EngineOptions]) -> None:
        self.margins: dict[str, MarginAccount] = {}
        self.prices = prices
        super().__init__(contracts, **options)
        self.open_account(INSURANCE, internal=True)

    # -- accounts ----------------------------------------------------------------------------------------------------

    def open_account(
        self, name: str, *, internal: bool = False, fees: tuple[FeeScheme, ...] = (FeeScheme.RECEIVED,)
    ) -> AccountRecord:
        """Begins an account with nothing in it; internal ones pay no fees."""
        self.margins[name] = MarginAccount(name)
        return super().open_account(name, internal=internal, fees=FREE if internal else fees)

    def holds(self, currency: str) -> bool:
        """Wallets are of the settlement currency."""
        return currency == SETTLEMENT

    def currencies(self) -> dict[str, bool]:
        """Returns what wallets are of."""
        return {SETTLEMENT: True}

    def provide(self, account: str, currency: str, needed: Decimal) -> None:
        """Internal accounts need nothing."""

    def contract(self, pair: str) -> ContractConfig:
        """Returns a contract by its id. Raises ``RefusedError`` when there is no such."""
        return _contract(self.market(pair).rules)

    def wallet(self, account: str) -> Decimal:
        """What the account has, without what its positions have gained or lost."""
        return self.ledger.balance(account, SETTLEMENT).total

    def isolated_margin(self, account: str) -> Decimal:
        """What is set aside for isolated positions."""
        return sum((position.margin for position in self.margins[account].held() if not position.is_cross), ZERO)

    def cross_positions(self, account: str) -> list[Position]:
        """Those that all of the wallet stands for which is not set aside."""
        return [position for position in self.margins[account].held() if position.is_cross]

    def available(self, account: str, *, but: Order | None = None) -> Decimal:
        """What new orders and margins can be taken from; ``but``: an order whose margin does not count."""
        orders = [order for order in self.accounts[account].open_orders.values() if order is not but]
        return self.figures(account, self.wallet(account), list(self.margins[account].held()), orders).available

    def figures(self, account: str, wallet: Decimal, positions: list[Position], orders: Iterable[Order]) -> Figures:
        """Returns what these books of an account come to at the mark prices of now."""
        by_pair: dict[str, list[Terms]] = {}
        for order in orders:
            by_pair.setdefault(order.pair, []).append(_terms(order))
        mine, rate = self.margins[account], self.fee_rates[Role.TAKER]
        waiting = (order_margin(mine, self.contract(each), terms, rate) for each, terms in by_pair.items())
        cross = [position for position in positions if position.is_cross]
        return Figures(
            wallet=wallet,
            isolated_margin=sum((position.margin for position in positions if not position.is_cross), ZERO),
            order_margin=sum(waiting, ZERO),
            cross_initial=sum((self.initial_margin(position) for position in cross), ZERO),
            maintenance=sum((self.maintenance_margin(position) for position in positions), ZERO),
            cross_maintenance=sum((self.maintenance_margin(position) for position in cross), ZERO),
            unrealised=sum((self.unrealised(position) for position in positions), ZERO),
            cross_unrealised=sum((self.unrealised(position) for position in cross), ZERO),
        )

    # -- positions ---------------------------------------------------------------------------------------------------

    def mark(self, position: Position) -> Decimal:
        """The mark price of a position's contract."""
        return self.prices.mark(position.contract)

    def unrealised(self, position: Position) -> Decimal:
        """What a position has gained or lost at the mark price."""
        return position.unrealised(self.mark(position))

    def initial_margin(self, position: Position) -> Decimal:
        """What is set aside for an isolated position, or has to be there for a cross one at the mark price."""
        if not position.is_cross:
            return position.margin
        return initial(position.contract, position.value(self.mark(position)), position.leverage)

    def maintenance_margin(self, position: Position) -> Decimal:
        """Below what its backing must not fall."""
        return maintenance(position.contract, position.value(self.mark(position)))

    def backing(self, position: Position) -> Decimal:
        """What a position has to lose at most from its entry price: its margin, or of a cross one what its account has
        beside isolated margins and what other cross positions need and have gained or lost."""
        if not position.is_cross:
            return position.margin
        account = position.account
        left = self.wallet(account) - self.isolated_margin(account)
        for other in self.cross_positions(account):
            if (other.contract.id, other.leg) != (position.contract.id, position.leg):
                left += self.unrealised(other) - self.maintenance_margin(other)
        return left

    def liquidation_price(self, position: Position) -> Decimal:
        """At which mark price the position is liquidated, all other prices being as they are; 0: none."""
        return liquidation_price(position, self.backing(position))

    def pay_funding(self, position: Position, rate: Decimal) -> Decimal:
        """Settles funding of a position; returns what it receives, below 0 when it pays. Exact."""
        payment = -position.sign * position.value(self.mark(position)) * rate
        if payment:
            position.settle(payment, self.now_ms())
            self.ledger.change(position.account, SETTLEMENT, payment)
            self._tell_wallet(position.account, payment, BalanceReason.FUNDING, position.contract.id)
            self.tell_position(position)
        return payment

    def tell_position(self, position: Position) -> None:
        """Tells an account that keeps history how a position stands."""
        if not self.accounts[position.account].internal:
            for listener in self.listeners:
                listener.on_position(position)

    def settle_delisted(self, pair: str) -> None:
        """Closes all positions of a contract at the mark price; all sizes together are 0, so nobody is left."""
        held = [each for account in self.margins.values() for each in account.held() if each.contract.id == pair]
        taken = self.margins[INSURANCE].traded(self.contract(pair), Side.BUY, reduces=False)
        for position in held:
            if position is not taken:
                self.force(position, abs(position.size), self.mark(position), Forced.SETTLEMENT, taken)
        for account in self.margins.values():
            account.forget(pair)

    # -- orders ------------------------------------------------------------------------------------------------------

    def place(self, account: str, new: NewOrder) -> Order:
        """Takes an order as ``Engine.place`` does; one that closes is for all that its position has."""
        if not new.closes:
            return super().place(account, new)
        position = self._closed_by(account, new)
        side = Side.SELL if position.size > 0 else Side.BUY
        order = super().place(account, replace(new, side=side, amount=abs(position.size), reduce_only=True))
        if order.is_open:  # it is for all that there is, so that nothing is left for others
            for other in self.reducing(position):
                if other is not order:
                    self.end_forcibly(other, Finish.REDUCE_OUT)
        return order

    def force(self, position: Position, contracts: Decimal, price: Decimal, why: Forced, against: Position) -> Order:
        """Lets two positions trade with each other without asking their accounts; returns the first one's order.

        Neither is on the public tape, as they are in no book. The account of ``against`` may be an internal one.
        """
        market = self.market(position.contract.id)
        side = Side.SELL if position.size > 0 else Side.BUY
        order = self._forced_order(position, side, contracts, price, why)
        other = self._forced_order(against, side.opposite, contracts, price, Forced.DELEVERAGING)
        self._trade(market, order, other, contracts, price)
        return order

    def end_forcibly(self, order: Order, finish: Finish) -> None:
        """Ends an open order for a reason of the exchange's."""
        market = self.markets[order.pair]
        market.book.remove(order)
        self._finish(order, finish)
        self._tell_book(market)

    def check_limit(self, rules: PairConfig, price: Decimal, amount: Decimal) -> None:
        """Raises ``RefusedError``: price or size are not allowed for this contract."""
        contract = _contract(rules)
        if price <= 0:
            raise RefusedError(Reason.INVALID_VALUE, f"price {price} must be above 0")
        check_precision("price", price, contract.price_precision)
        self._check_size(contract, amount, contract.max_size)

    def _check_new(self, account: str, new: NewOrder, market: Market) -> None:
        contract = _contract(market.rules)
        is_internal = self.accounts[account].internal
        if new.amount <= 0:
            raise RefusedError(Reason.INVALID_VALUE, f"size {new.amount} must not be 0")
        if new.type is OrderType.MARKET:
            if new.time_in_force.may_rest:
                raise RefusedError(Reason.INVALID_VALUE, "tif of a market order must be ioc or fok")
            self._check_size(contract, new.amount, contract.max_market_size or contract.max_size)
        elif new.price is None:
            raise RefusedError(Reason.INVALID_VALUE, "price is required for a limit order")
        elif not is_internal:
            self.check_limit(contract, new.price, new.amount)
            self._check_band(contract, new.price)
        if is_internal:
            return
        waiting = sum(order.pair == contract.id for order in self.accounts[account].open_orders.values())
        if waiting >= contract.max_orders:
            raise RefusedError(Reason.TOO_MANY_ORDERS, f"at most {contract.max_orders} open orders are allowed")

    def _check_size(self, contract: ContractConfig, amount: Decimal, highest: Decimal) -> None:
        check_precision("size", amount, contract.amount_precision)
        if amount < contract.min_base_amount:
            raise RefusedError(
                Reason.BELOW_BASE_MINIMUM,
                f"size {plain(amount)} is too small, the minimum is {plain(contract.min_base_amount)}",
            )
        if amount > highest:
            raise RefusedError(
                Reason.ABOVE_MAXIMUM, f"size {plain(amount)} is too large, the maximum is {plain(highest)}"
            )

    def _check_band(self, contract: ContractConfig, price: Decimal) -> None:
        mark = self.prices.mark(contract)
        if abs(price - mark) > mark * contract.deviation:
            raise RefusedError(
                Reason.PRICE_TOO_FAR,
                f"order price {plain(price)} while mark price {plain(mark)} and deviation-rate limit"
                f" {plain(contract.deviation)}",
            )

    def _lock_needed(self, order: Order, price: Decimal, remaining: Decimal) -> Decimal:
        """Nothing of a wallet is locked."""
        del order, price, remaining
        return ZERO

    def _check_funds(self, order: Order, needed: Decimal, price: Decimal, remaining: Decimal) -> None:
        """Raises ``RefusedError``: too little margin, beyond the risk limit, or nothing to reduce."""
        del needed
        record = self.accounts[order.account]
        if record.internal:
            return
        account, contract = self.margins[order.account], _contract(order.rules)
        position = account.traded(contract, order.side, reduces=order.reduce_only)
        if order.id in record.open_orders:  # it is amended
            self._check_band(contract, price)
        if order.reduce_only:
            self._check_reduces(order, position, remaining)
            return
        if order.type is OrderType.MARKET:
            price = self._worst_price(order, remaining)
        others = [
            _terms(other) for other in record.open_orders.values() if other is not order and other.pair == contract.id
        ]
        rate = self.fee_rates[Role.TAKER]
        terms = Terms(order.side, price, remaining, reduce_only=False)
        more = order_margin(account, contract, [*others, terms], rate) - order_margin(account, contract, others, rate)
        available = self.available(order.account, but=order)
        if more > max(ZERO, available):
            raise RefusedError(
                Reason.NOT_ENOUGH_FUNDS, f"{plain(more)} {SETTLEMENT} needed, {plain(available)} available"
            )
        self._check_risk(position, others, terms)

    def _check_risk(self, position: Position, others: list[Terms], terms: Terms) -> None:
        """Raises ``RefusedError`` when the position could become larger than its leverage, or anything, allows."""
        contract = position.contract
        sign = 1 if terms.side is Side.BUY else -1
        held = position.size * sign
        waiting = sum((o.contracts for o in others if o.side is terms.side and not o.reduce_only), ZERO)
        value = contract.value(max(ZERO, held + waiting + terms.contracts), self.prices.mark(contract))
        if held < 0 and terms.contracts + waiting <= -held:
            return
        highest = contract.tiers[-1].limit
        if value > highest or position.leverage > contract.tier(value).max_leverage:
            raise RefusedError(
                Reason.RISK_LIMIT,
                f"a position of {plain(value)} {SETTLEMENT} is beyond what leverage {plain(position.leverage)} allows",
            )

    def _check_reduces(self, order: Order, position: Position, remaining: Decimal) -> None:
        if not position.size:
            raise RefusedError(Reason.POSITION_EMPTY, "empty position")
        if (position.size > 0) is (order.side is Side.BUY):
            raise RefusedError(Reason.INCREASES_POSITION, "the order would increase the position")
        others = [each for each in self.reducing(position) if each is not order and not order.closes]
        waiting = sum((each.remaining for each in others), ZERO)
        if remaining + waiting > abs(position.size):
            raise RefusedError(
                Reason.REDUCES_TOO_MUCH,
                f"{plain(remaining)} and {plain(waiting)} of other orders are more than {plain(abs(position.size))}",
            )

    def reducing(self, position: Position) -> list[Order]:
        """The open reduce-only orders that work on a position, oldest first."""
        account = self.margins[position.account]
        return [
            order
            for order in self.accounts[position.account].open_orders.values()
            if order.reduce_only
            and order.pair == position.contract.id
            and account.traded(position.contract, order.side, reduces=True) is position
        ]

    def _worst_price(self, order: Order, contracts: Decimal) -> Decimal:
        """What a market order would pay for its last contract; the mark price where the book is empty."""
        price = self.prices.mark(_contract(order.rules))
        for level in self.markets[order.pair].book.side(order.side.opposite).levels():
            price = level.price
            contracts -= level.amount
            if contracts <= 0:
                break
        return price

    def _closed_by(self, account: str, new: NewOrder) -> Position:
        """Returns the position that an order closes. Raises ``RefusedError`` when it is empty."""
        contract, mine = self.contract(new.pair), self.margins[account]
        position = mine.traded(contract, new.side, reduces=True)
        if not position.size:
            raise RefusedError(Reason.POSITION_EMPTY, "empty position")
        return position

    def _forced_order(self, position: Position, side: Side, contracts: Decimal, price: Decimal, why: Forced) -> Order:
        now = self.now_ms()
        order = Order(
            id=self.next_order_id(),
            account=position.account,
            rules=position.contract,
            side=side,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
            amount=contracts,
            price=price,
            remaining=contracts,
            created_ms=now,
            updated_ms=now,
            # who takes over opens or closes as it comes; an account's position is reduced
            reduce_only=not self.accounts[position.account].internal,
            forced=why,
        )
        self.accounts[position.account].began(order)
        return order

    # -- trades ------------------------------------------------------------------------------------------------------

    def _settle(self, market: Market, order: Order, role: Role, *, amount: Decimal, price: Decimal, now: int) -> None:
        """Books one order's half of a trade and tells it: fill, order, wallet, position; then what waits to reduce the
        position and is too much for what is left of it ends."""
        contract, account, was_open = _contract(order.rules), order.account, order.is_open
        record = self.accounts[account]
        change = amount if order.side is Side.BUY else -amount
        position = self.margins[account].traded(contract, order.side, reduces=order.reduce_only)
        closed, profit = position.trade(change, price, now)
        fee = self._fee(order, role, contract.value(amount, price))
        position.from_fees -= fee
        if profit:
            self.ledger.change(account, SETTLEMENT, profit)
        if fee:
            self.ledger.charge(account, SETTLEMENT, fee)
        order.filled_base += amount
        order.filled_quote += amount * price
        order.fee += fee
        order.updated_ms = now
        order.version += 1
        if not order.remaining and was_open:
            order.finish = Finish.DELEVERAGED if order.forced is Forced.DELEVERAGING else Finish.FILLED
            record.ended(order)
        if not record.internal:
            fill = Fill(
                trade_id=market.trade_id,
                sequence=market.sequence,
                order_id=order.id,
                account=account,
                pair=order.pair,
                side=order.side,
                role=role,
                price=price,
                amount=amount,
                fee=fee,
                fee_currency=SETTLEMENT,
                text=order.shown_text,
                amend_text=order.amend_text,
                time_ms=now,
                rebated_fee_currency=SETTLEMENT,
                closed=closed,
            )
            record.filled(order, fill)
            for listener in self.listeners:
                listener.on_fill(fill)
            if was_open:
                self._tell_order(order, OrderChange.UPDATE if order.is_open else OrderChange.FINISH)
            if profit:
                self._tell_wallet(account, profit, BalanceReason.REALISED, contract.id, order.id)
            if fee:
                self._tell_wallet(account, -fee, BalanceReason.FEE, contract.id, order.id)
            self.tell_position(position)
        ended = position.end_if_flat(sign=-1 if change > 0 else 1)
        if ended is not None and not record.internal:
            for listener in self.listeners:
                listener.on_position_closed(position, ended, order)
        if closed and not record.internal:
            self._trim(position)

    def _fee(self, order: Order, role: Role, value: Decimal) -> Decimal:
        """What a fill costs; nothing for what the exchange forces, and below 0 for a maker who gets a rebate."""
        schemes = self.accounts[order.account].fees
        scheme = schemes[len(order.fills) % len(schemes)]
        if order.forced is not None or scheme in (FeeScheme.ZERO, FeeScheme.POINTS):
            return ZERO
        fee = (value * self.fee_rates[role]).quantize(FEE_QUANTUM, ROUND_UP)
        return -fee if scheme is FeeScheme.REBATE and role is Role.MAKER else fee

    def _trim(self, position: Position) -> None:
        """Ends reduce-only orders that are too much for what is left of their position, the newest first."""
        waiting = [order for order in self.reducing(position) if self.markets[order.pair].book.contains(order)]
        too_much = sum((order.remaining for order in waiting), ZERO) - abs(position.size)
        for order in reversed(waiting):
            if too_much <= 0:
                break
            too_much -= order.remaining
            self.end_forcibly(order, Finish.REDUCE_OUT if position.size else Finish.POSITION_CLOSED)

    def _tell_wallet(
        self, account: str, amount: Decimal, reason: BalanceReason, pair: str = "", order_id: int = 0
    ) -> None:
        if not self.listeners or self.accounts[account].internal:
            return
        balance = self.ledger.balance(account, SETTLEMENT)
        change = Change(SETTLEMENT, balance, amount, ZERO, pair=pair, order_id=order_id)
        for listener in self.listeners:
            listener.on_balances(account, [change], reason)

    def _tell_balances(self, account: str, reason: BalanceReason, *changes: tuple[str, Decimal, Decimal]) -> None:
        """Tells what comes and goes; what orders would lock is none of it."""
        for _, total, _ in changes:
            if total:
                self._tell_wallet(account, total, reason)


def _terms(order: Order) -> Terms:
    return Terms(order.side, order.price, order.remaining, order.reduce_only)


def _contract(rules: PairConfig) -> ContractConfig:
    if not isinstance(rules, ContractConfig):
        raise TypeError(f"{rules.id} is no contract")
    return rules
