"""Every label of Gate's futures side has a place in the error tree, and what it proves of the outcome is right (R3)."""

import re

import msgspec
import pytest

from exchanges.gateio.errors import from_response, from_websocket
from exchanges.gateio.futures.labels import FUTURES_LABELS
from exchanges.gateio.labels import LABELS
from messages.errors import RefusalReason, UnknownOutcomeError, VenueRefusedError

CERTAIN = re.findall(
    r"\w+",
    """
    USER_NOT_FOUND CONTRACT_NOT_FOUND CONTRACT_NO_COUNTER CONTRACT_IN_DELISTING INSUFFICIENT_AVAILABLE
    RISK_LIMIT_EXCEEDED RISK_LIMIT_TOO_HIGH RISK_LIMIT_TOO_LOW LIQUIDATE_IMMEDIATELY LEVERAGE_TOO_HIGH LEVERAGE_TOO_LOW
    ORDER_NOT_OWNED ORDER_FINISHED ORDER_POC_IMMEDIATE ORDER_FOK INCREASE_POSITION REDUCE_EXCEEDED PRICE_TOO_DEVIATED
    PRICE_OVER_LIQUIDATION PRICE_OVER_BANKRUPT SIZE_TOO_LARGE SIZE_TOO_SMALL ERR_QUOTA_LOWER_LIMIT POSITION_NOT_FOUND
    POSITION_EMPTY POSITION_HOLDING POSITION_DUAL_MODE POSITION_CROSS_MARGIN POSITION_IN_LIQUIDATION ORDER_PENDING
    AMEND_WITH_STOP
    """,
)
"""Nothing happened. Gate's manual, error labels of futures, and one that a user met."""
UNCERTAIN = ["POSITION_IN_CLOSE"]


def body(label: str, **more: str) -> bytes:
    return msgspec.json.encode({"label": label} | more)


def test_the_table_holds_exactly_the_documented_labels_beside_the_common_ones() -> None:
    assert set(FUTURES_LABELS) - set(LABELS) == {*CERTAIN, *UNCERTAIN}
    assert {label: FUTURES_LABELS[label] for label in LABELS} == dict(LABELS)


@pytest.mark.parametrize("label", CERTAIN)
@pytest.mark.parametrize("changes", [True, False])
def test_r3_a_refusal_before_anything_was_done_is_certain(label: str, changes: bool) -> None:
    error = from_response("op", 400, body(label, detail="because"), changes=changes, labels=FUTURES_LABELS)
    assert isinstance(error, VenueRefusedError)
    assert (error.reason, error.label, error.detail) == (FUTURES_LABELS[label].reason, label, "because")


@pytest.mark.parametrize("label", [*UNCERTAIN, "REPEATED_CREATION", "NO_CHANGE", "INTERNAL", "LABEL_OF_TOMORROW"])
def test_r3_what_does_not_say_that_nothing_happened_leaves_a_change_unknown(label: str) -> None:
    error = from_response("place_order", 400, body(label), changes=True, labels=FUTURES_LABELS)
    assert type(error) is UnknownOutcomeError


@pytest.mark.parametrize("label", CERTAIN)
def test_r3_to_a_spot_account_they_prove_nothing(label: str) -> None:
    assert type(from_response("place_order", 400, body(label), changes=True)) is UnknownOutcomeError


def test_the_label_that_the_manual_prints_with_a_small_letter() -> None:
    error = from_response("op", 400, body("RISK_LIMIT_TOO_lOW"), changes=True, labels=FUTURES_LABELS)
    assert isinstance(error, VenueRefusedError)
    assert error.reason is RefusalReason.RISK_LIMIT


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("USER_NOT_FOUND", RefusalReason.TRADING_DISABLED),
        ("CONTRACT_NOT_FOUND", RefusalReason.UNKNOWN_SYMBOL),
        ("INSUFFICIENT_AVAILABLE", RefusalReason.INSUFFICIENT_BALANCE),
        ("ORDER_NOT_OWNED", RefusalReason.ORDER_NOT_FOUND),
        ("ORDER_FINISHED", RefusalReason.ORDER_FINISHED),
        ("ORDER_POC_IMMEDIATE", RefusalReason.WOULD_TAKE),
        ("ORDER_FOK", RefusalReason.WOULD_NOT_FILL),
        ("POSITION_EMPTY", RefusalReason.REDUCE_ONLY),
        ("REDUCE_EXCEEDED", RefusalReason.REDUCE_ONLY),
        ("LEVERAGE_TOO_HIGH", RefusalReason.LEVERAGE),
        ("PRICE_TOO_DEVIATED", RefusalReason.PRICE_OUT_OF_RANGE),
        ("SIZE_TOO_SMALL", RefusalReason.BELOW_MINIMUM),
    ],
)
def test_the_reasons_that_callers_act_on(label: str, reason: RefusalReason) -> None:
    assert FUTURES_LABELS[label].reason is reason


def test_no_futures_account_is_no_fault_of_the_key() -> None:
    error = from_response("op", 400, body("USER_NOT_FOUND"), changes=False, labels=FUTURES_LABELS)
    assert isinstance(error, VenueRefusedError)
    assert not error.is_hopeless


@pytest.mark.parametrize("text", ["unknown contract FOO_USDT", "Unknown contract: FOO_USDT"])
def test_a_subscription_to_a_contract_that_is_not_listed(text: str) -> None:
    error = from_websocket(2, text, channel="futures.book_ticker")
    assert isinstance(error, VenueRefusedError)
    assert error.reason is RefusalReason.UNKNOWN_SYMBOL


@pytest.mark.parametrize("code", ["311", "312"])
def test_a_rate_of_futures_by_socket(code: str) -> None:
    error = from_websocket(1, f"too many requests {code}")
    assert isinstance(error, VenueRefusedError)
    assert error.reason is RefusalReason.RATE_LIMIT


def test_a_label_inside_of_a_sockets_text() -> None:
    text = '{"label":"USER_NOT_FOUND","message":"no account"}'
    error = from_websocket(4, text, labels=FUTURES_LABELS)
    assert isinstance(error, VenueRefusedError)
    assert (error.label, error.detail) == ("USER_NOT_FOUND", "no account")
