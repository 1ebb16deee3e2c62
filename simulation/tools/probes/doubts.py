"""Where an account is in doubt about an order and asks the exchange."""

from typing import Final

from simulation.tools.reach import Probe

_DOUBTS: Final = "actors/account/doubts.py"

DOUBTS: Final = (
    Probe("doubt: joins an inquiry under way", _DOUBTS, "DoubtDesk.ask", "if inquiry is None:", "inquiry is not None"),
    Probe("doubt: hurried, the link is back", _DOUBTS, "DoubtDesk.hurry", "inquiry.attempts = 0"),
    Probe("doubt: an oddity is asked about", _DOUBTS, "DoubtDesk.look_for_oddities", "self.ask(doubt)"),
    Probe("doubt: look-up failed", _DOUBTS, "DoubtDesk._failed", "inquiry.asking = False"),
    Probe(
        "doubt: unknown, but could arrive later",
        _DOUBTS,
        "DoubtDesk._answered",
        "self._again_later(inquiry)",
        "not is_outdated",
    ),
    Probe(
        "doubt: unknown, but named while it was asked",
        _DOUBTS,
        "DoubtDesk._answered",
        "self._again_later(inquiry)",
        "is_outdated",
    ),
    Probe(
        "doubt: asked about while the order is still on its way",
        _DOUBTS,
        "DoubtDesk._could_arrive_later",
        "return True",
    ),
    Probe(
        "doubt: found by the exchange's id",
        _DOUBTS,
        "_look_up",
        "return order, ()",
        "doubt.order_id is not None",
    ),
    Probe(
        "doubt: found by our client id",
        _DOUBTS,
        "_look_up",
        "return order, ()",
        "doubt.order_id is None",
    ),
    Probe(
        "doubt: fills asked by the exchange's id",
        _DOUBTS,
        "_look_up",
        "return None, await rest.load_fills(doubt.symbol, order_id=doubt.order_id)",
    ),
    Probe(
        "doubt: all fills searched for our client id",
        _DOUBTS,
        "_look_up",
        "fills = tuple(fill for fill in await rest.load_fills(doubt.symbol) "
        "if fill.client_order_id == doubt.client_order_id)",
    ),
    Probe(
        "doubt: found by its fills",
        _DOUBTS,
        "_look_up",
        "return await rest.get_order(GetOrder(symbol=doubt.symbol, order_id=fills[0].order_id)), fills",
    ),
)
