"""Every label of Gate's spot side has a place in the error tree, and what it proves about the outcome is right (R3)."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.base.credentials import Credentials
from exchanges.gateio.errors import REASONS, SERVER_FAULTS, from_label, from_response, from_websocket
from messages.errors import (
    ConnectionFailedError,
    RefusalReason,
    TellerError,
    UnknownOutcomeError,
    VenueRefusedError,
)

DOCUMENTED = [
    "INVALID_PARAM_VALUE",
    "INVALID_PROTOCOL",
    "INVALID_ARGUMENT",
    "INVALID_REQUEST_BODY",
    "MISSING_REQUIRED_PARAM",
    "BAD_REQUEST",
    "INVALID_CONTENT_TYPE",
    "NOT_ACCEPTABLE",
    "METHOD_NOT_ALLOWED",
    "NOT_FOUND",
    "INVALID_CREDENTIALS",
    "INVALID_KEY",
    "INVALID_SIGNATURE",
    "REQUEST_EXPIRED",
    "MISSING_REQUIRED_HEADER",
    "IP_FORBIDDEN",
    "READ_ONLY",
    "FORBIDDEN",
    "ACCOUNT_LOCKED",
    "AUTHENTICATION_FAILED",
    "BALANCE_NOT_ENOUGH",
    "QUANTITY_NOT_ENOUGH",
    "AMOUNT_TOO_LITTLE",
    "AMOUNT_TOO_MUCH",
    "INVALID_PRECISION",
    "INVALID_CURRENCY",
    "INVALID_CURRENCY_PAIR",
    "POC_FILL_IMMEDIATELY",
    "FOK_NOT_FILL",
    "ORDER_NOT_FOUND",
    "CLIENT_ID_NOT_FOUND",
    "ORDER_CLOSED",
    "ORDER_CANCELLED",
    "CANCEL_FAIL",
    "REPEATED_CREATION",
    "NO_CHANGE",
    "TOO_MANY_CURRENCY_PAIRS",
    "TOO_MANY_ORDERS",
    "MIXED_ACCOUNT_TYPE",
    "TRADE_RESTRICTED",
    "ORDER_BOOK_NOT_FOUND",
    "PRICE_THRESHOLD_EXCEEDED",
    "TOO_FAST",
    "WITHDRAWAL_OVER_LIMIT",
    "API_WITHDRAW_DISABLED",
    "INVALID_WITHDRAW_ID",
    "INVALID_WITHDRAW_CANCEL_STATUS",
    "ADDRESS_NOT_USED",
    "DUPLICATE_REQUEST",
    "ORDER_EXISTS",
    "INVALID_CLIENT_ORDER_ID",
    "FUTURES_BALANCE_NOT_ENOUGH",
    "TOO_MUCH_FUTURES_AVAILABLE",
    "SUB_ACCOUNT_NOT_FOUND",
    "SUB_ACCOUNT_LOCKED",
    "SUB_ACCOUNT_TRANSFER_FAILED",
    "TOO_MANY_REQUESTS",
    "INTERNAL",
    "SERVER_ERROR",
    "TOO_BUSY",
]
"""Request form, authentication, spot orders, wallet, rates and server: the fact sheet's section 4.2 without futures."""


def body(label: str, message: str = "", **more: str) -> bytes:
    return msgspec.json.encode({"label": label, "message": message} | more)


def refusal(error: TellerError) -> VenueRefusedError:
    assert isinstance(error, VenueRefusedError)
    return error


def test_the_table_holds_exactly_the_documented_labels() -> None:
    assert set(REASONS) | SERVER_FAULTS == set(DOCUMENTED)
    assert not set(REASONS) & SERVER_FAULTS


