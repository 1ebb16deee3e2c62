"""Which pairs a request names, whether it can be read or not: faults choose by it."""

from urllib.parse import parse_qsl

import msgspec

from exchanges.simulator.faces.http import HttpRequest
from exchanges.simulator.faces.mexc.symbols import Symbols


def pairs_named(request: HttpRequest, symbols: Symbols) -> set[str]:
    """Returns the pairs whose symbols are in the query or the body, there also in each item of a batch."""
    given = dict(parse_qsl(request.body.decode(errors="replace"))) | dict(parse_qsl(request.query))
    named = {*given.get("symbol", "").split(","), *given.get("symbols", "").split(",")}
    try:
        batch: object = msgspec.json.decode(given.get("batchOrders", "null"))
    except msgspec.DecodeError:
        batch = None
    for item in batch if isinstance(batch, list) else []:
        if isinstance(item, dict):
            named.add(str(item.get("symbol", "")))
    return {pair for pair in map(symbols.pair, named) if pair is not None}
