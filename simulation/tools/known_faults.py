"""The faults that review, replayed reports and attacks found in the product, and how the simulation shows each of them.

Each has a profile, the features that show it, alone or with as few others as it needs, and what a seed must see. Where
no seed can show it, a named case of the suite or the reason why stands in its place.
"""

from typing import Final

import msgspec

from simulation.options import Feature, Options, Profile

_F = Feature
BEFORE: Final = "f9dc9d5"
"""The last commit before any of them was mended."""
NEVER_ARRIVED: Final = r"is rejected \(never_arrived\) here, and the exchange has it"


class KnownFault(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes:
    key: number of the kind, and a letter. title: what is wrong.
    options: how seeds hunt it; None where none can. sees: a pattern of one of the violations that show it.
    instead: the case that shows it, or why nothing does.
    then: what hunted seeds found of it in the code of `BEFORE`.
    """

    key: str
    title: str
    options: Options | None = None
    sees: str = ""
    instead: str = ""
    then: str = ""


def _hunt(profile: Profile, *features: Feature, without: str = "") -> Options:
    return Options(
        profile=profile, features=frozenset(features), certain=True, without=frozenset(filter(None, without.split(",")))
    )


KNOWN_FAULTS: Final[tuple[KnownFault, ...]] = (
    # 1. our own inference outranks the exchange
    KnownFault(
        key="1a",
        title="one 'no such order' ends an acknowledged order for good, whatever the exchange says later",
        options=_hunt(Profile.STORM, _F.UNKNOWN_ORDERS),
        sees=r"said to be canceled, was \{'open'\}|order \d+.* is canceled here, (new|partially_filled|filled) there",
        then="seed 1",
    ),
    KnownFault(
        key="1b",
        title="an order just placed, not found by a query that lags, is taken for vanished",
        options=_hunt(Profile.STORM, _F.LAG),
        sees=r"order \d+.* is canceled here, (new|partially_filled|filled) there",
        then="seed 7",
    ),
    KnownFault(
        key="1c",
        title="a cancel of an order taken for vanished answers 'canceled' without asking",
        options=_hunt(Profile.STORM, _F.UNKNOWN_ORDERS, _F.LAG),
        sees=r"CancelOrder .*said to (have ended, and is open|be canceled, was)",
        then="seed 1",
    ),
    KnownFault(
        key="1d",
        title="the quoter ends up with two orders on a side",
        options=_hunt(Profile.STORM, _F.UNKNOWN_ORDERS, _F.LAG),
        sees=r"the quoter has \d+ orders on a side",
        then="seed 11",
    ),
    # 2. "never arrived" is believed too early, on too little
    KnownFault(
        key="2a",
        title="'never arrived' is believed after 6 s, while queries may lag 10 s",
        options=_hunt(Profile.STORM, _F.LAG),
        sees=NEVER_ARRIVED,
        then="seed 11",
    ),
    KnownFault(
        key="2b",
        title="'never arrived' is believed while the list of open orders cannot be had",
        instead="2a comes first wherever lists fail while queries lag: "
        "test_order_reconciler.py, test_r6_while_one_of_the_questions_cannot_be_asked_an_order_stays_unresolved",
        then="not with words of its own",
    ),
    KnownFault(
        key="2c",
        title="'never arrived' is believed of a filled order: text forgotten, fill hidden by newer ones",
        instead="no seed trades a thousand times while an answer is lost: "
        "test_order_reconciler.py, test_r6_an_order_is_found_by_its_fill_behind_a_thousand_newer_ones",
        then="not with words of its own",
    ),
    KnownFault(
        key="2d",
        title="'never arrived' is believed of an order that was cancelled without a fill and is forgotten",
        options=_hunt(Profile.NIGHT_OFF, _F.FORGETTING),
        sees=NEVER_ARRIVED + r", cancelled$",
        then="not with words of its own",
    ),
    KnownFault(
        key="2e",
        title="GetOrder says None of an order that may still arrive, or is there and lags",
        options=_hunt(Profile.STORM, _F.LAG),
        sees=r"GetOrder .*(None|no such order|unknown)",
        then="seed 49",
    ),
    # 3. safety commands are tried once
    KnownFault(
        key="3a",
        title="the kill switch's cancel meets one 429 or 502 and the orders rest",
        options=_hunt(Profile.STORM, _F.KILL_SWITCH_KEPT),
        sees=r"rests? .*(engaged|kill switch)|kill switch.*(open|rest)",
        then="seed 11",
    ),
    KnownFault(
        key="3b",
        title="the cancel of a strategy that was given up is tried once",
        options=_hunt(Profile.STORM, _F.FEW_RESTARTS, _F.CALLBACK_ERRORS, _F.REFUSALS),
        sees=r"orders of strategies that were given up are open",
        then="seed 1",
    ),
    KnownFault(
        key="3c",
        title="the cancel at the end is tried once",
        options=_hunt(Profile.ORDERLY_STOP, _F.REFUSALS),
        sees=r"gave up canceling",
        then="seed 2",
    ),
    KnownFault(
        key="3d",
        title="a kill switch with a reason of 5,000 characters cancels nothing and is not remembered",
        options=_hunt(Profile.STORM, _F.ABSURD_VALUES),
        sees=r"kill switch|engaged",
        then="seed 4",
    ),
    KnownFault(
        key="3e",
        title="a cancel of all overtakes the order that was told before it, and the order lives",
        options=_hunt(Profile.STORM, _F.CALLBACK_COMMANDS),
        sees=r"has outlived the cancel of all",
        then="seed 4",
    ),
    KnownFault(
        key="3f",
        title="Retry-After: 3600 on one cancel silences all cancels for an hour",
        options=_hunt(Profile.LONG_FAULT, _F.KILL_SWITCH_KEPT),
        sees=r"could not cancel all: rate limit|rests?|open after",
        then="seed 34",
    ),
    # 4. a refusal of one thing is taken for all
    KnownFault(
        key="4a",
        title="one permission that is refused ends the whole account",
        options=_hunt(Profile.LONG_FAULT, _F.WITHDRAWALS),
        sees=r"is (failed|degraded|down|recovering|connecting), not live",
        then="seed 1",
    ),
    KnownFault(
        key="4b",
        title="one unlisted symbol in a query keeps the account from ever being live again",
        options=_hunt(Profile.STORM, _F.STRANGE_QUERIES),
        sees=r"not live|could not be started",
        then="seed 2",
    ),
    KnownFault(
        key="4c",
        title="one unreadable row of a list keeps the account out",
        options=_hunt(Profile.LONG_FAULT, _F.ODD_ROWS),
        sees=r"not live|could not be started",
        then="seed 2",
    ),
    KnownFault(
        key="4d",
        title="one delisted market ends the account's other markets",
        options=_hunt(Profile.STORM, _F.LIVING_MARKETS),
        sees=r"not live|could not be started",
        then="seed 1",
    ),
    KnownFault(
        key="4e",
        title="a check that is refused is ignored without a word, so that a deaf socket stays live",
        options=_hunt(Profile.STORM, _F.REFUSALS),
        sees=r"untold \d+ s after the fact, live all the while",
        then="not found",
    ),
    KnownFault(
        key="4f",
        title="one refused pair of a subscription keeps the venue's market data, and so every account, away",
        options=_hunt(Profile.LONG_FAULT, _F.REFUSALS),
        sees=r"is (degraded|syncing|down|recovering|connecting), not live",
        then="seed 3",
    ),
    # 5. "all" is the first page
    KnownFault(
        key="5a",
        title="more fills in an outage than one query returns: the rest is lost",
        options=_hunt(Profile.NIGHT_OFF, _F.SMALL_BOUNDS),
        sees=r"fill \d+ of .* is missing",
        then="seed 7",
    ),
    KnownFault(
        key="5b",
        title="'from' without 'to' answers seven days: fills of a longer outage are lost",
        options=_hunt(Profile.NIGHT_OFF, _F.FORGETTING),
        sees=r"fill \d+ of .* is missing",
        then="seed 28",
    ),
    KnownFault(
        key="5c",
        title="more open orders than a page, that come and go, throw the account out of live",
        options=_hunt(Profile.CALM, _F.SMALL_BOUNDS),
        sees=r"went from live to \w+ although all was calm",
        then="seed 26",
    ),
    KnownFault(
        key="5d",
        title="hundreds of markets exhaust the limiter with one query each",
        options=_hunt(Profile.CROWDED, _F.STRANGE_NAMES),
        sees=r"not live|could not be started",
        then="seed 4",
    ),
    # 6. certain is what a table says
    KnownFault(
        key="6a",
        title="statuses below 500 without a label end as rejected while the order is open",
        options=_hunt(Profile.STORM, _F.REFUSALS),
        sees=r"was carried out, and its asker was told VenueRefusedError\('the exchange refused: HTTP_",
        then="seed 17",
    ),
    KnownFault(
        key="6b",
        title="REPEATED_CREATION after a lost answer ends as rejected while the order is open",
        options=_hunt(Profile.STORM, _F.REFUSALS),
        sees=r"was carried out, and its asker was told VenueRefusedError\('the exchange refused: REPEATED_CREATION",
        then="seed 1",
    ),
    # 7. identity
    KnownFault(
        key="7a",
        title="the second side of a trade with oneself is dropped",
        options=_hunt(Profile.STORM, _F.SELF_TRADES),
        sees=r"as told: fill \d+ of .* is missing",
        then="seed 1",
    ),
    KnownFault(
        key="7b",
        title="the journal's key drops the second side of a trade with oneself",
        options=_hunt(Profile.STORM, _F.SELF_TRADES),
        sees=r"in the journal: fill \d+ of .* is missing",
        then="seed 1",
    ),
    KnownFault(
        key="7c",
        title="a client id that is used again after its order was dropped binds to the old one",
        options=_hunt(Profile.STORM, _F.SMALL_BOUNDS, _F.REUSED_IDS),
        sees=r"is \d+ and was|was \d+ and is|is two orders|is canceled here|rejected .* the exchange has it",
        then="seed 3",
    ),
    KnownFault(
        key="7d",
        title="fills that came first are lost when the order arrives without our text",
        options=_hunt(Profile.STORM, _F.MISSING_TEXTS),
        sees=r"has filled [\d.E+-]+ here|has paid fees of nothing here",
        then="seed 6",
    ),
    KnownFault(
        key="7e",
        title="a place answer without our text leaves the order pending for ever",
        options=_hunt(Profile.STORM, _F.MISSING_TEXTS),
        sees=r"is still pending",
        then="seed 12",
    ),
    KnownFault(
        key="7f",
        title="margin orders are taken for spot orders",
        options=_hunt(Profile.STORM, _F.MARGIN_ORDERS),
        sees=r"is not in the books|in the journal and not in the books",
        then="seed 1",
    ),
    KnownFault(
        key="7g",
        title="with an executed limit of 2 or 4 finished orders reopen in what subscribers are told",
        options=_hunt(Profile.STORM, _F.SMALL_BOUNDS),
        sees=r"went from (filled|canceled|expired) to (new|partially_filled|pending)",
        then="seed 1",
    ),
    # 8. money
    KnownFault(
        key="8a",
        title="money is set aside until the acknowledgement, not until a balance that is newer",
        options=_hunt(Profile.CALM, _F.LATE_BALANCES),
        sees=r"was let through",
        then="seed 2",
    ),
    KnownFault(
        key="8b",
        title="a snapshot of the same millisecond overrules a later event",
        options=_hunt(Profile.CALM, _F.SAME_MILLISECOND),
        sees=r"is [\d.E+-]+ \+ [\d.E+-]+ here, |balance .* untold|is untold",
        then="not found",
    ),
    KnownFault(
        key="8c",
        title="of fees in two currencies one is kept",
        options=_hunt(Profile.STORM, _F.FEES),
        sees=r"has paid fees of|fill \d+ of .* here, ",
        then="seed 2",
    ),
    KnownFault(
        key="8d",
        title="derived quantities outrank the sum of fills",
        options=_hunt(Profile.STORM, _F.ODD_ROWS),
        sees=r"has filled [\d.E+-]+ here",
        then="seed 38",
    ),
    # 9. bad numbers kill
    KnownFault(
        key="9a",
        title="a price of 1e19 on a tick of 1e-10 crashes the account",
        options=_hunt(Profile.STORM, _F.ABSURD_VALUES),
        sees=r"actor_crashed|InvalidOperation|DivisionImpossible",
        then="seed 9",
    ),
    KnownFault(
        key="9b",
        title="a time beyond 64 bits stops the journal for ever",
        options=_hunt(Profile.LONG_FAULT, _F.ODD_ROWS),
        sees=r"OverflowError",
        then="seed 11",
    ),
    # 10. ageing facts
    KnownFault(
        key="10a",
        title="rules of markets are read anew by nobody: new and changed markets are refused here",
        options=_hunt(Profile.CALM, _F.LIVING_MARKETS),
        sees=r"an order was refused here \((symbol|price|quantity)",
        then="seed 4",
    ),
    KnownFault(
        key="10b",
        title="opening times are judged when rules are read, not when an order is placed",
        options=_hunt(
            Profile.CALM,
            _F.LIVING_MARKETS,
            # An operator who goes on changing, moving and delisting the markets leaves none that opens late and trades.
            without="operator:halt,operator:change,operator:delist,operator:opening",
        ),
        sees=r"an order was refused here \(side",
        then="seed 1",
    ),
    KnownFault(
        key="10c",
        title="rules that cannot be read anew keep an account out",
        options=_hunt(Profile.LONG_FAULT, _F.SMALL_BOUNDS, _F.REFUSALS),
        sees=r"is (degraded|recovering|connecting|down), not live",
        then="not found",
    ),
    KnownFault(
        key="10d",
        title="true_at_ms of a snapshot is now, not the last proof of truth",
        options=_hunt(Profile.STORM, _F.RARE_CHECKS),
        sees=r"true_at_ms",
        then="seed 6",
    ),
    # 11. half-known ends
    KnownFault(
        key="11a",
        title="an earlier life's amend is filed as confirmed although nobody asked",
        options=_hunt(Profile.STORM, _F.LAG),
        sees=r"an amend of .* is filed as confirmed, and never happened",
        then="seed 6",
    ),
    KnownFault(
        key="11b",
        title="a withdrawal whose answer was lost is never looked up",
        options=_hunt(Profile.STORM, _F.WITHDRAWALS),
        sees=r"withdrawal.*(unresolved|filed|carried out)",
        then="seed 4",
    ),
    KnownFault(
        key="11c",
        title="a dead man's switch whose arming was not answered is not taken back",
        options=_hunt(Profile.STORM, _F.REFUSALS),
        sees=r"countdown runs on after the orderly end",
        then="not found",
    ),
    KnownFault(
        key="11d",
        title="an order of another program, filled while we were away, is never looked up",
        options=_hunt(Profile.NIGHT_OFF, _F.OTHER_PROGRAMS),
        sees=r"order \d+.* is unknown here, filled there",
        then="seed 2",
    ),
    KnownFault(
        key="11e",
        title="a Connect that is asked for while only market data is gone is never answered",
        options=_hunt(Profile.STORM, _F.USER_CONNECTS),
        sees=r"no answer to 'connect",
        then="seed 8",
    ),
    KnownFault(
        key="11f",
        title="a key that is refused by code 2 of a socket is tried for ever",
        options=_hunt(Profile.LONG_FAULT, _F.REFUSED_KEYS),
        sees=r"is tried for ever",
        then="seed 1",
    ),
    KnownFault(
        key="11g",
        title="a check that one market's refusal ends compares nothing of the others",
        instead="not apart from 4e: the check of one market ends the whole check there, and the seed sees the same",
    ),
    # 12. alarms that are false, recoveries that are late
    KnownFault(
        key="12a",
        title="a healthy socket is called deaf after an order that never arrived",
        options=_hunt(Profile.LONG_FAULT),
        sees=r"was called deaf",
        then="seed 20",
    ),
    KnownFault(
        key="12b",
        title="a false alarm while closing makes the end unknown although the books agree",
        instead="the verdict of an orderly end is the command line's (console/closing.py), which no seed runs",
    ),
    KnownFault(
        key="12c",
        title="after an outage of 15 s accounts are back 16 to 30 s after healing",
        options=_hunt(Profile.LONG_FAULT),
        sees=r"still, \d+ s after the venue can be reached again",
        then="seed 15",
    ),
)
