"""What the simulation must know of a venue's wire: a reading of its own, neither the client's nor the exchange's."""

import enum
from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from exchanges.simulator import HttpRequest, HttpResponse
from exchanges.simulator.core.config import FeeScheme


class Action(enum.Enum):
    """What a request wants to change. OTHER: something that no command of ours asks for."""

    PLACE = "place"
    AMEND = "amend"
    CANCEL = "cancel"
    CANCEL_ALL = "cancel all"
    COUNTDOWN = "countdown"
    WITHDRAW = "withdraw"
    CANCEL_WITHDRAWAL = "cancel withdrawal"
    OTHER = "other"


class WireCommand(msgspec.Struct, frozen=True, kw_only=True):
    """One request that is to change something.

    Attributes:
        item: the order or withdrawal that it names, by the exchange's id or by ours as the exchange writes it; empty
            where there is none.
        terms: everything that it says, as text, by the names that the exchange's books have for it (``pair``, ``side``,
            ``type``, ``time_in_force``, ``amount``, ``price``, ``text``, ...); without the form of the answer and the
            account where these are the usual ones. One that is given twice with two values is there as ``a|b``.
        usual: what a term means when it is left out.
    """

    action: Action
    item: str
    terms: dict[str, str]
    usual: Mapping[str, str]

    def number(self, name: str) -> Decimal | None:
        """A term as a number; None where it is missing or no number."""
        try:
            return Decimal(self.terms[name])
        except (KeyError, ArithmeticError):
            return None

    def term(self, name: str) -> str | None:
        """A term, or what leaving it out means."""
        return self.terms.get(name, self.usual.get(name))


class WireAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says.

    Attributes:
        label: the exchange's word where it refuses; empty where it says none.
        order_number: of the order that it tells of, by the books; None where it tells of none or of several.
        text: the client's id of it as the books have it.
    """

    label: str
    order_number: int | None
    text: str | None


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """What faults call the endpoints; None: the venue has none such."""

    place: str
    amend: str | None
    cancel: str
    cancel_all: str
    countdown: str | None
    order: str
    open_orders: str
    fills: str
    balances: str
    markets: str
    time: str
    withdraw: str
    withdrawals: str
    cancel_withdrawal: str


class Channels(msgspec.Struct, frozen=True, kw_only=True):
    """What faults call the channels."""

    orders: str
    fills: str
    balances: str
    book_tickers: str


class Allowance(msgspec.Struct, frozen=True):
    """What a request is counted under: a kind and a key within it, and the window, seconds."""

    kind: str
    key: Hashable
    window_s: float


class VenueWire(Protocol):
    """One venue's.

    Attributes:
        rest_path, socket_path: what paths of its requests and sockets begin with.
        refusals: status and label of each, by what it means; every venue's has the same meanings.
        no_permission: labels that say that a key lacks a permission. junk: frames that nobody can read.
        cancels_by_market: a cancel of all names its markets, with commas between; one of the account is several.
        answers_tell_state: to a placing with how the order stands, to a cancel with how it ended; else only that it
            was taken. endings_are_told: an order that the exchange itself has ended is told from a canceled one.
        histories_by_market: fills and ended orders are listed by market only.
        queries_wait_s: so long queries may wait for their turn, as all of them are counted together.
        fee_schemes: how its accounts may pay.
        client_id_prefix: what stands before our ids of orders.
        bounds: constants of the client that a run may make smaller: module, name, and the field of `Bounds`.
    """

    rest_path: str
    socket_path: str
    endpoints: Endpoints
    channels: Channels
    refusals: Mapping[str, tuple[int, str]]
    no_permission: frozenset[str]
    junk: tuple[bytes, ...]
    client_id_prefix: str
    cancels_by_market: bool
    answers_tell_state: bool
    fee_schemes: tuple[FeeScheme, ...]
    endings_are_told: bool
    histories_by_market: bool
    queries_wait_s: float
    bounds: tuple[tuple[Any, str, str], ...]

    def read_command(self, request: HttpRequest) -> WireCommand | None:
        """What the request asks for; None for one that only asks questions."""
        ...

    def read_answer(self, response: HttpResponse) -> WireAnswer:
        """What the exchange has answered to something that was to change."""
        ...

    def is_client_id(self, text: str) -> bool:
        """Whether the exchange takes it for a client order id."""
        ...

    def key_of(self, headers: Mapping[str, str]) -> str | None:
        """The API key of a request; ``headers`` by their names in lower case."""
        ...

    def key_of_frame(self, frame: bytes) -> str | None:
        """The API key in a frame of the client's; None where it has none."""
        ...

    def without_credentials(self, frame: bytes) -> bytes:
        """The frame as a trace may show it."""
        ...

    def is_push(self, frame: bytes) -> bool:
        """Whether it tells of something that has happened, and answers nothing."""
        ...

    def is_fill(self, frame: bytes) -> bool:
        """Whether it tells of fills."""
        ...

    def label_of(self, body: bytes) -> str:
        """The exchange's word in the body of a refusal, in upper case; empty where there is none that can be read."""
        ...

    def too_many_requests(self) -> bytes:
        """The body of a refusal over the limit."""
        ...

    def cancels_all(self, method: str, url: str) -> bool:
        """Whether a request is to cancel all of something."""
        ...

    def allowance_of(self, request: HttpRequest) -> Allowance | None:
        """What a private request is counted under; None for what the exchange does not know."""
        ...

    def is_over(self, response: HttpResponse) -> int | None:
        """The limit that a request was over; None where it was over none."""
        ...
