"""How a connection supervisor is to behave; values only, handed down from the configuration."""

import msgspec

from actors.connection.backoff import BackoffSettings
from messages.errors import InvalidValueError


class SupervisorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    attempt_timeout_s: one attempt, from opening to live, may go on for so long without an answer of the exchange; one
        check may take so long.
    check_every_s: pause between looks at the links while live: a REST link that stopped answering, or a socket that
        has gone deaf, is noticed within this and one request's time-out.
    unchecked_limit_s: who could not be checked for so long, because every check was refused, is not live any more;
        None: three times ``check_every_s``.
    confirm_refusal_s: pause before the second attempt that has to confirm that the key is refused.
    """

    attempt_timeout_s: float = 30.0
    check_every_s: float = 15.0
    unchecked_limit_s: float | None = None
    confirm_refusal_s: float = 1.0
    backoff: BackoffSettings = BackoffSettings()

    def __post_init__(self) -> None:
        for name in ("attempt_timeout_s", "check_every_s", "confirm_refusal_s", "unchecked_limit_s"):
            seconds = getattr(self, name)
            if seconds is not None and not seconds > 0:
                raise InvalidValueError(name, seconds, "above 0 seconds")

    @property
    def may_be_unchecked_s(self) -> float:
        """``unchecked_limit_s``, or what stands for it."""
        return 3 * self.check_every_s if self.unchecked_limit_s is None else self.unchecked_limit_s
