"""Every label of Gate's spot side has a place in the error tree, and what it proves about the outcome is right (R3)."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.base.credentials import Credentials
from exchanges.gateio.errors import from_label, from_response, from_websocket
from exchanges.gateio.labels import LABELS
from messages.errors import (
    ConnectionFailedError,
    RefusalReason,
    TellerError,
    UnknownOutcomeError,
    VenueRefusedError,
)

CERTAIN = re.findall(
    r"\w+",
    """
    INVALID_PARAM_VALUE INVALID_PROTOCOL INVALID_ARGUMENT INVALID_REQUEST_BODY MISSING_REQUIRED_PARAM BAD_REQUEST
    INVALID_CONTENT_TYPE NOT_ACCEPTABLE METHOD_NOT_ALLOWED NOT_FOUND
    INVALID_CREDENTIALS INVALID_KEY INVALID_SIGNATURE REQUEST_EXPIRED MISSING_REQUIRED_HEADER IP_FORBIDDEN READ_ONLY
    FORBIDDEN ACCOUNT_LOCKED AUTHENTICATION_FAILED
    BALANCE_NOT_ENOUGH QUANTITY_NOT_ENOUGH AMOUNT_TOO_LITTLE AMOUNT_TOO_MUCH INVALID_PRECISION INVALID_CURRENCY
    INVALID_CURRENCY_PAIR POC_FILL_IMMEDIATELY FOK_NOT_FILL ORDER_NOT_FOUND CLIENT_ID_NOT_FOUND ORDER_CLOSED
    ORDER_CANCELLED TOO_MANY_CURRENCY_PAIRS TOO_MANY_ORDERS MIXED_ACCOUNT_TYPE TRADE_RESTRICTED ORDER_BOOK_NOT_FOUND
    PRICE_THRESHOLD_EXCEEDED MARGIN_BALANCE_NOT_ENOUGH MARGIN_NOT_SUPPORTED AUTO_BORROW_TOO_MUCH
    TOO_FAST WITHDRAWAL_OVER_LIMIT API_WITHDRAW_DISABLED INVALID_WITHDRAW_ID INVALID_WITHDRAW_CANCEL_STATUS
    ADDRESS_NOT_USED INVALID_CLIENT_ORDER_ID FUTURES_BALANCE_NOT_ENOUGH TOO_MUCH_FUTURES_AVAILABLE SUB_ACCOUNT_NOT_FOUND
    SUB_ACCOUNT_LOCKED TOO_MANY_REQUESTS
    """,
)
"""Nothing happened. Gate's manual, error labels, without futures; ccxt's table of the manual's list."""

SOMETHING_IS_THERE = ["REPEATED_CREATION", "NO_CHANGE", "DUPLICATE_REQUEST", "ORDER_EXISTS"]
FAILED = [
    "CANCEL_FAIL",
    "SUB_ACCOUNT_TRANSFER_FAILED",
    "MARGIN_TRANSFER_FAILED",
    "MARGIN_BALANCE_EXCEPTION",
    "ACCOUNT_EXCEPTION",
]
SERVER_FAULTS = ["INTERNAL", "SERVER_ERROR", "TOO_BUSY"]
UNKNOWN = ["SOMETHING_NEW", "LABEL_OF_TOMORROW", "CONTRACT_NOT_FOUND"]
UNCERTAIN = [*SOMETHING_IS_THERE, *FAILED, *SERVER_FAULTS, *UNKNOWN]


def body(label: str, message: str = "", **more: str) -> bytes:
    return msgspec.json.encode({"label": label, "message": message} | more)


def refusal(error: TellerError) -> VenueRefusedError:
    assert isinstance(error, VenueRefusedError)
    return error


def test_the_table_holds_exactly_the_documented_labels() -> None:
    assert set(LABELS) == {*CERTAIN, *SOMETHING_IS_THERE, *FAILED, *SERVER_FAULTS}


@pytest.mark.parametrize("label", sorted(CERTAIN))
@pytest.mark.parametrize("changes", [True, False])
def test_r3_a_refusal_before_anything_was_done_is_certain_and_keeps_the_venues_label(label: str, changes: bool) -> None:
    error = refusal(from_response("op", 400, body(label, "because"), changes=changes))
    assert (error.reason, error.label, error.detail) == (LABELS[label].reason, label, "because")


@pytest.mark.parametrize("label", UNCERTAIN)
@pytest.mark.parametrize("status", [400, 404, 409, 429, 499])
def test_r3_what_does_not_say_that_nothing_happened_leaves_a_change_unknown(label: str, status: int) -> None:
    error = from_response("place_order", status, body(label, "because"), changes=True)
    assert type(error) is UnknownOutcomeError
    assert str(error) == f"place_order: {label}: because: it may or may not have happened"
    assert str(from_label("op", label, "", changes=True)) == f"op: {label}: it may or may not have happened"


