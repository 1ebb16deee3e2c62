"""Where an account is in doubt about an order and asks the exchange."""

from typing import Final

from simulation.tools.reach import Probe

_DOUBTS: Final = "actors/account/doubts.py"
_EVIDENCE: Final = "actors/account/evidence.py"
_LISTS: Final = "actors/account/order_lists.py"

DOUBTS: Final = (
    Probe("doubt: joins an inquiry under way", _DOUBTS, "DoubtDesk.ask", "if inquiry is None:", "inquiry is not None"),
    Probe("doubt: hurried, the link is back", _DOUBTS, "DoubtDesk.hurry", "inquiry.attempts = 0"),
    Probe("doubt: an oddity is asked about", _DOUBTS, "DoubtDesk.look_for_oddities", "self.ask(doubt)"),
    Probe(
        "doubt: the exchange told of the order by itself",
        _DOUBTS,
        "DoubtDesk._has_arrived",
        "self._settle(inquiry, record.order)",
    ),
    Probe("doubt: many, lists are asked first", _DOUBTS, "DoubtDesk._attempt", "self._want_lists(inquiry)"),
    Probe("doubt: look-up failed", _DOUBTS, "DoubtDesk._not_looked_up", "self._look_ups -= 1"),
    Probe("doubt: the exchange told how it is", _DOUBTS, "DoubtDesk._hear", "self._settle(inquiry, order)"),
    Probe(
        "doubt: denied, and known to have ended",
        _DOUBTS,
        "DoubtDesk._denied",
        "self._settle(inquiry, record.order)",
    ),
    Probe("doubt: denied, which may mean not yet", _DOUBTS, "DoubtDesk._denied", "self._not_yet(inquiry)"),
    Probe(
        "doubt: denied early, lists are watched",
        _DOUBTS,
        "DoubtDesk._denied",
        "self._want_lists(inquiry)",
        "not is_late_enough",
    ),
    Probe(
        "doubt: lists cannot be had",
        _DOUBTS,
        "DoubtDesk._lists_not_loaded",
        "self._are_lists_loading = False",
    ),
    Probe("doubt: found in a list", _DOUBTS, "DoubtDesk._look_in", "return"),
    Probe(
        "doubt: one market does not tell",
        _DOUBTS,
        "DoubtDesk._look_in",
        "self._failed(inquiry, market.error)",
    ),
    Probe(
        "doubt: in no list for the first time",
        _DOUBTS,
        "DoubtDesk._not_listed",
        "inquiry.not_open_ms = self._context.server_now_ms()",
    ),
    Probe(
        "doubt: concluded, it never arrived",
        _DOUBTS,
        "DoubtDesk._conclude",
        "self._settle(inquiry, state.find(doubt))",
        "not may_have_ended and doubt.order_id is None",
    ),
    Probe(
        "doubt: concluded, it is not there any more",
        _DOUBTS,
        "DoubtDesk._conclude",
        "self._settle(inquiry, state.find(doubt))",
        "may_have_ended or doubt.order_id is not None",
    ),
    Probe("doubt: may have been forgotten since it was sent", _EVIDENCE, "Evidence.watch", "return False"),
    Probe(
        "doubt: the market is gone",
        _LISTS,
        "_load_gone",
        "report = await rest.load_fills(None, from_ms=since_ms)",
    ),
)
