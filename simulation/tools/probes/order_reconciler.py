"""Where an account is in doubt about an order and asks the exchange."""

from typing import Final

from simulation.tools.probe import Probe

_RECONCILER: Final = "actors/account/orders/reconciler.py"
_EVIDENCE: Final = "actors/account/orders/evidence.py"
_LISTS: Final = "actors/account/orders/lists.py"

RECONCILER: Final = (
    Probe(
        "doubt: joins an inquiry under way",
        _RECONCILER,
        "OrderReconciler.ask",
        "if inquiry is None:",
        "inquiry is not None",
    ),
    Probe("doubt: hurried, the link is back", _RECONCILER, "OrderReconciler.hurry", "inquiry.attempts = 0"),
    Probe("doubt: an oddity is asked about", _RECONCILER, "OrderReconciler.query_inconsistent", "self.ask(order_key)"),
    Probe(
        "doubt: the exchange told of the order by itself",
        _RECONCILER,
        "OrderReconciler._has_arrived",
        "self._settle(inquiry, record.order)",
    ),
    Probe("doubt: many, lists are asked first", _RECONCILER, "OrderReconciler._attempt", "self._want_lists(inquiry)"),
    Probe("doubt: look-up failed", _RECONCILER, "OrderReconciler._not_looked_up", "self._look_ups -= 1"),
    Probe("doubt: the exchange told how it is", _RECONCILER, "OrderReconciler._apply", "self._settle(inquiry, order)"),
    Probe(
        "doubt: denied, and known to have ended",
        _RECONCILER,
        "OrderReconciler._denied",
        "self._settle(inquiry, record.order)",
    ),
    Probe("doubt: denied, which may mean not yet", _RECONCILER, "OrderReconciler._denied", "self._not_yet(inquiry)"),
    Probe(
        "doubt: denied early, lists are watched",
        _RECONCILER,
        "OrderReconciler._denied",
        "self._want_lists(inquiry)",
        "not is_late_enough",
    ),
    Probe(
        "doubt: lists cannot be had",
        _RECONCILER,
        "OrderReconciler._lists_not_loaded",
        "self._are_lists_loading = False",
    ),
    Probe("doubt: found in a list", _RECONCILER, "OrderReconciler._look_in", "return"),
    Probe(
        "doubt: one market does not tell",
        _RECONCILER,
        "OrderReconciler._look_in",
        "self._failed(inquiry, market.error)",
    ),
    Probe(
        "doubt: in no list for the first time",
        _RECONCILER,
        "OrderReconciler._not_listed",
        "inquiry.not_open_ms = self._context.server_now_ms()",
    ),
    Probe(
        "doubt: concluded, it never arrived",
        _RECONCILER,
        "OrderReconciler._conclude",
        "self._settle(inquiry, state.find(order_key))",
        "not may_have_ended and order_key.order_id is None",
    ),
    Probe(
        "doubt: concluded, it is not there any more",
        _RECONCILER,
        "OrderReconciler._conclude",
        "self._settle(inquiry, state.find(order_key))",
        "may_have_ended or order_key.order_id is not None",
    ),
    Probe("doubt: may have been forgotten since it was sent", _EVIDENCE, "Evidence.watch", "return False"),
    Probe(
        "doubt: the market is gone",
        _LISTS,
        "_load_gone",
        "report = await rest.load_fills(None, from_ms=since_ms)",
    ),
)
