"""Faults of a hostile exchange, drawn by feature: refusals of one thing, queries that lag, clocks that differ."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final, get_args

import msgspec

from exchanges.simulator.faults import faults
from exchanges.simulator.faults.faults import Effect, Fault
from exchanges.simulator.faults.listen_keys import ListenKeysExhausted, ListenKeysRevoked
from exchanges.simulator.faults.odd_rows import FIELDS, PUSHED_ON, OddRows
from exchanges.simulator.faults.queries import OrderUnknown, QueryKind, QueryLag
from exchanges.simulator.faults.refusals import AllowanceShared, RestRefusal, SubscriptionRefused
from exchanges.simulator.faults.texts import TextMissing
from simulation.options import Feature
from simulation.oracles.alarms import REFUSED_KEY
from simulation.venues.wires import WIRE

Draw = Callable[[random.Random, Sequence[str], Sequence[str], float], Fault]
"""Makes one fault out of: randomness, names of accounts, ids of pairs, and how many seconds it lasts."""

_PLACE: Final = WIRE.endpoints.place
_CANCEL: Final = WIRE.endpoints.cancel
_CANCEL_ALL: Final = WIRE.endpoints.cancel_all
_AMEND: Final = WIRE.endpoints.amend
_CANCELS: Final = (_CANCEL, _CANCEL_ALL)
_COMMANDS: Final = (_PLACE, _PLACE, _CANCEL, _CANCEL_ALL, _AMEND)
_PUBLIC: Final = (WIRE.endpoints.markets, WIRE.endpoints.time)
_QUERIES: Final = (
    *_PUBLIC,
    WIRE.endpoints.open_orders,
    WIRE.endpoints.fills,
    WIRE.endpoints.balances,
    WIRE.endpoints.order,
)
WITHDRAWALS: Final = (WIRE.endpoints.withdraw, WIRE.endpoints.withdrawals, WIRE.endpoints.cancel_withdrawal)
_TOO_MANY: Final = WIRE.refusals["too many requests"][1]
_LABELLED: Final = tuple(
    WIRE.refusals[meaning]
    for meaning in (
        "no permission",
        "read only",
        "trading restricted",
        "account locked",
        "a label of tomorrow",
        "too many requests",
    )
)
_SERVER_FAULTS: Final = (
    *(WIRE.refusals[meaning] for meaning in ("server error", "too busy", "internal")),
    (500, WIRE.refusals["internal"][1]),
    (408, ""),
)
_FOR_NO_REASON: Final = tuple(WIRE.refusals[meaning][1] for meaning in ("trading restricted", "a label of tomorrow"))
_NO_WITHDRAWALS: Final = tuple(WIRE.refusals[meaning][1] for meaning in ("no withdrawals", "no permission"))
_UNLABELLED: Final[tuple[tuple[int, tuple[Effect, ...]], ...]] = (
    (302, ("none",)),
    (400, ("none",)),
    (403, ("none", "done")),
    (404, ("none", "done")),
    (408, ("none", "done")),
    (417, ("none", "done")),
    (429, ("none",)),
    (499, ("none", "done")),
)
"""Statuses of front ends without the exchange's own word; a gateway may say so after the request went through."""
_LOSSES: Final = (faults.FrameDrop, faults.RestAbort, faults.RestError, faults.RestTimeout)
"""After these nobody can know at once what has happened: a page of something in front of the exchange says nothing."""
_NOT_IN_A_CALM: Final = (*_LOSSES, ListenKeysRevoked)
_REPLACED: Final = 0.3
_PUSHED: Final = 0.5
_TELLING: Final = ("status", "finish_as", "event", "filled_amount", "left", "side", "text")
"""Fields that decide what an order is; one of a score is drawn too seldom."""
_HOUR_S: Final = 3_600


def _unlabelled_command(rng: random.Random, names: Sequence[str], pairs: Sequence[str], for_s: float) -> Fault:
    status, effects = rng.choice(_UNLABELLED)
    return RestRefusal(
        probability=rng.uniform(0.2, 0.9),
        for_s=for_s,
        account=rng.choice((None, *names)),
        endpoint=rng.choice(_COMMANDS),
        pair=rng.choice((None, *pairs)),
        status=status,
        effect=rng.choice(effects),
    )


