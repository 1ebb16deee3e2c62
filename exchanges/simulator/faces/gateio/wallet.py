"""Balances, fees, withdrawals and deposits of an account."""

from decimal import Decimal

from exchanges.simulator.core.account_book import Booking
from exchanges.simulator.core.config import AccountConfig, FeeScheme
from exchanges.simulator.core.orders import ZERO
from exchanges.simulator.core.rules import plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.transfers import Chain, Deposit, Withdrawal, chains_of
from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint, newest_page, private, public
from exchanges.simulator.faces.gateio.errors import GateError, invalid, missing
from exchanges.simulator.faces.gateio.limits import LimitKind
from exchanges.simulator.faces.gateio.parameters import Query, TransferBody, WithdrawalBody, parse_decimal, typed
from exchanges.simulator.faces.gateio.render import Json
from exchanges.simulator.faces.gateio.words import CHANGE_TYPES

DAY_S = 86_400
MAX_SPAN_S = 30 * DAY_S


class Wallet:
    """Answers an account about its money, and sends some of it away."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._engine = services.engine
        self._transfers = services.transfers

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        ranged = "currency from to limit offset"
        return [
            private("GET", "/spot/accounts", self.balances, "currency"),
            private("GET", "/spot/account_book", self.account_book, "currency from to page limit type code"),
            private("GET", "/wallet/total_balance", self.total_balance, "currency"),
            private("POST", "/wallet/transfers", self.transfer),
            private("GET", "/account/detail", self.detail),
            private("GET", "/wallet/fee", self.fee, "currency_pair settle"),
            private("GET", "/spot/fee", self.fee, "currency_pair"),
            private("GET", "/spot/batch_fee", self.batch_fee, "currency_pairs"),
            public("/wallet/currency_chains", self.chains, "currency"),
            private("GET", "/wallet/deposit_address", self.deposit_address, "currency"),
            private("GET", "/wallet/withdraw_status", self.withdraw_status, "currency"),
            private(
                "GET", "/wallet/withdrawals", self.withdrawals, f"{ranged} withdraw_id withdraw_order_id asset_class"
            ),
            private("GET", "/wallet/deposits", self.deposits, ranged),
            private("POST", "/withdrawals", self.withdraw, limit=LimitKind.WITHDRAW),
            private("DELETE", "/withdrawals/{}", self.cancel_withdrawal),
        ]

    def balances(self, call: Call) -> Answer:
        """Balances of all currencies that the account ever had, or of one; those of zero as the exchange is set up."""
        only, with_zeros = call.query.text("currency"), self._services.config.zero_balances_listed
        return Answer(
            [
                {
                    "currency": currency,
                    "available": plain(balance.available),
                    "locked": plain(balance.locked),
                    "update_id": balance.version,
                }
                for currency, balance in self._services.views.for_query(call.owner, "balances").balances().items()
                if only in ("", currency) and (with_zeros or balance.total)
            ]
        )

    def account_book(self, call: Call) -> Answer:
        """What changed the account's balances, newest first; by default of the last 7 days."""
        query = call.query
        since_s, until_s = self._range(query)
        currency, kind = query.text("currency"), query.text("type")
        limit = query.whole("limit", 100, low=1, high=1000)
        found = [
            booking
            for booking in self._services.account_book.of(call.owner)
            if since_s <= booking.time_ms // 1000 <= until_s
            and currency in ("", booking.currency)
            and kind in ("", CHANGE_TYPES[booking.reason])
        ]
        page, headers = newest_page(found, limit=limit, offset=(query.whole("page", 1, low=1) - 1) * limit)
        return Answer([_booking(booking) for booking in page], headers=headers)

    def total_balance(self, call: Call) -> Answer:
        """What the account is worth by last prices; a currency that nothing prices counts as nothing."""
        currency = call.query.text("currency", "USDT")
        rate = self._worth(currency)
        if not rate:
            raise GateError("INVALID_CURRENCY", f"nothing is priced in {currency}")
        balances = self._engine.ledger.balances(call.owner)
        total = sum((held.total * self._worth(name) for name, held in balances.items()), ZERO) / rate
        amount = {"amount": plain(total.quantize(Decimal("1e-8"))), "currency": currency}
        return Answer({"total": amount, "details": {"spot": amount}})

    def transfer(self, call: Call) -> Answer:
        """Between accounts of one user; there is none here but the spot account."""
        body = typed(call.body, TransferBody)
        parse_decimal("amount", body.amount)
        for account in (body.from_account, body.to_account):
            if account != "spot":
                raise invalid(f"there is no {account} account here, only spot")
        raise invalid("from and to are the same account")

    def _worth(self, currency: str) -> Decimal:
        """Of one unit, in USDT, by the last price of its pair; 0 where there is none."""
        if currency == "USDT":
            return Decimal(1)
        pair = f"{currency}_USDT"
        return self._services.histories.day(pair).last if pair in self._engine.markets else ZERO

    def detail(self, call: Call) -> Answer:
        """Who the account is."""
        return Answer(
            {
                "user_id": self._user_id(call),
                "ip_whitelist": [],
                "currency_pairs": [],
                "key": {"mode": 1},
                "tier": 0,
                "copy_trading_role": 0,
            }
        )

    def fee(self, call: Call) -> Answer:
        """The account's fee rates."""
        pair = call.query.text("currency_pair")
        if pair:
            self._engine.market(pair)
        return Answer({"user_id": self._user_id(call), **self._rates(call)})

    def batch_fee(self, call: Call) -> Answer:
        """The account's fee rates by pair."""
        pairs = call.query.required("currency_pairs").split(",")
        if len(pairs) > 50:
            raise invalid("currency_pairs may name at most 50 pairs")
        return Answer({self._engine.market(pair).rules.id: self._rates(call) for pair in pairs})

    def chains(self, call: Call) -> Answer:
        """The networks of a currency; flags are 0 and 1."""
        return Answer(
            [
                {
                    "chain": chain.name,
                    "name_en": chain.name,
                    "name_cn": chain.name,
                    "contract_address": "",
                    "is_disabled": 0,
                    "is_deposit_disabled": 0,
                    "is_withdraw_disabled": 0,
                    "decimal": "8",
                    "is_tag": int(chain.needs_memo),
                }
                for chain in chains_of(call.query.required("currency"))
            ]
        )

    def deposit_address(self, call: Call) -> Answer:
        """Where to send a currency; made up, and the same each time."""
        currency = call.query.required("currency")
        addresses = [
            {
                "chain": chain.name,
                "address": f"simulated-{chain.name}-{call.owner}".lower(),
                "payment_id": "",
                "payment_name": "",
                "obtain_failed": 0,
                "min_confirms": 1,
            }
            for chain in chains_of(currency)
        ]
        return Answer(
            {
                "currency": currency,
                "address": addresses[0]["address"],
                "min_deposit_amount": "0",
                "multichain_addresses": addresses,
            }
        )

    def withdraw_status(self, call: Call) -> Answer:
        """What withdrawing costs, and its limits."""
        only = call.query.text("currency")
        return Answer(
            [
                _withdraw_status(currency)
                for currency in self._engine.ledger.balances(call.owner)
                if only in ("", currency)
            ]
        )

    def withdraw(self, call: Call) -> Answer:
        """Begins a withdrawal: the amount leaves the account at once, the network's fee is part of it."""
        _check_may_withdraw(call.account)
        body = typed(call.body, WithdrawalBody)
        amount = parse_decimal("amount", body.amount)
        chain = next((chain for chain in chains_of(body.currency) if chain.name == body.chain), None)
        if body.currency not in self._engine.currencies():
            raise GateError("INVALID_CURRENCY", f"unknown currency {body.currency}")
        if chain is None:
            raise invalid(f"chain {body.chain} does not carry {body.currency}")
        if not body.address:
            raise missing("address")
        if len(body.withdraw_order_id) > 32:
            raise GateError("INVALID_CLIENT_ORDER_ID", "withdraw_order_id may have at most 32 characters")
        if amount < chain.minimum:
            raise invalid(f"amount {plain(amount)} is below the minimum of {plain(chain.minimum)} {body.currency}")
        if body.withdraw_order_id and any(withdrawal.text == body.withdraw_order_id for withdrawal in self._own(call)):
            raise GateError("DUPLICATE_REQUEST", "withdraw_order_id has been used")
        return Answer(
            _withdrawal(
                self._transfers.withdraw(
                    call.owner,
                    currency=body.currency,
                    amount=amount,
                    chain=chain,
                    address=body.address,
                    memo=body.memo,
                    text=body.withdraw_order_id,
                )
            )
        )

    def cancel_withdrawal(self, call: Call) -> Answer:
        """Cancels a withdrawal that has not been sent yet."""
        _check_may_withdraw(call.account)
        found = [withdrawal for withdrawal in self._own(call) if f"w{withdrawal.id}" == call.item]
        if not found:
            raise GateError("INVALID_WITHDRAW_ID", f"unknown withdrawal {call.item}")
        if not self._transfers.cancel(found[0]):
            raise GateError(
                "INVALID_WITHDRAW_CANCEL_STATUS", f"a withdrawal that is {found[0].status.value} cannot be cancelled"
            )
        return Answer(_withdrawal(found[0]), status=202)

    def withdrawals(self, call: Call) -> Answer:
        """The account's withdrawals, newest first; by default of the last 7 days."""
        query = call.query
        limit = query.whole("limit", 100, low=1, high=1000)
        since_s, until_s = self._range(query)
        wanted = {
            "currency": query.text("currency"),
            "id": query.text("withdraw_id"),
            "withdraw_order_id": query.text("withdraw_order_id"),
        }
        found = [
            _withdrawal_record(withdrawal)
            for withdrawal in self._own(call)
            if since_s <= withdrawal.time_ms // 1000 <= until_s
        ]
        matching = [record for record in found if all(value in ("", record[name]) for name, value in wanted.items())]
        page, headers = newest_page(matching, limit=limit, offset=query.whole("offset", 0))
        return Answer(page, headers=headers)

    def deposits(self, call: Call) -> Answer:
        """The account's deposits, newest first; by default of the last 7 days."""
        query = call.query
        limit = query.whole("limit", 100, low=1, high=500)
        since_s, until_s = self._range(query)
        currency = query.text("currency")
        found = [
            _deposit(deposit)
            for deposit in self._transfers.deposits
            if deposit.account == call.owner
            and since_s <= deposit.time_ms // 1000 <= until_s
            and currency in ("", deposit.currency)
        ]
        page, headers = newest_page(found, limit=limit, offset=query.whole("offset", 0))
        return Answer(page, headers=headers)

    def _own(self, call: Call) -> list[Withdrawal]:
        return [withdrawal for withdrawal in self._transfers.withdrawals.values() if withdrawal.account == call.owner]

    def _range(self, query: Query) -> tuple[int, int]:
        now_s = self._services.now_ms() // 1000
        until_s = query.whole("to", now_s + DAY_S)
        since_s = query.whole("from", max(0, min(now_s, until_s) - 7 * DAY_S))
        if since_s > until_s:
            raise invalid(f"from {since_s} is after to {until_s}")
        if "to" in query.given() and until_s - since_s > MAX_SPAN_S:
            raise invalid("the time range must not exceed 30 days")
        return since_s, until_s

    def _user_id(self, call: Call) -> int:
        return self._engine.accounts[call.owner].user_id

    def _rates(self, call: Call) -> Json:
        scheme = self._engine.accounts[call.owner].fees[0]
        with_gt = scheme in (FeeScheme.GT, FeeScheme.SPLIT)
        maker, taker = plain(self._services.config.maker_fee_rate), plain(self._services.config.taker_fee_rate)
        return {
            "taker_fee": taker,
            "maker_fee": maker,
            "gt_discount": with_gt,
            "gt_taker_fee": taker if with_gt else "0",
            "gt_maker_fee": maker if with_gt else "0",
            "loan_fee": "0.18",
            "point_type": "1",
            "futures_taker_fee": "0.0005",
            "futures_maker_fee": "0.0002",
            "delivery_taker_fee": "0.0005",
            "delivery_maker_fee": "0.0002",
            "debit_fee": 1 if with_gt else 2 if scheme is FeeScheme.POINTS else 3,
        }


