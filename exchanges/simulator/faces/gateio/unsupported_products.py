"""What Gate has beside spot, and this exchange has not: lists that are asked for on the way are empty."""

from exchanges.simulator.faces.gateio.calls import Answer, Call, Endpoint, public

EMPTY_LISTS = (
    "/margin/currency_pairs",
    "/margin/uni/currency_pairs",
    "/margin/cross/currencies",
    "/futures/usdt/contracts",
    "/futures/btc/contracts",
    "/delivery/usdt/contracts",
    "/delivery/btc/contracts",
    "/options/underlyings",
    "/options/contracts",
    "/options/expirations",
)


def endpoints() -> list[Endpoint]:
    """Returns the endpoints that clients ask while they load all markets."""
    return [public(path, _nothing, "limit offset underlying expiration currency") for path in EMPTY_LISTS]


def _nothing(_call: Call) -> Answer:
    return Answer([])