def _repeated_creation(rng: random.Random, names: Sequence[str], _: Sequence[str], for_s: float) -> Fault:
    """The answer was lost on the way to the gateway, which asked again on its own."""
    return RestRefusal(
        probability=rng.uniform(0.2, 0.6),
        for_s=for_s,
        account=rng.choice((None, *names)),
        endpoint=_PLACE,
        status=400,
        label=WIRE.refusals["repeated creation"][1],
        message="Order has been created",
        effect="done",
    )


def _labelled(rng: random.Random, names: Sequence[str], pairs: Sequence[str], for_s: float) -> Fault:
    """One permission, one market, one kind of question is refused for a while."""
    status, label = rng.choice(_LABELLED)
    endpoint = rng.choice((*_COMMANDS, *_QUERIES))
    is_public = endpoint in _PUBLIC
    return RestRefusal(
        probability=rng.choice((1.0, rng.uniform(0.2, 0.9))),
        for_s=rng.choice((for_s, 4 * for_s)),
        account=None if is_public else rng.choice(names),
        endpoint=endpoint,
        pair=None if is_public else rng.choice((None, *pairs)),
        status=status,
        label=label,
        message="not for you",
    )


def _checks_refused(rng: random.Random, names: Sequence[str], pairs: Sequence[str], _: float) -> Fault:
    """What a check asks for is refused from now on, with a word that ends nothing: the account knows nothing more."""
    endpoint = rng.choice((WIRE.endpoints.open_orders, WIRE.endpoints.fills, WIRE.endpoints.balances))
    return RestRefusal(
        account=rng.choice(names),
        endpoint=endpoint,
        pair=rng.choice((None, *pairs[:2])) if endpoint == WIRE.endpoints.fills else None,
        status=400,
        label=rng.choice(_FOR_NO_REASON),
        message="not now",
    )


def _server_fault(rng: random.Random, names: Sequence[str], _: Sequence[str], for_s: float) -> Fault:
    """The exchange says that it failed, by a label or by a time-out of its front end: a change may have been made."""
    status, label = rng.choice(_SERVER_FAULTS)
    endpoint = rng.choice((*_COMMANDS, *_QUERIES))
    is_public, is_query = endpoint in _PUBLIC, endpoint in _QUERIES
    return RestRefusal(
        probability=rng.uniform(0.2, 0.8),
        for_s=for_s,
        account=None if is_public else rng.choice((None, *names)),
        endpoint=endpoint,
        status=status,
        label=label,
        message="" if not label else "Internal server error",
        effect="none" if is_query else rng.choice(("none", "done")),
    )


def _far_ahead(rng: random.Random, names: Sequence[str], _: Sequence[str], __: float) -> Fault:
    """One request meets a limit that opens in an hour, by either header."""
    return _limit_ahead(rng, names, rng.choice((*_CANCELS, *_CANCELS, *_CANCELS, _PLACE, *_QUERIES)))


def _cancel_far_ahead(rng: random.Random, names: Sequence[str], _: Sequence[str], __: float) -> Fault:
    """The same for a cancel."""
    return _limit_ahead(rng, names, rng.choice(_CANCELS))


def _limit_ahead(rng: random.Random, names: Sequence[str], endpoint: str) -> Fault:
    by_header = rng.random() < 0.5
    return RestRefusal(
        times=1,
        account=rng.choice(names),
        endpoint=endpoint,
        status=429,
        label=_TOO_MANY,
        message="Request Rate limit Exceeded",
        retry_after_s=_HOUR_S if by_header else None,
        reset_in_s=None if by_header else _HOUR_S,
    )


def _cancels_fail(rng: random.Random, names: Sequence[str], _: Sequence[str], for_s: float) -> Fault:
    """Cancels meet an overloaded exchange once or for a while."""
    times = rng.choice((1, 1, 3, None))
    lasts_s = for_s if times is None else None  # until it has struck
    endpoint, account = rng.choice((_CANCEL, _CANCEL_ALL, _CANCEL_ALL)), rng.choice((None, *names))
    if rng.random() < 0.5:
        return faults.RestError(times=times, for_s=lasts_s, account=account, endpoint=endpoint, status=502)
    return RestRefusal(times=times, for_s=lasts_s, account=account, endpoint=endpoint, status=429, label=_TOO_MANY)


def _no_withdrawals(rng: random.Random, names: Sequence[str], _: Sequence[str], for_s: float) -> Fault:
    """The key may trade and not withdraw."""
    return RestRefusal(
        for_s=for_s,
        account=rng.choice(names),
        endpoint=rng.choice(WITHDRAWALS),
        status=403,
        label=rng.choice(_NO_WITHDRAWALS),
        message="no withdrawals by API",
    )


