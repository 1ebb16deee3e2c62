"""Faults that refuse one thing and leave the rest alone: a request, a subscription, what is left of an allowance."""

from exchanges.simulator.faults.faults import FailedAnswer, Fault, SocketFault, check

MAX_RESET_S = 7 * 86_400
MAX_SHARED = 1_000


class RestRefusal(FailedAnswer, frozen=True, kw_only=True, tag="rest_refusal"):
    """Requests are refused with a status of 302 or 400 to 499, before they have an effect or after (``effect``).

    With a ``label`` it is the exchange's own word, as JSON, and may have a status of 500 to 599, too; without one it is
    a page of something in front of the exchange, which says nothing of what became of the request. ``retry_after_s``
    adds the header ``Retry-After``, ``reset_in_s`` the headers of a spent rate limit whose next window is that far
    ahead.
    """

    status: int = 400
    label: str = ""
    message: str = ""
    retry_after_s: int | None = None
    reset_in_s: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        highest = 599 if self.label else 499
        check("status", self.status, self.status == 302 or 400 <= self.status <= highest, f"302, or 400 to {highest}")
        check("message", self.message, not self.message or bool(self.label), "left out unless there is a label")
        for name in ("retry_after_s", "reset_in_s"):
            value = getattr(self, name)
            if value is not None:
                check(name, value, 0 <= value <= MAX_RESET_S, f"null, or from 0 to {MAX_RESET_S} seconds")

    def headers(self) -> dict[str, str]:
        """Returns what the refusal says beside its body: where to go, and when to come again."""
        headers = {"Location": "/"} if self.status == 302 else {}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        return headers


class SubscriptionRefused(SocketFault, frozen=True, kw_only=True, tag="subscription_refused"):
    """Subscriptions to a channel, of an account, to a pair are answered with a socket error; by default all.

    Of a request that names several pairs with a refused one among them, all is refused. What is
    subscribed already stays so. ``message``: by default as for an unknown pair.
    """

    pair: str | None = None
    code: int = 2
    message: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        check("code", self.code, 1 <= self.code <= 99, "from 1 to 99")

    def concerns(self, account: str, channel: str, pair: str) -> bool:
        """Whether a subscription is among those; ``account`` is "" for public channels."""
        return self.account in (None, account) and self.channel in (None, channel) and self.pair in (None, pair)

    def says(self, pair: str) -> str:
        """Returns the error's message for the pair that is refused."""
        return self.message or f"unknown currency pair: {pair}"


class AllowanceShared(Fault, frozen=True, kw_only=True, tag="allowance_shared"):
    """Another program spends the same allowance: ``more`` requests are counted with each one of the account.

    ``account``: by default any. Public requests are counted by address, and are not concerned.
    """

    account: str | None = None
    more: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check("more", self.more, 1 <= self.more <= MAX_SHARED, f"from 1 to {MAX_SHARED}")