@pytest.mark.parametrize("label", sorted(REASONS))
@pytest.mark.parametrize("changes", [True, False])
def test_a_refusal_is_certain_and_keeps_the_venues_label(label: str, changes: bool) -> None:
    error = refusal(from_response("op", 400, body(label, "because"), changes=changes))
    assert (error.reason, error.label, error.detail) == (REASONS[label], label, "because")


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("INVALID_KEY", RefusalReason.AUTHENTICATION),
        ("INVALID_SIGNATURE", RefusalReason.AUTHENTICATION),
        ("REQUEST_EXPIRED", RefusalReason.CLOCK),
        ("IP_FORBIDDEN", RefusalReason.PERMISSION),
        ("READ_ONLY", RefusalReason.PERMISSION),
        ("BALANCE_NOT_ENOUGH", RefusalReason.INSUFFICIENT_BALANCE),
        ("AMOUNT_TOO_LITTLE", RefusalReason.BELOW_MINIMUM),
        ("INVALID_PRECISION", RefusalReason.PRECISION),
        ("POC_FILL_IMMEDIATELY", RefusalReason.WOULD_TAKE),
        ("FOK_NOT_FILL", RefusalReason.WOULD_NOT_FILL),
        ("ORDER_NOT_FOUND", RefusalReason.ORDER_NOT_FOUND),
        ("CLIENT_ID_NOT_FOUND", RefusalReason.ORDER_NOT_FOUND),
        ("ORDER_CLOSED", RefusalReason.ORDER_FINISHED),
        ("ORDER_CANCELLED", RefusalReason.ORDER_FINISHED),
        ("REPEATED_CREATION", RefusalReason.DUPLICATE),
        ("TRADE_RESTRICTED", RefusalReason.TRADING_DISABLED),
        ("PRICE_THRESHOLD_EXCEEDED", RefusalReason.PRICE_OUT_OF_RANGE),
        ("TOO_MANY_REQUESTS", RefusalReason.RATE_LIMIT),
        ("TOO_FAST", RefusalReason.RATE_LIMIT),
        ("API_WITHDRAW_DISABLED", RefusalReason.PERMISSION),
        ("ADDRESS_NOT_USED", RefusalReason.WITHDRAWAL),
    ],
)
def test_the_reasons_that_callers_act_on(label: str, reason: RefusalReason) -> None:
    assert REASONS[label] is reason


@pytest.mark.parametrize("label", sorted(SERVER_FAULTS))
@pytest.mark.parametrize("status", [200, 400, 500])
def test_r3_a_fault_of_the_server_leaves_a_change_unknown_and_fails_a_query(label: str, status: int) -> None:
    assert isinstance(from_response("op", status, body(label), changes=True), UnknownOutcomeError)
    assert isinstance(from_response("op", status, body(label), changes=False), ConnectionFailedError)


def test_an_unknown_label_is_a_refusal_for_another_reason() -> None:
    error = refusal(from_response("op", 400, body("SOMETHING_NEW", "x"), changes=True))
    assert (error.reason, error.label) == (RefusalReason.OTHER, "SOMETHING_NEW")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Your order size 1 USDT is too small. The minimum is 3 USDT", RefusalReason.BELOW_MINIMUM),
        ("amount below the minimum of 0.001", RefusalReason.BELOW_MINIMUM),
        ("invalid side", RefusalReason.BAD_REQUEST),
        ("", RefusalReason.BAD_REQUEST),
    ],
)
def test_an_invalid_value_that_names_a_minimum_is_below_it(message: str, reason: RefusalReason) -> None:
    assert refusal(from_response("op", 400, body("INVALID_PARAM_VALUE", message), changes=True)).reason is reason


def test_detail_is_read_where_there_is_no_message() -> None:
    raw = msgspec.json.encode({"label": "INVALID_ARGUMENT", "detail": "the detail"})
    assert refusal(from_response("op", 400, raw, changes=False)).detail == "the detail"


def test_retry_after_is_kept() -> None:
    error = refusal(from_response("op", 429, body("TOO_MANY_REQUESTS"), changes=True, retry_after_s=2.5))
    assert error.retry_after_s == 2.5


