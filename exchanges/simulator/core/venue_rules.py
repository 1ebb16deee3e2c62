"""In what the exchange behind one face differs from that behind another, in the exchange's own words."""

import msgspec

from exchanges.simulator.core.retention import Retention


class VenueRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a face's venue has settled, so that it is no matter of configuration.

    ``key_prefix``: what API keys begin with. ``unfit_orders_end``: an order that could not do what it asks for (rest
    without trading, or fill whole) is taken and ends at once; by default it is refused. ``texts_repeat``: an order may
    have the client id of an open one. ``trades_contracts``: it trades the contracts of the configuration, no pairs.
    ``retention``: what it forgets, where the configuration says nothing of its own.
    """

    key_prefix: str = ""
    unfit_orders_end: bool = False
    texts_repeat: bool = False
    trades_contracts: bool = False
    retention: Retention = Retention()
