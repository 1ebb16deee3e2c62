"""The error tree. The branch says who refused and what is known about the outcome.

* `VenueRefusedError`: the exchange answered no. The outcome is certain: it did not happen.
* `LocalRefusalError`: we did not send it. The outcome is certain: it did not happen.
* `UnknownOutcomeError`: the request left and no answer came (R3). It may have happened; look before you act.
* `ConnectionFailedError`: the exchange cannot be reached; the request did not leave, or it was only a query.
* `ConfigurationError`: settings, credentials or environment must be mended by a person; retrying cannot help.

No message of any error holds a secret (R12).
"""

import enum
from collections.abc import Iterable
from typing import Final

_LONGEST_SHOWN: Final = 200


class TellerError(Exception):
    """Base of everything that Teller raises on purpose."""


class RefusalReason(enum.Enum):
    """Why the exchange refused, in our words; the venue's own label is kept beside it."""

    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    CLOCK = "clock"
    RATE_LIMIT = "rate_limit"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    PRECISION = "precision"
    PRICE_OUT_OF_RANGE = "price_out_of_range"
    UNKNOWN_SYMBOL = "unknown_symbol"
    TRADING_DISABLED = "trading_disabled"
    WOULD_TAKE = "would_take"
    WOULD_NOT_FILL = "would_not_fill"
    ORDER_NOT_FOUND = "order_not_found"
    ORDER_FINISHED = "order_finished"
    DUPLICATE = "duplicate"
    NO_CHANGE = "no_change"
    TOO_MANY_ORDERS = "too_many_orders"
    BAD_REQUEST = "bad_request"
    WITHDRAWAL = "withdrawal"
    REDUCE_ONLY = "reduce_only"
    LEVERAGE = "leverage"
    RISK_LIMIT = "risk_limit"
    POSITION = "position"
    OVERLOADED = "overloaded"
    OTHER = "other"


class VenueRefusedError(TellerError):
    """The exchange answered with a refusal: nothing happened there.

    Attributes:
        reason: our classification.
        label: the venue's own label or code, for example ``BALANCE_NOT_ENOUGH``.
        detail: the venue's free text.
        retry_after_s: seconds that the venue asked us to wait, if it did.
    """

    def __init__(
        self, reason: RefusalReason, label: str, detail: str = "", *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"the exchange refused: {label}: {detail}" if detail else f"the exchange refused: {label}")
        self.reason = reason
        self.label = label
        self.detail = detail
        self.retry_after_s = retry_after_s

    @property
    def is_hopeless(self) -> bool:
        """True when trying again cannot help before a person mends key or permission."""
        return self.reason in {RefusalReason.AUTHENTICATION, RefusalReason.PERMISSION}


class LocalRefusalError(TellerError):
    """Refused on our side before anything was sent."""


class InvalidValueError(LocalRefusalError, ValueError):
    """A value that a field may not take; names the field, the value and what is allowed."""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__(f"{field} = {_shown(value)} is not allowed: {allowed}")
        self.field = field
        self.value = value
        self.allowed = allowed


class NotLiveError(LocalRefusalError):
    """The account is not in sync with the exchange, so it takes no new order (R5). Cancels still pass."""

    def __init__(self, account: str, sync_state: str, stale_since_ms: int | None) -> None:
        since = "" if stale_since_ms is None else f", stale since {stale_since_ms} ms"
        super().__init__(f"account {account!r} is {sync_state}{since}: new orders are refused until it is live")
        self.account = account
        self.sync_state = sync_state
        self.stale_since_ms = stale_since_ms


class UnknownMarketError(LocalRefusalError):
    """What the account knows of this one market may be wrong or is missing, so it takes no new order there (R5, R10).

    Cancels still pass, and all other markets are traded on. It is tried again by itself.
    """

    def __init__(self, account: str, symbol: object, cause: str) -> None:
        super().__init__(f"market {symbol} is unknown to account {account!r}, new orders in it are refused: {cause}")
        self.account = account
        self.symbol = symbol
        self.cause = cause