@pytest.mark.parametrize("label", [*SOMETHING_IS_THERE, *FAILED, *UNKNOWN])
def test_a_query_that_is_refused_by_such_a_label_is_refused(label: str) -> None:
    error = refusal(from_response("op", 400, body(label), changes=False))
    assert error.label == label
    assert error.reason is (LABELS[label].reason if label in LABELS else RefusalReason.OTHER)


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("INVALID_KEY", RefusalReason.AUTHENTICATION),
        ("INVALID_SIGNATURE", RefusalReason.AUTHENTICATION),
        ("REQUEST_EXPIRED", RefusalReason.CLOCK),
        ("IP_FORBIDDEN", RefusalReason.AUTHENTICATION),
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
    assert LABELS[label].reason is reason


@pytest.mark.parametrize("label", SERVER_FAULTS)
@pytest.mark.parametrize("status", [200, 302, 400, 500])
def test_r3_a_fault_of_the_server_leaves_a_change_unknown_and_fails_a_query(label: str, status: int) -> None:
    assert isinstance(from_response("op", status, body(label), changes=True), UnknownOutcomeError)
    if status >= 400:
        assert isinstance(from_response("op", status, body(label), changes=False), ConnectionFailedError)


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


@pytest.mark.parametrize("label", ["INVALID_ARGUMENT", "AMOUNT_TOO_MUCH", "SOMETHING_NEW"])
def test_a_minimum_in_the_text_of_another_label_means_nothing(label: str) -> None:
    error = refusal(from_response("op", 400, body(label, "The minimum is 3 USDT"), changes=False))
    assert error.reason is not RefusalReason.BELOW_MINIMUM


def test_detail_is_read_where_there_is_no_message() -> None:
    raw = msgspec.json.encode({"label": "INVALID_ARGUMENT", "detail": "the detail"})
    assert refusal(from_response("op", 400, raw, changes=False)).detail == "the detail"


def test_retry_after_is_kept() -> None:
    error = refusal(from_response("op", 429, body("TOO_MANY_REQUESTS"), changes=True, retry_after_s=2.5))
    assert error.retry_after_s == 2.5


NO_LABEL = [
    b"",
    b"<html>Forbidden</html>",
    b"\xff",
    b"[]",
    b"{}",
    b'{"label":5}',
    b'{"label":"two words"}',
    b'{"label":""}',
]
BELOW_500 = [300, 302, 307, 400, 401, 403, 404, 405, 409, 413, 417, 418, 421, 425, 429, 451, 499]


@pytest.mark.parametrize("raw", NO_LABEL)
@pytest.mark.parametrize("status", [*BELOW_500, 408, 500, 502, 503, 599])
def test_r3_a_status_alone_is_not_the_exchanges_word_and_leaves_a_change_unknown(raw: bytes, status: int) -> None:
    error = from_response("place_order", status, raw, changes=True)
    assert type(error) is UnknownOutcomeError
    assert str(error) == (
        f"place_order: status {status} without a word of the exchange's own: it may or may not have happened"
    )


@pytest.mark.parametrize("label", ["INVALID_KEY", "BALANCE_NOT_ENOUGH", "TOO_MANY_REQUESTS"])
@pytest.mark.parametrize("status", [200, 204, 302, 399, 500, 502])
def test_r3_a_label_with_a_status_that_is_none_of_a_refusal_proves_nothing_of_a_change(label: str, status: int) -> None:
    assert isinstance(from_response("op", status, body(label), changes=True), UnknownOutcomeError)


@pytest.mark.parametrize("raw", NO_LABEL)
@pytest.mark.parametrize("status", BELOW_500)
def test_a_query_without_a_label_goes_by_its_status(raw: bytes, status: int) -> None:
    error = refusal(from_response("op", status, raw, changes=False, retry_after_s=3.0))
    assert error.reason is (RefusalReason.RATE_LIMIT if status == 429 else RefusalReason.OTHER)
    assert (error.label, error.retry_after_s) == (f"HTTP_{status}", 3.0)


