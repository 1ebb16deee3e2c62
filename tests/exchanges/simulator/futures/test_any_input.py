"""Whatever is asked of the face of futures is answered in Gate's form, and no money appears or vanishes."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from .quiet import FUTURES, Client, Venue

NUMBERS = ["1", "5", "-5", "0", "141", "130", "1e9", "NaN", "99999999999999999999", "1.123456789"]
LIKELY: dict[str, list[object]] = {
    "contract": ["SOL_USDT", "SOL_USDT", "ETH_USDT", "FOO_USDT", "mark_SOL_USDT"],
    "size": [1, 5, -5, "3", "-2", 0, "1.5", 2.5, None],
    "amount": NUMBERS[:4],
    "price": ["0", "130", "140", "142", "150", "0.001", 130, "NaN"],
    "tif": ["gtc", "ioc", "ioc", "poc", "fok", "gtd"],
    "text": ["t-1", "t-2", "mine", ""],
    "reduce_only": [True, False, "yes"],
    "close": [True, False],
    "auto_size": ["close_long", "close_short", ""],
    "status": ["open", "finished", "done"],
    "side": ["bid", "ask", "buy"],
    "order_id": ["36028797018963972", "t-1", "5"],
    "leverage": ["0", "5", "20", "101", "-1", "x"],
    "cross_leverage_limit": ["10", "0", "x"],
    "change": ["1", "-1", "100000", "x"],
    "dual_mode": ["true", "false", "maybe"],
    "dual_side": ["dual_long", "dual_short", "none"],
    "margin_mode": ["isolated", "cross", "none"],
    "mode": ["CROSS", "ISOLATED", "none"],
    "limit": ["1", "100", "0", "many"],
    "offset": ["0", "1", "-1"],
    "last_id": ["0", "7744001", "x"],
    "from": ["0", "1760000000", "soon"],
    "to": ["0", "1760000000", "99999999999"],
    "interval": ["1m", "8h", "2m", "0"],
    "type": ["fee", "pnl", "fund", "none"],
    "timeout": [0, 5, 3, "x"],
    "holding": ["true", "x"],
    "order": ["36028797018963972", "x"],
    "with_id": ["true", "x"],
}
ENDPOINTS = {
    "POST /orders": "contract size price tif text reduce_only close auto_size",
    "POST /batch_orders": "contract size price tif text",
    "PUT /orders/36028797018963972": "size price text",
    "POST /batch_amend_orders": "order_id size price",
    "DELETE /orders/t-1": "",
    "DELETE /orders": "contract side",
    "POST /batch_cancel_orders": "order_id",
    "POST /countdown_cancel_all": "timeout contract",
    "POST /positions/SOL_USDT/leverage": "leverage cross_leverage_limit",
    "POST /positions/SOL_USDT/set_leverage": "leverage margin_mode dual_side",
    "POST /positions/SOL_USDT/margin": "change",
    "POST /dual_comp/positions/SOL_USDT/margin": "change dual_side",
    "POST /positions/cross_mode": "mode contract",
    "POST /dual_mode": "dual_mode",
    "GET /orders": "contract status limit offset last_id",
    "GET /orders/t-2": "",
    "GET /orders_timerange": "contract from to limit",
    "GET /my_trades": "contract order limit offset last_id",
    "GET /my_trades_timerange": "contract from to",
    "GET /accounts": "",
    "GET /account_book": "contract type from to limit",
    "GET /positions": "holding limit",
    "GET /positions/SOL_USDT": "",
    "GET /dual_comp/positions/ETH_USDT": "",
    "GET /position_close": "contract from to",
    "GET /candlesticks": "contract interval from to limit",
    "GET /funding_rate": "contract from to limit",
    "GET /order_book": "contract with_id limit",
    "GET /trades": "contract last_id from to limit",
    "GET /nothing": "",
}
BODIES = ("POST /orders", "POST /batch", "PUT", "POST /countdown", "POST /positions/cross_mode")
odd = st.text(max_size=8) | st.integers(-5, 10**20) | st.floats() | st.booleans() | st.none()


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, str, bytes | None]:
    name = draw(st.sampled_from(["POST /orders", *ENDPOINTS]))
    method, path = name.split(" ")
    fields = {
        field: draw(st.sampled_from(LIKELY[field]) | st.sampled_from(LIKELY[field]) | odd)
        for field in ENDPOINTS[name].split()
        if draw(st.integers(0, 9)) < 7 or field in ("contract", "size")
    }
    if not name.startswith(BODIES):
        return method, path, urlencode({key: str(value) for key, value in fields.items()}), None
    body: object = [fields] if "batch" in path else fields
    if path == "/batch_cancel_orders":
        body = list(fields.values())
    return method, path, "", json.dumps(body).encode()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            requests(),
            st.sampled_from(["100", "130", "141", "155", "180"]),
            st.sampled_from([Decimal("0.003"), Decimal("-0.003")]),
        ),
        max_size=25,
    )
)
def test_every_request_is_answered_and_money_is_conserved(steps: list[Any]) -> None:
    venue = Venue()
    client, engine = Client(venue, decimal=True), venue.exchange.engine
    futures = venue.exchange.services.futures
    assert futures is not None
    for step in steps:
        if isinstance(step, str):
            venue.prices(step)
        elif isinstance(step, Decimal):
            venue.control("POST", "/funding/SOL_USDT", {"rate": str(step)})
        else:
            method, path, query, body = step
            reply = client.call(method, FUTURES + path, query, body)
            assert reply.status in (200, 201, 400, 404), (step, reply.json)
            if reply.status >= 400:
                assert {"label", "message"} <= reply.json.keys()
        venue.time.advance(0.5)
        held = [position for account in futures.engine.margins.values() for position in account.held()]
        wallets = sum((futures.engine.wallet(name) for name in engine.accounts), Decimal(0))
        opened = sum((futures.engine.unrealised(position) for position in held), Decimal(0))
        assert wallets + opened + engine.ledger.fees.get("USDT", Decimal(0)) == engine.ledger.brought_in["USDT"]
