"""Which currency pairs a request names, whether it can be read or not: faults choose by it."""

from urllib.parse import parse_qsl, unquote

import msgspec

from exchanges.simulator.faces.http import HttpRequest


def pairs_named(request: HttpRequest) -> set[str]:
    """Returns the pairs in the path, the query and the JSON body, there also in each item of a batch."""
    query = dict(parse_qsl(request.query))
    named = {*unquote(request.path).split("/"), query.get("currency_pair", ""), query.get("contract", "")}
    named.update(query.get("currency_pairs", "").split(","))
    try:
        body: object = msgspec.json.decode(request.body) if request.body else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = None
    for item in body if isinstance(body, list) else [body]:
        for name in ("currency_pair", "contract"):
            pair = item.get(name) if isinstance(item, dict) else None
            if isinstance(pair, str):
                named.add(pair)
    return named