def _one_pair_unsubscribed(rng: random.Random, _: Sequence[str], pairs: Sequence[str], for_s: float) -> Fault:
    return SubscriptionRefused(for_s=for_s, channel=WIRE.channels.book_tickers, pair=rng.choice(pairs))


def _lag(rng: random.Random, names: Sequence[str], _: Sequence[str], __: float) -> Fault:
    """One kind of query trails the engine for as long as the storm lasts, or all kinds, or all but one."""
    lag = QueryLag(
        probability=rng.choice((1.0, 0.5)),
        account=rng.choice((None, *names)),
        query=rng.choice((None, None, None, *get_args(QueryKind))),
        lag_ms=rng.choice((300, 2_000, 6_000, 9_900, 9_900)),
    )
    if lag.query is None:
        lag = msgspec.structs.replace(lag, spares=rng.choice((None, "my_trades", *get_args(QueryKind))))
    return lag


def _lost_placing(rng: random.Random, names: Sequence[str], _: Sequence[str], for_s: float) -> Fault:
    """Orders are taken and the answer never comes, so that a query has to tell."""
    kind = rng.choice((faults.RestAbort, faults.RestTimeout))
    return kind(
        probability=rng.uniform(0.2, 0.6), for_s=2 * for_s, account=rng.choice(names), endpoint=_PLACE, effect="done"
    )


def _lost_arming(rng: random.Random, names: Sequence[str], _: Sequence[str], __: float) -> Fault:
    """The dead man's switch is armed, and who armed it does not hear of it."""
    return faults.RestAbort(
        probability=rng.choice((1.0, 0.5)),
        account=rng.choice((None, *names)),
        endpoint=WIRE.endpoints.countdown,
        effect="done",
    )


def _lost_pushes(rng: random.Random, names: Sequence[str], _: Sequence[str], for_s: float) -> Fault:
    """Pushes of orders or fills are lost, so that a query has to tell."""
    return faults.FrameDrop(
        probability=rng.uniform(0.3, 1.0),
        for_s=2 * for_s,
        account=rng.choice((None, *names)),
        channel=rng.choice((None, None, WIRE.channels.orders, WIRE.channels.fills)),
    )


def _unknown_cancel(rng: random.Random, names: Sequence[str], _: Sequence[str], for_s: float) -> Fault:
    """A cancel of an order that is open is answered as if there were none, as by a replica that has not heard of it."""
    return RestRefusal(
        probability=rng.uniform(0.2, 0.6),
        for_s=2 * for_s,
        account=rng.choice((None, *names)),
        endpoint=_CANCEL,
        status=404,
        label=WIRE.refusals["unknown order"][1],
        message="Order not found",
    )


def _unknown_order(rng: random.Random, names: Sequence[str], _: Sequence[str], for_s: float) -> Fault:
    return OrderUnknown(
        probability=rng.uniform(0.2, 1.0),
        for_s=for_s,
        account=rng.choice((None, *names)),
        by=rng.choice((None, None, "id", "text")),
        for_order=rng.choice(("open", "open", "finished", "any")),
    )


def _clock_of_one(rng: random.Random, _: Sequence[str], __: Sequence[str], for_s: float) -> Fault:
    """Gateway and engine differ by seconds, and one of them is set while trading goes on."""
    return faults.ClockSkew(
        for_s=for_s,
        offset_ms=rng.choice((-3_000, -400, 400, 3_000)),
        clock=rng.choice(("gateway", "engine")),
        stepwise_back=rng.random() < 0.5,
    )


def _odd_row(rng: random.Random, names: Sequence[str], _: Sequence[str], for_s: float) -> Fault:
    """One row of one list is not like the rows that we know, for a while or for as long as the storm lasts."""
    chosen = rng.choice(tuple(FIELDS))
    oddity = rng.choice(tuple(FIELDS[chosen]))
    replace = oddity not in {"margin_order", "unknown_market"} and rng.random() < _REPLACED
    telling = [name for name in FIELDS[chosen][oddity] if name in _TELLING and (replace or name != "event")]
    # What a real row lacks of fees, or calls its role, is told nowhere else: nobody could know better.
    replace = replace and bool(telling) and oddity != "large_number"
    return OddRows(
        for_s=rng.choice((for_s, None)),
        list=chosen,
        oddity=oddity,
        field=(rng.choice(telling) if replace else rng.choice((None, rng.choice(telling)))) if telling else None,
        account=None if chosen == "currency_pairs" else rng.choice((None, *names)),
        replace=replace,
        push=chosen in PUSHED_ON and rng.random() < _PUSHED,
        probability=rng.choice((1.0, 0.3)),
    )