def _check_may_withdraw(account: AccountConfig | None) -> None:
    if account is not None and not account.withdrawals_allowed:
        raise GateError("API_WITHDRAW_DISABLED", "This API key may not withdraw")


def _withdraw_status(currency: str) -> Json:
    chains: tuple[Chain, ...] = chains_of(currency)
    return {
        "currency": currency,
        "name": currency,
        "name_cn": currency,
        "deposit": "0",
        "withdraw_percent": "0%",
        "withdraw_fix": plain(chains[0].fee),
        "withdraw_day_limit": "1000000",
        "withdraw_day_limit_remain": "1000000",
        "withdraw_amount_mini": plain(min(chain.minimum for chain in chains)),
        "withdraw_eachtime_limit": "1000000",
        "withdraw_fix_on_chains": {chain.name: plain(chain.fee) for chain in chains},
        "withdraw_percent_on_chains": {chain.name: "0%" for chain in chains},
    }


def _withdrawal(withdrawal: Withdrawal) -> Json:
    return {
        "id": f"w{withdrawal.id}",
        "timestamp": str(withdrawal.time_ms // 1000),
        "withdraw_order_id": withdrawal.text,
        "currency": withdrawal.currency,
        "address": withdrawal.address,
        "txid": withdrawal.transaction,
        "amount": plain(withdrawal.amount),
        "memo": withdrawal.memo,
        "status": withdrawal.status.value,
        "chain": withdrawal.chain.name,
    }


def _withdrawal_record(withdrawal: Withdrawal) -> Json:
    return _withdrawal(withdrawal) | {
        "fee": plain(withdrawal.chain.fee),
        "block_number": str(withdrawal.block),
        "fail_reason": "",
        "timestamp2": str(withdrawal.updated_ms // 1000),
    }


def _booking(booking: Booking) -> Json:
    return {
        "id": str(booking.id),
        "time": booking.time_ms,
        "currency": booking.currency,
        "change": plain(booking.change),
        "balance": plain(booking.total),
        "type": CHANGE_TYPES[booking.reason],
        "text": "",
    }


def _deposit(deposit: Deposit) -> Json:
    return {
        "id": f"d{deposit.id}",
        "txid": f"{deposit.id:064x}",
        "timestamp": str(deposit.time_ms // 1000),
        "currency": deposit.currency,
        "address": "",
        "memo": "",
        "amount": plain(deposit.amount),
        "chain": chains_of(deposit.currency)[0].name,
        "status": "DONE",
    }
