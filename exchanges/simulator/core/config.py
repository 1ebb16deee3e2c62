"""What an embedded exchange is made of: its pairs, its accounts, its speed and its rules.

All values have defaults that give a lively market, so ``SimulatorConfig()`` is a complete exchange.
Bad values are refused at construction with a ``ValueError`` naming the field, the value and what is allowed.
"""

import enum
import hashlib
import re
from collections import Counter
from decimal import Decimal

import msgspec

from exchanges.simulator.core.futures.contracts import ContractConfig, contracts_of
from exchanges.simulator.core.pairs import MAX_DECIMALS, PairConfig, TradeStatus, refuse
from exchanges.simulator.core.retention import Retention

__all__ = ["MAX_DECIMALS", "PairConfig", "TradeStatus"]

NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
MAX_AMOUNT = Decimal(10**15)  # with 12 decimals still exact in 28 digits
MAX_PAST = 100_000
MAX_PAST_DAYS = 3_650
MAX_PAIR_FILLS = 5_000_000  # a pair's trade ids begin a bit above it
DEFAULT_BALANCES = {
    "USDT": Decimal(1_000_000),
    "BTC": Decimal(20),
    "ETH": Decimal(300),
    "SOL": Decimal(5_000),
    "PEPE": Decimal(50_000_000_000),
}


class FeeScheme(enum.Enum):
    """How an account pays for its fills."""

    RECEIVED = "received"
    """In what the fill brings in."""
    GT = "gt"
    """In GT from its spot balance; a fill that there is not enough GT for pays as RECEIVED."""
    POINTS = "points"
    """In points, which no balance shows."""
    SPLIT = "split"
    """Half in GT, as far as there is some, and the rest as RECEIVED: one fill, two currencies."""
    REBATE = "rebate"
    """A maker pays nothing and gets the maker rate credited, in what it paid with; a taker pays as RECEIVED."""
    ZERO = "zero"
    """Nothing at all."""


class AccountConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One account of one user. An empty ``key`` or ``secret`` is derived from the exchange's seed and the name.

    ``fees``: an order's first fill is paid for by the first scheme, the next one by the second, and so on, in turn.
    """

    name: str
    balances: dict[str, Decimal] = msgspec.field(default_factory=lambda: dict(DEFAULT_BALANCES))
    key: str = ""
    secret: str = ""
    read_only: bool = False
    withdrawals_allowed: bool = True
    fees: tuple[FeeScheme, ...] = (FeeScheme.RECEIVED,)

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name):
            raise refuse("account name", self.name, "1 to 32 of a-z 0-9 _ -, beginning with a letter or digit")
        for currency, amount in self.balances.items():
            if not 0 <= amount <= MAX_AMOUNT:
                raise refuse(f"account {self.name} balance {currency}", amount, f"0 to {MAX_AMOUNT}")
        if not self.fees:
            raise refuse(f"account {self.name} fees", self.fees, "one scheme or more")

    def __repr__(self) -> str:
        return f"AccountConfig(name={self.name!r})"

    def with_credentials(self, seed: int, key_prefix: str = "") -> "AccountConfig":
        """Returns the account with key and secret filled in, the same ones for the same seed, name and prefix."""
        whose = f"{key_prefix}{seed} {self.name}"
        made = key_prefix + hashlib.sha256(f"key {whose}".encode()).hexdigest()[: 32 - len(key_prefix)]
        return msgspec.structs.replace(
            self,
            key=self.key or made,
            secret=self.secret or hashlib.sha256(f"secret {whose}".encode()).hexdigest(),
        )


class RateLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Requests allowed per window.

    Private limits count per account, those for placing and amending also per pair, the others per endpoint; orders on
    contracts count together (``contract_orders_per_s``).
    Public ones count per address; the default is far above what venues allow, as all clients share the loopback
    address.

    Where requests have weights, an address has ``weight_per_10s`` for all of them together, and an account has
    ``order_calls_per_s`` for placing and canceling and ``calls_per_s`` for whatever it asks.
    """

    enabled: bool = True
    place_per_s: int = 10
    contract_orders_per_s: int = 100
    cancel_per_s: int = 200
    private_per_10s: int = 200
    public_per_10s: int = 5_000
    withdrawals_per_3s: int = 1
    weight_per_10s: int = 300
    order_calls_per_s: int = 12
    calls_per_s: int = 20

    def __post_init__(self) -> None:
        for field in (
            "place_per_s",
            "contract_orders_per_s",
            "cancel_per_s",
            "private_per_10s",
            "public_per_10s",
            "withdrawals_per_3s",
            "weight_per_10s",
            "order_calls_per_s",
            "calls_per_s",
        ):
            if getattr(self, field) < 1:
                raise refuse(f"rate limit {field}", getattr(self, field), "1 or more")