@pytest.mark.parametrize("status", [408, 500, 503])
def test_a_query_without_a_label_that_may_be_asked_again(status: int) -> None:
    assert type(from_response("op", status, b"", changes=False)) is ConnectionFailedError


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
            ("IP_FORBIDDEN", RefusalReason.AUTHENTICATION),
            ("READ_ONLY", RefusalReason.PERMISSION),
            ("REQUEST_EXPIRED", RefusalReason.CLOCK),
            ("TOO_MANY_REQUESTS", RefusalReason.RATE_LIMIT),
            ("NEVER_SEEN", RefusalReason.AUTHENTICATION),
        ],
    )
    def test_a_label_inside_the_message_of_code_4(self, label: str, reason: RefusalReason) -> None:
        error = refusal(from_websocket(4, body(label, "x").decode() + "\n"))
        assert error.reason is reason
        assert "x" in error.detail

    @pytest.mark.parametrize("code", [1, 2, 4, 7, 99])
    @pytest.mark.parametrize("label", ["INVALID_KEY", "INVALID_SIGNATURE", "invalid_signature"])
    def test_a_label_anywhere_in_the_message_of_any_code(self, code: int, label: str) -> None:
        """As in gateio/WebSocket-API issue 13."""
        told = body(label, "Signature mismatch").decode()
        message = f"http get status code err, status : 400, url : http://127.0.0.1:8130/ws_auth, info : {told}\n"
        error = refusal(from_websocket(code, message))
        assert (error.label, error.detail) == (label.upper(), "Signature mismatch")
        assert error.reason is RefusalReason.AUTHENTICATION

    @pytest.mark.parametrize(
        "message",
        [
            "invalid key",
            "Invalid API key provided",
            "unknown api_key",
            "expired key",
            "auth faild , auth data : &{{87260}}",  # gateapi-python issue 14
            "auth failed",
            "Authentication failed",
            "authorization failure",
            "Signature mismatch",
            "unauthorized",
            "not authenticated",
        ],
    )
    @pytest.mark.parametrize("code", [1, 2, 5, 99])
    def test_a_key_that_is_refused_under_another_code(self, message: str, code: int) -> None:
        error = refusal(from_websocket(code, message, channel="spot.orders"))
        assert (error.reason, error.is_hopeless) == (RefusalReason.AUTHENTICATION, True)
        assert str(error) == f"the exchange refused: WS_{code}: spot.orders: {message}"

    @pytest.mark.parametrize(
        "message",
        [
            "http get status code err, status : 502, url : http://127.0.0.1:8130/ws_auth, info : <html>",
            'Get "http://127.0.0.1:8130/ws_auth": context deadline exceeded',
            "dial tcp 127.0.0.1:8130: connect: connection refused",
            "auth timeout",
            "auth service unavailable",
            '{"label":"INTERNAL","message":"oops"}',
            '{"label":"TOO_BUSY","message":"oops"}',
        ],
    )
    @pytest.mark.parametrize("code", [2, 4, 6, 11])
    def test_a_key_that_could_not_be_looked_at_is_not_refused(self, message: str, code: int) -> None:
        assert isinstance(from_websocket(code, message), ConnectionFailedError)

    @pytest.mark.parametrize("message", ["unknown currency pair: FOO_USDT", "unknown currency pair FOO_USDT"])
    @pytest.mark.parametrize("code", [1, 2, 4])
    def test_an_unknown_market(self, message: str, code: int) -> None:
        error = refusal(from_websocket(code, message, channel="spot.book_ticker"))
        assert (error.reason, error.is_hopeless) == (RefusalReason.UNKNOWN_SYMBOL, False)
        assert error.detail == f"spot.book_ticker: {message}"

    @pytest.mark.parametrize("code", [1, 2])
    @pytest.mark.parametrize("message", ["payload", "unknown channel spot.orders", "keyword", "authority"])
    def test_a_bad_request(self, code: int, message: str) -> None:
        error = refusal(from_websocket(code, message))
        assert (error.reason, error.is_hopeless) == (RefusalReason.BAD_REQUEST, False)

    def test_a_fault_of_the_server(self) -> None:
        error = from_websocket(3, "oops", channel="spot.orders")
        assert type(error) is ConnectionFailedError
        assert str(error) == "subscription to spot.orders: the exchange failed: WS_3: oops"

    @pytest.mark.parametrize("code", [211, 212])
    @pytest.mark.parametrize("end", ["", ".", ")", " "])
    def test_a_rate(self, code: int, end: str) -> None:
        assert refusal(from_websocket(2, f"too many requests: {code}{end}")).reason is RefusalReason.RATE_LIMIT

    def test_an_unknown_code(self) -> None:
        assert refusal(from_websocket(99, "?")).reason is RefusalReason.OTHER

    @pytest.mark.parametrize("message", ["{", '{"label": 5}', "{\ud800", '{"label": "INV', '"label":"NOBODY"'])
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
        assert "key *** with *** is no good" in str(error)


def test_a_long_text_is_cut() -> None:
    assert len(refusal(from_label("op", "NO_CHANGE", "", changes=False)).detail) == 0
    error = refusal(from_response("op", 400, body("NO_CHANGE", "x" * 10_000), changes=False))
    assert error.detail == "x" * 300 + "..."
    assert refusal(from_label("op", "NO_CHANGE", "x" * 300, changes=False)).detail == "x" * 300