@pytest.mark.parametrize("raw", [b"", b"<html>Forbidden</html>", b"\xff", b"[]", b"{}", b'{"label":5}'])
@pytest.mark.parametrize(
    ("status", "reason"), [(403, RefusalReason.OTHER), (404, RefusalReason.OTHER), (429, RefusalReason.RATE_LIMIT)]
)
def test_an_answer_without_a_label_goes_by_its_status(raw: bytes, status: int, reason: RefusalReason) -> None:
    error = refusal(from_response("op", status, raw, changes=True))
    assert (error.reason, error.label) == (reason, f"HTTP_{status}")


@pytest.mark.parametrize("status", [408, 500, 503])
def test_r3_an_answer_without_a_label_that_proves_nothing(status: int) -> None:
    assert isinstance(from_response("op", status, b"", changes=True), UnknownOutcomeError)
    assert isinstance(from_response("op", status, b"", changes=False), ConnectionFailedError)


@given(status=st.integers(300, 599), raw=st.binary(max_size=60), changes=st.booleans())
def test_any_answer_becomes_an_error_of_the_tree(status: int, raw: bytes, changes: bool) -> None:
    assert isinstance(from_response("op", status, raw, changes=changes), TellerError)


class TestWebsocket:
    @pytest.mark.parametrize("code", [4, 6, 11])
    def test_authentication(self, code: int) -> None:
        error = refusal(from_websocket(code, "no"))
        assert (error.reason, error.is_hopeless) == (RefusalReason.AUTHENTICATION, True)

    @pytest.mark.parametrize(
        ("label", "reason"),
        [
            ("INVALID_KEY", RefusalReason.AUTHENTICATION),
            ("IP_FORBIDDEN", RefusalReason.PERMISSION),
            ("REQUEST_EXPIRED", RefusalReason.CLOCK),
            ("NEVER_SEEN", RefusalReason.AUTHENTICATION),
        ],
    )
    def test_a_label_inside_the_message_of_code_4(self, label: str, reason: RefusalReason) -> None:
        assert refusal(from_websocket(4, body(label, "x").decode() + "\n")).reason is reason

    def test_an_unknown_market(self) -> None:
        error = refusal(from_websocket(2, "unknown currency pair: FOO_USDT"))
        assert error.reason is RefusalReason.UNKNOWN_SYMBOL
        assert "FOO_USDT" in str(error)

    @pytest.mark.parametrize("code", [1, 2])
    def test_a_bad_request(self, code: int) -> None:
        assert refusal(from_websocket(code, "payload")).reason is RefusalReason.BAD_REQUEST

    def test_a_fault_of_the_server(self) -> None:
        assert isinstance(from_websocket(3, "oops"), ConnectionFailedError)

    @pytest.mark.parametrize("code", [211, 212])
    def test_a_rate(self, code: int) -> None:
        assert refusal(from_websocket(2, f"too many requests: {code}")).reason is RefusalReason.RATE_LIMIT

    def test_an_unknown_code(self) -> None:
        assert refusal(from_websocket(99, "?")).reason is RefusalReason.OTHER

    @pytest.mark.parametrize("message", ["{", '{"label": 5}', "{\ud800"])
    def test_a_message_that_only_looks_like_json(self, message: str) -> None:
        assert isinstance(from_websocket(4, message), VenueRefusedError)


def test_r12_key_and_secret_are_cut_out_of_what_the_exchange_says() -> None:
    hide = Credentials("demo-key", "s3cr3t-demo")
    quoted = "key demo-key with s3cr3t-demo is no good"
    for error in (
        from_response("op", 401, body("INVALID_KEY", quoted), changes=False, hide=hide),
        from_websocket(4, quoted, hide=hide),
        from_websocket(4, body("INVALID_KEY", quoted).decode(), hide=hide),
    ):
        assert "demo" not in str(error)
        assert "no good" in str(error)


def test_a_long_text_is_cut() -> None:
    assert len(refusal(from_label("op", "NO_CHANGE", "", changes=False)).detail) == 0
    error = refusal(from_response("op", 400, body("NO_CHANGE", "x" * 10_000), changes=False))
    assert len(error.detail) < 400
