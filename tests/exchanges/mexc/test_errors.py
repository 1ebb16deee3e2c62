"""Every code of MEXC's has a place in the error tree, and what it proves about the outcome is right (R3)."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.mexc.codes import CODES, code_of
from exchanges.mexc.errors import code_in, from_code, from_response
from messages.errors import ConnectionFailedError, RefusalReason, TellerError, UnknownOutcomeError, VenueRefusedError

R = RefusalReason
CERTAIN: dict[RefusalReason, list[int]] = {
    R.AUTHENTICATION: [602, 10001, 10015, 10072, 700001, 700002, 700006],
    R.PERMISSION: [401, 10098, 60005, 140002, 700007],
    R.CLOCK: [10073, 700003],
    R.RATE_LIMIT: [429, 510],
    R.UNKNOWN_SYMBOL: [-1121, 30014, 30021],
    R.TRADING_DISABLED: [
        10007, 30000, 30001, 30016, 30018, 30019, 30020, 30027, 30028, 30041, 70011,
    ],
    R.ORDER_NOT_FOUND: [-2011, -2013, 30026],
    R.BELOW_MINIMUM: [30002],
    R.ABOVE_MAXIMUM: [30003, 30032],
    R.INSUFFICIENT_BALANCE: [30004, 30005, 10101],
    R.PRICE_OUT_OF_RANGE: [30010, 30087],
    R.WOULD_NOT_FILL: [30025],
    R.TOO_MANY_ORDERS: [30029],
    R.PRECISION: [10096],
    R.WITHDRAWAL: [10206, 10211, 10212, 10265],
    R.BAD_REQUEST: [
        -1128, 400, 10095, 10097, 10099, 10100, 10102, 10103, 10222, 10232, 10268, 20001, 33333, 44444, 88000, 88999,
        140001, 700004, 700005, 700008, 700013, 730001, 730002, 730003,
    ],
    R.OTHER: [26, 403, 10216, 22222, 730100, 730101, 730601, 730708],
}  # fmt: skip
SERVER = [-1003, 500, 503, 504, 604, 801, 11444, 20002]
FAILED = [10200, 10201, 10202, 10219, 10259, 730000]
UNKNOWN = [1, 12345, -9999, 999999]


def body(code: Any, msg: str = "why") -> bytes:
    return msgspec.json.encode({"code": code, "msg": msg})


def answered(code: Any, *, changes: bool, status: int = 400) -> TellerError:
    return from_response("do_it", status, body(code), changes=changes)


def test_the_lists_of_this_page_are_the_whole_table() -> None:
    told = {code for codes in CERTAIN.values() for code in codes} | {*SERVER, *FAILED}
    assert set(CODES) <= told
    assert all(code_of(code) is not None for code in told)


@pytest.mark.parametrize("changes", [True, False])
@pytest.mark.parametrize(("reason", "code"), [(reason, code) for reason, codes in CERTAIN.items() for code in codes])
def test_what_is_refused_is_refused_for_its_reason(reason: RefusalReason, code: int, changes: bool) -> None:
    error = answered(code, changes=changes)
    assert isinstance(error, VenueRefusedError)
    assert (error.reason, error.label, error.detail) == (reason, str(code), "why")


@pytest.mark.parametrize("code", [*SERVER, *FAILED, *UNKNOWN])
def test_r3_what_is_not_certain_leaves_a_change_unknown(code: int) -> None:
    assert isinstance(answered(code, changes=True), UnknownOutcomeError)


@pytest.mark.parametrize("code", SERVER)
def test_a_query_that_the_exchange_could_not_answer_is_a_failed_connection(code: int) -> None:
    assert isinstance(answered(code, changes=False), ConnectionFailedError)


@pytest.mark.parametrize("code", [*FAILED, *UNKNOWN])
def test_a_code_that_we_do_not_know_refuses_a_query(code: int) -> None:
    error = answered(code, changes=False)
    assert isinstance(error, VenueRefusedError)
    assert error.reason is RefusalReason.OTHER


@pytest.mark.parametrize("code", [30004, "30004"])
def test_a_code_is_a_number_or_a_text(code: object) -> None:
    assert code_in(body(code)) == (30004, "why")


def test_older_services_say_message() -> None:
    assert code_in(b'{"success":false,"code":10101,"message":"too little","_extend":null}') == (10101, "too little")


@pytest.mark.parametrize(
    "said", [b"", b"{}", b"[]", b'{"code":0}', b'{"code":200,"msg":"success"}', b'{"code":"x"}', b"<"]
)
def test_what_has_no_code_says_nothing(said: bytes) -> None:
    assert code_in(said) is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 429, 302])
def test_r3_a_status_without_a_code_proves_nothing_of_a_change(status: int) -> None:
    assert isinstance(from_response("do_it", status, b"<html>", changes=True), UnknownOutcomeError)


@pytest.mark.parametrize(
    ("status", "reason"), [(403, R.OTHER), (418, R.RATE_LIMIT), (429, R.RATE_LIMIT), (404, R.OTHER)]
)
def test_a_status_without_a_code_refuses_a_query(status: int, reason: RefusalReason) -> None:
    error = from_response("do_it", status, b"<html>", changes=False, retry_after_s=7)
    assert isinstance(error, VenueRefusedError)
    assert (error.reason, error.label, error.retry_after_s) == (reason, f"HTTP_{status}", 7)


@pytest.mark.parametrize("status", [500, 503, 504, 408])
def test_a_server_that_failed_fails_a_query(status: int) -> None:
    assert isinstance(
        from_response("do_it", status, body(30004), changes=False),
        (ConnectionFailedError if status >= 500 else VenueRefusedError),
    )
    assert isinstance(from_response("do_it", status, b"", changes=False), ConnectionFailedError)


def test_r12_what_must_not_show_does_not() -> None:
    error = from_response("do_it", 400, body(30004, "key K9 secret S9"), changes=False, hide=("K9", "S9"))
    assert "K9" not in str(error)
    assert "S9" not in str(error)


@given(st.binary(max_size=200), st.integers(300, 599), st.booleans())
def test_any_answer_is_an_error_of_the_tree(said: bytes, status: int, changes: bool) -> None:
    assert isinstance(from_response("do_it", status, said, changes=changes), TellerError)


@given(st.integers(-(2**70), 2**70), st.booleans())
def test_any_code_is_an_error_of_the_tree(code: int, changes: bool) -> None:
    assert isinstance(from_code("do_it", code, "", changes=changes), TellerError)
