"""Balances, fees, withdrawals and deposits of an account (docs/venues/mexc.md, wallet)."""

import msgspec

from exchanges.simulator.core.config import AccountConfig
from exchanges.simulator.core.rules import Reason, RefusedError, decimals_of, plain
from exchanges.simulator.core.services import Services
from exchanges.simulator.core.transfers import Chain, Deposit, Withdrawal, WithdrawalStatus, chains_of
from exchanges.simulator.faces.mexc.calls import Call, Endpoint, Json, change, query
from exchanges.simulator.faces.mexc.errors import (
    INSUFFICIENT_BALANCE,
    NO_SUCH_RECORD,
    NOT_PERMITTED,
    NOT_POSITIVE,
    TOO_MANY_DECIMALS,
    UNKNOWN_CURRENCY,
    WRONG_AMOUNT,
    MexcError,
    wrong,
)
from exchanges.simulator.faces.mexc.ids import transfer_id, transfer_number
from exchanges.simulator.faces.mexc.parameters import parse_decimal
from exchanges.simulator.faces.mexc.render import NAMES
from exchanges.simulator.faces.mexc.symbols import Symbols

DAY_MS = 86_400_000
DECIMALS = 8
NETWORKS = {"TRX": "Tron(TRC20)", "ETH": "Ethereum(ERC20)", "BTC": "Bitcoin(BTC)", "SOL": "Solana(SOL)"}
"""The long name of each network; the short one is the exchange's own."""
STATUSES = {
    WithdrawalStatus.REQUEST: 1,
    WithdrawalStatus.REVIEW: 2,
    WithdrawalStatus.VERIFY: 2,
    WithdrawalStatus.CODE: 3,
    WithdrawalStatus.PROCESSING: 4,
    WithdrawalStatus.MOVING: 4,
    WithdrawalStatus.PENDING: 6,
    WithdrawalStatus.EXTERNALLY_PENDING: 6,
    WithdrawalStatus.DONE: 7,
    WithdrawalStatus.FAILED: 8,
    WithdrawalStatus.INVALID: 8,
    WithdrawalStatus.CANCELLED: 9,
    WithdrawalStatus.MANUAL: 10,
}
DEPOSITED = 5


