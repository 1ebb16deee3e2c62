"""A fault of answers and pushes: the client's own id is not in them."""

from typing import Literal

from exchanges.simulator.faults.faults import Fault

NO_TEXT = "-"
TextPlace = Literal["placed", "orders", "fills"]


class TextMissing(Fault, frozen=True, kw_only=True, tag="text_missing"):
    """Where the client's ``text`` belongs there is ``-``: in the answer to placing, in pushes of orders or of fills.

    Rows of fills have none for orders of some kinds, and a short answer may leave it out; by default all
    places. Lists over REST have it.
    """

    account: str | None = None
    place: TextPlace | None = None

    def concerns(self, account: str, place: TextPlace) -> bool:
        """Whether a text is among those."""
        return self.account in (None, account) and self.place in (None, place)
