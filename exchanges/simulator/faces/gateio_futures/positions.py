"""Positions and the account that they are held on: what there is, and how it is backed."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from exchanges.simulator.core.futures.contracts import SETTLEMENT, ContractConfig
from exchanges.simulator.core.futures.positions import Leg, Position
from exchanges.simulator.core.orders import Role
from exchanges.simulator.core.rules import Reason, RefusedError, plain
from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint, newest_page, private
from exchanges.simulator.faces.gateio.errors import GateError, invalid
from exchanges.simulator.faces.gateio.parameters import parse_decimal, typed
from exchanges.simulator.faces.gateio_futures import render
from exchanges.simulator.faces.gateio_futures.own import FUTURES, Futures
from exchanges.simulator.faces.gateio_futures.parameters import CrossModeBody
from exchanges.simulator.faces.gateio_futures.words import LEG_OF, WALLET_TYPES

T = TypeVar("T")
FAR_S = 10**10
POSITIONS = f"{FUTURES}/positions"
DUAL = f"{FUTURES}/dual_comp/positions"


class Positions(Futures):
    """Answers an account about its positions, and changes how they are held."""

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        leverage, span = "leverage cross_leverage_limit pid", "contract limit offset from to"
        return [
            private("GET", f"{FUTURES}/accounts", self.account),
            private("GET", f"{FUTURES}/account_book", self.account_book, f"{span} type"),
            private("GET", f"{FUTURES}/fee", self.fees, "contract"),
            private("GET", f"{FUTURES}/position_close", self.closures, f"{span} side pnl"),
            private("GET", f"{FUTURES}/liquidates", self.liquidations, f"{span} at"),
            private("GET", f"{FUTURES}/auto_deleverages", self.deleveragings, f"{span} at"),
            private("GET", POSITIONS, self.list_all, "holding limit offset"),
            private("GET", f"{POSITIONS}/{{}}", self.one),
            private("GET", f"{DUAL}/{{}}", self.both),
            private("GET", f"{FUTURES}/get_leverage/{{}}", self.get_leverage, "pos_margin_mode dual_side"),
            private("POST", f"{POSITIONS}/{{}}/leverage", self.change_leverage, leverage),
            private("POST", f"{DUAL}/{{}}/leverage", self.change_both, leverage),
            private("POST", f"{POSITIONS}/{{}}/set_leverage", self.set_leverage, "leverage margin_mode dual_side"),
            private("POST", f"{POSITIONS}/{{}}/margin", self.change_margin, "change"),
            private("POST", f"{DUAL}/{{}}/margin", self.change_margin_of_leg, "change dual_side"),
            private("POST", f"{POSITIONS}/cross_mode", self.cross_mode),
            private("POST", f"{DUAL}/cross_mode", self.cross_mode),
            private("POST", f"{FUTURES}/dual_mode", self.dual_mode, "dual_mode"),
            private("POST", f"{FUTURES}/set_position_mode", self.position_mode, "position_mode"),
        ]

    def account(self, call: Call) -> Answer:
        """The wallet and what it stands for."""
        view = self.services.views.for_query(call.owner, "balances")
        balance = view.balances().get(SETTLEMENT)
        user_id = self.user_id(call)
        if balance is None:
            raise GateError("USER_NOT_FOUND", "please transfer funds first to create futures account")
        held = [each for each in self.futures.positions.of(call.owner, view.then_ms) if each.size]
        figures = self.engine.figures(call.owner, balance.total, held, view.open_orders())
        sums = self.futures.history.booked.get(call.owner, {})
        is_dual = self.engine.margins[call.owner].is_dual
        return Answer(render.account(figures, user_id=user_id, is_dual=is_dual, history=sums))

    def account_book(self, call: Call) -> Answer:
        """What the wallet was booked, newest first."""
        query = call.query
        self.user_id(call)
        pair = self._pair(query.text("contract"))
        kind = query.choice("type", "", *dict.fromkeys(WALLET_TYPES.values()), "point_dnw", "point_fee", "point_refr")
        since_s, until_s = query.whole("from", 0), query.whole("to", FAR_S)
        found = [
            booking
            for booking in self.services.account_book.of(call.owner)
            if pair in ("", booking.pair)
            and kind in ("", WALLET_TYPES[booking.reason])
            and since_s * 1000 <= booking.time_ms <= until_s * 1000 + 999
        ]
        return self._paged(call, found, render.rest_booking)

    def fees(self, call: Call) -> Answer:
        """The account's rates by contract."""
        pair = self._pair(call.query.text("contract"))
        self.user_id(call)
        maker, taker = (plain(self.engine.fee_rates[role]) for role in (Role.MAKER, Role.TAKER))
        pairs = [pair] if pair else list(self.engine.markets)
        return Answer({each: {"taker_fee": taker, "maker_fee": maker} for each in pairs})

    def closures(self, call: Call) -> Answer:
        """Positions that were closed, newest first."""
        query, pair = call.query, self._pair(call.query.text("contract"))
        side = query.choice("side", "", "long", "short")
        since_s, until_s = query.whole("from", 0), query.whole("to", FAR_S)
        found = [
            closure
            for closure in self.futures.history.closures.get(call.owner, ())
            if pair in ("", closure.closed.pair)
            and side in ("", "long" if closure.closed.is_long else "short")
            and since_s * 1000 <= closure.closed.closed_ms <= until_s * 1000 + 999
        ]
        return self._paged(call, found, render.rest_closure)

    def liquidations(self, call: Call) -> Answer:
        """Positions that were taken, newest first."""
        user_id, pair = self.user_id(call), self._pair(call.query.text("contract"))
        found = [
            each for each in self.futures.history.liquidations.get(call.owner, ()) if pair in ("", each.order.pair)
        ]
        return self._paged(call, found, lambda each: render.liquidation(each, pushed=False, user_id=user_id))

    def deleveragings(self, call: Call) -> Answer:
        """Positions that were reduced by the exchange, newest first."""
        user_id, pair = self.user_id(call), self._pair(call.query.text("contract"))
        found = [
            each for each in self.futures.history.deleveragings.get(call.owner, ()) if pair in ("", each.order.pair)
        ]
        return self._paged(call, found, lambda each: render.deleveraging(each, pushed=False, user_id=user_id))

    def list_all(self, call: Call) -> Answer:
        """All positions that the account has or had; with ``holding`` those that are not empty."""
        self.user_id(call)
        holding = call.query.flag("holding")
        found = [each for each in self._known(call) if each.size or not holding]
        # without a limit all of them (the SDK's word); as a number it is from 1 to 100
        limit, offset = call.query.whole("limit", len(found), low=1, high=100), call.query.whole("offset", 0)
        return Answer([self._rendered(call, each) for each in found[offset : offset + limit]])

    def one(self, call: Call) -> Answer:
        """The position of a contract; in dual mode both."""
        rules = self.engine.contract(call.item)
        if self.engine.margins[call.owner].is_dual:
            return self.both(call)
        self.user_id(call)
        found = [each for each in self._known(call) if each.contract.id == rules.id]
        if not found:
            # as of a contract that the account never traded, and never set a leverage of
            raise GateError("POSITION_NOT_FOUND", f"there is no position of {rules.id}")
        return Answer(self._rendered(call, found[0]))

    def both(self, call: Call) -> Answer:
        """Both positions of a contract in dual mode."""
        rules = self.engine.contract(call.item)
        self._check_dual(call)
        known = {each.leg: each for each in self._known(call) if each.contract.id == rules.id}
        both = [
            known.get(leg) or Position(account=call.owner, contract=rules, leg=leg) for leg in (Leg.LONG, Leg.SHORT)
        ]
        return Answer([self._rendered(call, each) for each in both])

    def get_leverage(self, call: Call) -> Answer:
        """The leverage of a contract, in whichever margin mode it is."""
        (position, *_) = self._of(call, self.engine.contract(call.item))
        return Answer({"lever": plain(position.leverage)})

    def change_leverage(self, call: Call) -> Answer:
        """Sets leverage: above 0 it is isolated, whatever else is given; 0 is cross, at ``cross_leverage_limit``."""
        changed = self._changed(call)
        return Answer(
            [self._rendered(call, each) for each in changed] if len(changed) > 1 else self._one(call, changed)
        )

    def change_both(self, call: Call) -> Answer:
        """The same in dual mode, of both positions."""
        self._check_dual(call)
        return Answer([self._rendered(call, each) for each in self._changed(call)])

    def set_leverage(self, call: Call) -> Answer:
        """Sets leverage and margin mode by their names."""
        leverage = parse_decimal("leverage", call.query.required("leverage"))
        is_cross = call.query.choice("margin_mode", "isolated", "cross") == "cross"
        side = call.query.choice("dual_side", "", "dual_long", "dual_short")
        if side:
            self._check_dual(call)
        positions = [
            each for each in self._of(call, self.engine.contract(call.item)) if not side or each.leg is LEG_OF[side]
        ]
        return self._set(call, positions, leverage, is_cross=is_cross)

    def change_margin(self, call: Call) -> Answer:
        """Adds margin to an isolated position, or takes some away."""
        rules, change = self.engine.contract(call.item), self._change(call)
        if self.engine.margins[call.owner].is_dual:
            raise GateError("POSITION_DUAL_MODE", "in dual mode it is one of two positions")
        (position,) = self._of(call, rules)
        self.futures.commands.change_margin(position, change)
        return Answer(self._rendered(call, position))

    def change_margin_of_leg(self, call: Call) -> Answer:
        """The same in dual mode."""
        rules, change = self.engine.contract(call.item), self._change(call)
        self._check_dual(call)
        leg = LEG_OF[call.query.choice("dual_side", "dual_long", "dual_short")]
        self.futures.commands.change_margin(self.futures.commands.position(call.owner, rules, leg), change)
        return Answer([self._rendered(call, each) for each in self._of(call, rules)])

    def cross_mode(self, call: Call) -> Answer:
        """Sets the margin mode; the leverage stays."""
        body = typed(call.body, CrossModeBody)
        positions = self._of(call, self.engine.contract(body.contract))
        return self._set(call, positions, None, is_cross=body.mode == "CROSS")

    def dual_mode(self, call: Call) -> Answer:
        """Holds one position of a contract, or two side by side; answers as the account."""
        call.query.required("dual_mode")
        self.user_id(call)
        self.futures.commands.set_dual(call.owner, call.query.flag("dual_mode"))
        return self.account(call)

    def position_mode(self, call: Call) -> Answer:
        """The same by its name; split positions are not there."""
        mode = call.query.required("position_mode")
        if mode not in ("single", "dual"):
            raise invalid(f"position_mode {mode} is not one of single, dual")
        self.user_id(call)
        self.futures.commands.set_dual(call.owner, mode == "dual")
        return self.account(call)

    def _changed(self, call: Call) -> list[Position]:
        leverage = parse_decimal("leverage", call.query.required("leverage"))
        limit = call.query.text("cross_leverage_limit")
        positions = self._of(call, self.engine.contract(call.item))
        is_cross = not leverage
        if is_cross and limit:
            leverage = parse_decimal("cross_leverage_limit", limit)
        for position in positions:
            wanted = leverage or position.leverage
            self.futures.commands.set_leverage(position, wanted, is_cross=is_cross)
        return positions

    def _set(self, call: Call, positions: list[Position], leverage: Decimal | None, *, is_cross: bool) -> Answer:
        self.user_id(call)
        for position in positions:
            wanted = position.leverage if leverage is None else leverage
            self.futures.commands.set_leverage(position, wanted, is_cross=is_cross)
        rows = [self._rendered(call, each) for each in positions]
        return Answer(rows if self.engine.margins[call.owner].is_dual else rows[0])

    def _one(self, call: Call, positions: list[Position]) -> render.Json:
        return self._rendered(call, positions[0])

    def _of(self, call: Call, rules: ContractConfig) -> list[Position]:
        """The positions of a contract as they are now: one, or two in dual mode."""
        self.user_id(call)
        return [
            self.futures.commands.position(call.owner, rules, leg) for leg in self.engine.margins[call.owner].legs()
        ]

    def _known(self, call: Call) -> list[Position]:
        view = self.services.views.for_query(call.owner, "positions")
        return self.futures.positions.of(call.owner, view.then_ms)

    def _rendered(self, call: Call, position: Position) -> render.Json:
        orders = self.engine.accounts[call.owner].open_orders.values()
        waiting = sum(order.pair == position.contract.id for order in orders)
        return render.rest_position(position, self.engine, user_id=self.user_id(call), orders=waiting)

    def _paged(self, call: Call, found: list[T], rendered: Callable[[T], render.Json]) -> Answer:
        limit, offset = call.query.whole("limit", 100, low=1, high=1000), call.query.whole("offset", 0)
        page, headers = newest_page(found, limit=limit, offset=offset)
        return Answer([rendered(each) for each in page], headers=headers)

    def _check_dual(self, call: Call) -> None:
        self.user_id(call)
        if not self.engine.margins[call.owner].is_dual:
            raise RefusedError(Reason.INVALID_VALUE, "the account is not in dual mode")

    def _change(self, call: Call) -> Decimal:
        text = call.query.required("change")
        return -parse_decimal("change", text[1:]) if text.startswith("-") else parse_decimal("change", text)

    def _pair(self, pair: str) -> str:
        return self.engine.contract(pair).id if pair else ""