def _refused_key(rng: random.Random, names: Sequence[str], _: Sequence[str], for_s: float) -> Fault:
    """The private socket takes the key no more, and says so with the code of a bad argument."""
    return SubscriptionRefused(
        for_s=for_s, account=rng.choice(names), channel=WIRE.channels.orders, code=2, message=REFUSED_KEY
    )


def _missing_text(rng: random.Random, names: Sequence[str], _: Sequence[str], __: float) -> Fault:
    return TextMissing(
        probability=rng.uniform(0.2, 1.0),
        account=rng.choice((None, *names)),
        place=rng.choice((None, "placed", "orders", "fills")),
    )


def _shared_allowance(rng: random.Random, names: Sequence[str], _: Sequence[str], for_s: float) -> Fault:
    """Another program of the same user sends requests, too, now and then so many that little is left."""
    return AllowanceShared(
        probability=rng.choice((1.0, 0.3)),
        for_s=rng.choice((2 * for_s, None)),
        account=rng.choice((None, *names)),
        more=rng.choice((1, 3, 5)),
    )


def _keys_revoked(rng: random.Random, names: Sequence[str], _: Sequence[str], __: float) -> Fault:
    """Listen keys end before their time, and their sockets with them or not."""
    return ListenKeysRevoked(account=rng.choice((None, *names)), how=rng.choice(("close", "silent")))


def _keys_exhausted(rng: random.Random, names: Sequence[str], _: Sequence[str], for_s: float) -> Fault:
    """No more listen keys are to be had, as if other programs had them all."""
    return ListenKeysExhausted(for_s=for_s, account=rng.choice((None, *names)))


HOSTILE: Final[Mapping[Feature, tuple[Draw, ...]]] = {
    Feature.REFUSALS: (
        _unlabelled_command,
        _unlabelled_command,
        _repeated_creation,
        _labelled,
        _labelled,
        _far_ahead,
        _cancels_fail,
        _cancels_fail,
        _checks_refused,
        _lost_arming,
        _lost_pushes,
        _one_pair_unsubscribed,
        _server_fault,
        _server_fault,
    ),
    Feature.LAG: (_lag, _lag, _lag, _lost_placing, _lost_pushes),
    Feature.UNKNOWN_ORDERS: (_unknown_order, _unknown_order, _unknown_cancel, _lost_placing, _lost_pushes),
    Feature.ODD_ROWS: (_odd_row, _odd_row, _odd_row),
    Feature.REFUSED_KEYS: (_refused_key,),
    Feature.MISSING_TEXTS: (_missing_text, _missing_text),
    Feature.TWO_CLOCKS: (_clock_of_one, _clock_of_one),
    Feature.WITHDRAWALS: (_no_withdrawals,),
    Feature.KILL_SWITCH_KEPT: (_cancels_fail, _cancel_far_ahead),
    Feature.TIGHT_LIMITS: (_shared_allowance, _shared_allowance),
    Feature.SHORT_SESSIONS: (_keys_revoked, _keys_revoked, _keys_exhausted),
}
"""What each feature may bring; of each, some are drawn."""


def hostile_faults(
    rng: random.Random,
    features: frozenset[Feature],
    names: Sequence[str],
    pairs: Sequence[str],
    *,
    begins_s: float,
    ends_s: float,
    calm: bool = False,
) -> list[tuple[float, Fault]]:
    """Some of what these features may bring, each with the virtual second at which it begins, in the words of the first
    venue; each has its own randomness, so that one more changes none of the others. ``calm``: no answers and pushes
    get lost."""
    base, planned = rng.getrandbits(64), []
    for feature in sorted(features, key=lambda each: each.value):
        for number, make in enumerate(HOSTILE.get(feature, ())):
            own = random.Random(f"{base}:{feature.value}:{number}")
            wanted, at_s, for_s = own.random() < 0.6, own.uniform(begins_s, ends_s), own.uniform(1.0, 15.0)
            fault = make(own, names, pairs, for_s)
            if wanted and not (calm and isinstance(fault, _NOT_IN_A_CALM)):
                planned.append((at_s, fault))
    return planned
