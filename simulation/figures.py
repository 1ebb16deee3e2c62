"""What a run amounted to, in numbers."""

import msgspec


class Figures(msgspec.Struct, kw_only=True):
    """What a run amounted to.

    Attributes:
        virtual_s: simulated seconds. settled_s: from the end of the storm until all was right.
        turns: of the loop, a measure of the work done.
        happened: what went wrong and how often, by the names that `Options.without` knows.
    """

    virtual_s: float = 0.0
    settled_s: float = 0.0
    orders: int = 0
    fills: int = 0
    faults: int = 0
    kills: int = 0
    turns: int = 0
    happened: dict[str, int] = msgspec.field(default_factory=dict)
