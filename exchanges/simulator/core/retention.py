"""How long the exchange knows what has ended, and how it answers a question about what it does not know."""

import msgspec

from exchanges.simulator.faults.faults import check

MAX_DAYS = 30


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """What is forgotten, and when. The defaults forget little; manuals and staff of venues disagree on each.

    ``text_kept_s``: after its end an order is found by its text for so long (30 to 60 minutes).
    ``unfilled_cancel_kept_s``: an order that ended without a fill is unknown by id and text after so long, and gone
    from the list of finished orders (a minute, for orders that were canceled); None: never.
    ``filled_texts_stay``: an order that was filled, in part or whole, is found by its text for ever.
    ``unknown_order_trades_refused``: fills of an order that is not known are refused with ORDER_NOT_FOUND, instead of
    there being none.
    ``trades_from_alone_days``: fills asked for with ``from`` and without ``to`` end so many days later (7); None:
    they reach until now.
    """

    text_kept_s: int = 3_600
    unfilled_cancel_kept_s: int | None = None
    filled_texts_stay: bool = False
    unknown_order_trades_refused: bool = False
    trades_from_alone_days: int | None = None

    def __post_init__(self) -> None:
        check("text_kept_s", self.text_kept_s, self.text_kept_s >= 0, "0 or more seconds")
        kept_s, days = self.unfilled_cancel_kept_s, self.trades_from_alone_days
        check("unfilled_cancel_kept_s", kept_s, kept_s is None or kept_s >= 0, "null, or 0 or more seconds")
        check("trades_from_alone_days", days, days is None or 1 <= days <= MAX_DAYS, f"null, or from 1 to {MAX_DAYS}")