class KillSwitchError(LocalRefusalError):
    """The account's kill switch is engaged: no new order until it is released. Cancels still pass."""

    def __init__(self, account: str, reason: str) -> None:
        super().__init__(f"the kill switch of account {account!r} is engaged: {reason}")
        self.account = account
        self.reason = reason


class InsufficientBalanceError(LocalRefusalError):
    """What is available, less what orders on their way will lock, does not cover the order."""

    def __init__(self, currency: str, needed: object, available: object) -> None:
        super().__init__(f"{currency}: {needed} needed, {available} available")
        self.currency = currency
        self.needed = needed
        self.available = available


class RateLimitedError(LocalRefusalError):
    """Our own limiter holds the request back because the exchange would refuse it."""

    def __init__(self, scope: str, retry_after_s: float) -> None:
        super().__init__(f"rate limit of {scope} is used up: free again in {retry_after_s:.3f} s")
        self.scope = scope
        self.retry_after_s = retry_after_s


class NotPermittedError(LocalRefusalError):
    """The account's settings do not allow the command (withdrawals, unless switched on)."""


class UnsupportedError(LocalRefusalError):
    """The venue does not have what the command needs.

    Attributes:
        venue: its name. what: the command or setting. instead: what can be done, in words.
    """

    def __init__(self, venue: str, what: str, instead: str) -> None:
        super().__init__(f"{venue} has no {what}: {instead}")
        self.venue = venue
        self.what = what
        self.instead = instead


class BusyError(LocalRefusalError):
    """The mailbox holds as many commands as it may."""


class CanceledBeforeSentError(LocalRefusalError):
    """A cancel that covers the command was told after it and served before it: the command was not sent (R13)."""

    def __init__(self, what: str, client_order_id: str | None) -> None:
        super().__init__(f"{what} of order {client_order_id or 'by exchange id'} was canceled before it was sent")
        self.client_order_id = client_order_id


class StoppedError(LocalRefusalError):
    """The actor stopped before it answered."""


class UnknownOutcomeError(TellerError):
    """The request left and no answer came: it may or may not have happened (R3)."""


class UnresolvedOrderError(UnknownOutcomeError):
    """An order command whose answer was lost. The account is finding out; its order events tell how it ended.

    Attributes:
        client_order_id: the order to watch for; None when it is only known by the exchange's id.
    """

    def __init__(self, what: str, client_order_id: str | None, cause: str) -> None:
        super().__init__(f"{what} of order {client_order_id or 'by exchange id'} is unresolved: {cause}")
        self.client_order_id = client_order_id


class CancelGoesOnError(UnresolvedOrderError):
    """Not everything in the scope of a cancel is known to have ended within its patience; the account goes on (R13).

    Attributes:
        left_count: orders in scope that may still be open.
    """

    def __init__(self, patience_s: float, left_count: int, cause: str) -> None:
        super().__init__("canceling", None, cause)
        left = f"{left_count} orders may be open" if left_count else "whether orders are open is not known"
        self.args = (f"after {patience_s:g} s not everything is canceled, {left}, it goes on: {cause}",)
        self.left_count = left_count


class ConnectionFailedError(TellerError):
    """The exchange cannot be reached, or a query got no usable answer. Nothing was changed there."""


class ProtocolError(ConnectionFailedError):
    """The exchange said something that we cannot read; the text never quotes a whole frame."""


class ListChangedError(ConnectionFailedError):
    """A list on the exchange changed too fast to be read whole: the link is sound, and nothing follows from it."""


class ConfigurationError(TellerError):
    """Settings, credentials or environment that only a person can mend."""


def _shown(value: object) -> str:
    """A value as an error text shows it: cut where it is long, and whatever it is made of."""
    try:
        text = repr(value)
    except Exception:
        # A number of more digits than Python writes, or an object whose own repr fails.
        return f"a {type(value).__name__} that cannot be written"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}... ({len(text)} characters)"


def one_of(values: Iterable[object]) -> str:
    """``one of a, b, c`` for error texts."""
    return "one of " + ", ".join(str(value) for value in values)