class Wallet:
    """Answers an account about its money, and sends some of it away."""

    def __init__(self, services: Services, symbols: Symbols) -> None:
        self._services = services
        self._engine = services.engine
        self._transfers = services.transfers
        self._symbols = symbols

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        return [
            query("/api/v3/account", self.account, 10),
            query("/api/v3/tradeFee", self.fee, 20),
            query("/api/v3/uid", self.uid, 1),
            query("/api/v3/mxDeduct/enable", self.fee_deduction, 1),
            query("/api/v3/capital/config/getall", self.currencies, 10),
            change("POST", "/api/v3/capital/withdraw", self.withdraw),
            change("DELETE", "/api/v3/capital/withdraw", self.cancel_withdrawal),
            query("/api/v3/capital/withdraw/history", self.withdrawals, 1),
            query("/api/v3/capital/deposit/hisrec", self.deposits, 10),
            query("/api/v3/capital/deposit/address", self.addresses, 10),
        ]

    def account(self, call: Call) -> object:
        """The balances that are not zero, and what the account may do."""
        balances = self._services.views.for_query(call.owner, "balances").balances()
        may_withdraw = call.account is not None and call.account.withdrawals_allowed
        return {
            "canTrade": True,
            "canWithdraw": may_withdraw,
            "canDeposit": True,
            "updateTime": None,
            "accountType": "SPOT",
            "balances": [
                {
                    "asset": currency,
                    "free": plain(balance.available),
                    "locked": plain(balance.locked),
                    "available": plain(balance.total),  # in the manual's example it is neither of the two
                }
                for currency, balance in balances.items()
                if balance.total
            ],
            "permissions": ["SPOT"],
        }

    def fee(self, call: Call) -> object:
        """The account's fee rates for a symbol, which are numbers here."""
        self._symbols.market(call.parameters.required("symbol"))
        config = self._services.config
        rates = {"makerCommission": config.maker_fee_rate, "takerCommission": config.taker_fee_rate}
        data = {name: msgspec.Raw(plain(rate).encode()) for name, rate in rates.items()}
        return {"data": data, "code": 0, "msg": "success", "timestamp": self._services.now_ms()}

    def uid(self, call: Call) -> object:
        """Who the account is."""
        return {"uid": str(self._engine.accounts[call.owner].user_id)}

    def fee_deduction(self, _call: Call) -> object:
        """Whether fees are paid with the venue's own coin."""
        data = {"mxDeductEnable": False}
        return {"data": data, "code": 0, "msg": "success", "timestamp": self._services.now_ms()}

    def currencies(self, _call: Call) -> object:
        """All currencies with their networks."""
        return [
            {"coin": name, "Name": NAMES.get(name, name), "networkList": [_network(name, each) for each in chains]}
            for name in self._engine.currencies()
            if (chains := chains_of(name))
        ]

    def withdraw(self, call: Call) -> object:
        """Begins a withdrawal: the amount leaves the account at once, the network's fee is part of it."""
        _check_may_withdraw(call.account)
        parameters = call.parameters
        coin, address = parameters.required("coin"), parameters.required("address")
        amount = parse_decimal("amount", parameters.required("amount"))
        if coin not in self._engine.currencies():
            raise MexcError(UNKNOWN_CURRENCY, "The currency not exist")
        wanted = parameters.text("netWork") or parameters.text("network")
        chain = next((each for each in chains_of(coin) if wanted in (each.name, NETWORKS.get(each.name))), None)
        if chain is None:
            raise wrong(f"netWork {wanted!r} is none of {coin}")
        if not amount:
            raise MexcError(NOT_POSITIVE, "The amount cannot be less than or equal to zero")
        if decimals_of(amount) > DECIMALS:
            raise MexcError(TOO_MANY_DECIMALS, "The amount has too many decimals")
        if amount < chain.minimum:
            raise MexcError(WRONG_AMOUNT, f"The amount is below the minimum {plain(chain.minimum)}")
        memo = parameters.text("memo")
        if chain.needs_memo and not memo:
            raise wrong(f"{chain.name} needs a memo")
        try:
            withdrawal = self._transfers.withdraw(
                call.owner,
                currency=coin,
                amount=amount,
                chain=chain,
                address=address,
                memo=memo,
                text=parameters.text("withdrawOrderId"),
            )
        except RefusedError as refused:
            if refused.reason is not Reason.NOT_ENOUGH_FUNDS:
                raise
            raise MexcError(INSUFFICIENT_BALANCE, "Insufficient balance") from refused
        return {"id": transfer_id(withdrawal.id)}

    def cancel_withdrawal(self, call: Call) -> object:
        """Cancels a withdrawal that has not left yet."""
        _check_may_withdraw(call.account)
        given = call.parameters.required("id")
        number = transfer_number(given)
        found = None if number is None else self._transfers.withdrawals.get(number)
        if found is None or found.account != call.owner or not self._transfers.cancel(found):
            raise MexcError(NO_SUCH_RECORD, "The record does not exist")
        return {"id": given}

    def withdrawals(self, call: Call) -> object:
        """Withdrawals, newest first, by default of the last 7 days."""
        parameters, now_ms = call.parameters, self._services.now_ms()
        coin, limit = parameters.text("coin"), parameters.whole("limit", 1000, low=1, high=1000)
        status = parameters.whole("status", 0, high=10)
        since_ms, until_ms = parameters.span_ms(now_ms - 7 * DAY_MS, now_ms + DAY_MS)
        found = [
            each
            for each in self._transfers.withdrawals.values()
            if each.account == call.owner
            and coin in ("", each.currency)
            and status in (0, STATUSES[each.status])
            and since_ms <= each.time_ms <= until_ms
        ]
        return [_withdrawal(each) for each in reversed(found[-limit:])]

    def deposits(self, call: Call) -> object:
        """Deposits, newest first, by default of the last 7 days."""
        parameters, now_ms = call.parameters, self._services.now_ms()
        coin, limit = parameters.text("coin"), parameters.whole("limit", 1000, low=1, high=1000)
        since_ms, until_ms = parameters.span_ms(now_ms - 7 * DAY_MS, now_ms + DAY_MS)
        found = [
            each
            for each in self._transfers.deposits
            if each.account == call.owner and coin in ("", each.currency) and since_ms <= each.time_ms <= until_ms
        ]
        return [_deposit(each) for each in reversed(found[-limit:])]

    def addresses(self, call: Call) -> object:
        """Where to send a currency; made up, and the same each time."""
        coin, wanted = call.parameters.required("coin"), call.parameters.text("network")
        return [
            {
                "coin": coin,
                "network": chain.name,
                "address": f"simulated-{chain.name}-{call.owner}".lower(),
                "memo": None,
            }
            for chain in chains_of(coin)
            if wanted in ("", chain.name)
        ]


def _check_may_withdraw(account: AccountConfig | None) -> None:
    if account is None or not account.withdrawals_allowed:
        raise MexcError(NOT_PERMITTED, "No permission to access the endpoint.")


def _network(coin: str, chain: Chain) -> Json:
    return {
        "coin": coin,
        "depositDesc": None,
        "depositEnable": True,
        "minConfirm": 20,
        "Name": NAMES.get(coin, coin),
        "network": NETWORKS.get(chain.name, chain.name),
        "netWork": chain.name,
        "withdrawEnable": True,
        "withdrawFee": plain(chain.fee),
        "withdrawMax": "1000000",
        "withdrawMin": plain(chain.minimum),
        "withdrawIntegerMultiple": None,
        "contract": "",
        "withdrawTips": None,
        "depositTips": None,
        "sameAddress": chain.needs_memo,
    }


def _withdrawal(withdrawal: Withdrawal) -> Json:
    return {
        "id": transfer_id(withdrawal.id),
        "txId": withdrawal.transaction or None,
        "coin": withdrawal.currency,
        "network": withdrawal.chain.name,
        "address": withdrawal.address,
        "amount": plain(withdrawal.amount),
        "transferType": 0,
        "status": STATUSES[withdrawal.status],
        "transactionFee": plain(withdrawal.chain.fee),
        "confirmNo": None,
        "applyTime": withdrawal.time_ms,
        "updateTime": withdrawal.updated_ms,
        "remark": "",
        "memo": withdrawal.memo or None,
        "explorerUrl": None,
        "transHash": withdrawal.transaction or None,
        "withdrawOrderId": withdrawal.text or None,
    }


def _deposit(deposit: Deposit) -> Json:
    chain = chains_of(deposit.currency)[0]
    return {
        "amount": plain(deposit.amount),
        "coin": f"{deposit.currency}-{chain.name}",
        "network": chain.name,
        "status": DEPOSITED,
        "address": "",
        "txId": f"{deposit.id:064x}",
        "insertTime": deposit.time_ms,
        "unlockConfirm": "20",
        "confirmTimes": "20",
        "memo": None,
    }