class SocketRules(msgspec.Struct, frozen=True, kw_only=True):
    """How long sockets last, and their listen keys, where a venue has such rules.

    A socket is closed when it has no subscription for ``unsubscribed_s``, when nothing comes or goes for ``quiet_s``,
    and in any case after ``life_s``. Private ones come with a listen key that is good for ``key_life_s`` since it was
    last asked for; an account has at most ``keys`` of them, a key ``sockets_per_key``, and a socket
    ``subscriptions_per_socket``: what is asked for beyond stays silent.
    """

    unsubscribed_s: float = 30.0
    quiet_s: float = 60.0
    life_s: float = 86_400.0
    key_life_s: float = 3_600.0
    keys: int = 60
    sockets_per_key: int = 5
    subscriptions_per_socket: int = 30

    def __post_init__(self) -> None:
        for field in self.__struct_fields__:
            if getattr(self, field) <= 0:
                raise refuse(f"socket rule {field}", getattr(self, field), "above 0")


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What each account did on each pair before the exchange was started; its balances are those after it.

    ``orders`` (all finished) and ``fills`` (which belong to them) are numbers for each account and pair, spread over
    ``days``; up to ``fills_in_a_second`` share a second, so that a second may need more than a page.
    """

    orders: int = 100
    fills: int = 1_000
    days: int = 30
    fills_in_a_second: int = 1

    def __post_init__(self) -> None:
        for field in ("orders", "fills", "fills_in_a_second"):
            value = getattr(self, field)
            if not 1 <= value <= MAX_PAST:
                raise refuse(f"past {field}", value, f"1 to {MAX_PAST}")
        if not 1 <= self.days <= MAX_PAST_DAYS:
            raise refuse("past days", self.days, f"1 to {MAX_PAST_DAYS}")


def _default_pairs() -> tuple[PairConfig, ...]:
    return (
        PairConfig(
            id="BTC_USDT",
            start_price=Decimal(95_000),
            price_precision=2,
            amount_precision=6,
            min_base_amount=Decimal("0.00001"),
        ),
        PairConfig(
            id="ETH_USDT",
            start_price=Decimal(3_200),
            price_precision=2,
            amount_precision=4,
            min_base_amount=Decimal("0.001"),
        ),
        PairConfig(
            id="SOL_USDT",
            start_price=Decimal(141),
            price_precision=2,
            amount_precision=3,
            min_base_amount=Decimal("0.001"),
        ),
        PairConfig(
            id="PEPE_USDT",
            start_price=Decimal("0.00001185"),
            price_precision=10,
            amount_precision=0,
            min_base_amount=Decimal(1),
        ),
    )


def accounts_named(*names: str) -> tuple[AccountConfig, ...]:
    """Returns accounts of these names, each with the default balances."""
    return tuple(AccountConfig(name=name) for name in names)


class SimulatorConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A whole embedded exchange: for each of its ``faces`` (the names of their venues; empty: all that there are) an
    exchange of these rules and accounts. Ports of 0 are picked by the operating system, ``rest_port`` is that of the
    first face; fee rates are fractions.

    ``self_trades_allowed``: an order that says nothing of it trades with its own account's orders; by default the newer
    one gives way. ``balance_push_delay_ms``: balances are pushed that much later than orders and answers.
    ``engine_clock_step_ms``: the engine's stamps are multiples of it.
    ``zero_balances_listed``: False where a list of balances leaves out what is zero. ``dust_cancels``: a market buy
    whose rest does not pay for one more lot ends as canceled (reports of 2023), not as filled (docs of 2024).
    ``public_past``: candles and trades of before the start are there, made up (`public_past`).
    ``traders_pairs`` names the pairs that the synthetic traders visit, None is all: idle pairs cost them nothing.

    ``contracts``: what faces of futures trade, with the ids of the pairs that they follow; None: one for each pair that
    the settlement currency pays for. Those settle funding every ``funding_interval_s``.
    """

    seed: int = 1
    host: str = "127.0.0.1"
    rest_port: int = 0
    control_port: int = 0
    faces: tuple[str, ...] = ()
    pairs: tuple[PairConfig, ...] = msgspec.field(default_factory=_default_pairs)
    accounts: tuple[AccountConfig, ...] = msgspec.field(default_factory=lambda: accounts_named("alpha", "beta"))
    maker_fee_rate: Decimal = Decimal("0.0002")
    taker_fee_rate: Decimal = Decimal("0.0005")
    rest_latency_ms: float = 0.0
    push_latency_ms: float = 0.0
    balance_push_delay_ms: float = 0.0
    engine_clock_step_ms: int = 1
    traders_on: bool = True
    traders_interval_ms: int = 50
    traders_pairs: tuple[str, ...] | None = None
    rate_limits: RateLimits = RateLimits()
    retention: Retention = Retention()
    max_open_orders_per_account: int = 5_000
    self_trades_allowed: bool = False
    zero_balances_listed: bool = True
    dust_cancels: bool = False
    max_sockets: int = 300
    socket_rules: SocketRules = SocketRules()
    withdrawal_step_ms: int = 1_500
    past: Past | None = None
    public_past: bool = False
    contracts: tuple[ContractConfig, ...] | None = None
    funding_interval_s: int = 28_800

    def __post_init__(self) -> None:
        for field in ("rest_port", "control_port"):
            if not 0 <= getattr(self, field) <= 65_535:
                raise refuse(field, getattr(self, field), "a port from 0 to 65535")
        for field in ("rest_latency_ms", "push_latency_ms", "balance_push_delay_ms"):
            if not 0 <= getattr(self, field) <= 60_000:
                raise refuse(field, getattr(self, field), "0 to 60000 ms")
        for field in ("maker_fee_rate", "taker_fee_rate"):
            if not 0 <= getattr(self, field) < Decimal("0.1"):
                raise refuse(field, getattr(self, field), "a fraction from 0 to below 0.1")
        for field in (
            "traders_interval_ms",
            "engine_clock_step_ms",
            "max_open_orders_per_account",
            "max_sockets",
            "funding_interval_s",
        ):
            if getattr(self, field) < 1:
                raise refuse(field, getattr(self, field), "1 or more")
        if self.withdrawal_step_ms < 0:
            raise refuse("withdrawal_step_ms", self.withdrawal_step_ms, "0 (by control only) or more")
        past_fills = len(self.accounts) * (self.past.fills if self.past else 0)
        if past_fills > MAX_PAIR_FILLS:
            raise refuse("past fills of all accounts", past_fills, f"up to {MAX_PAIR_FILLS}")
        _refuse_duplicates("pairs", [pair.id for pair in self.pairs])
        _refuse_duplicates("contracts", [contract.id for contract in self.contracts or ()], needed=False)
        _refuse_duplicates("accounts", [account.name for account in self.accounts])
        for pair in self.traders_pairs or ():
            if pair not in {rules.id for rules in self.pairs}:
                raise refuse("traders_pairs", pair, "one of the pairs")

    def all_contracts(self) -> tuple[ContractConfig, ...]:
        """Returns what faces of futures trade."""
        return contracts_of(self.pairs, self.funding_interval_s) if self.contracts is None else self.contracts


def _refuse_duplicates(field: str, names: list[str], *, needed: bool = True) -> None:
    if needed and not names:
        raise refuse(field, names, "one or more")
    for name, count in Counter(names).items():
        if count > 1:
            raise refuse(field, name, "named only once")
