"""Gate's limits as its manual has them, and its headers read with distrust."""

from collections.abc import Callable

import pytest

from exchanges.base.rate_limiter import Scope
from exchanges.base.server_clock import ServerClock
from exchanges.base.transport import HttpResponse
from exchanges.gateio import limits
from tests.exchanges.base.manual_clock import ManualClock

NOW_MS = 1_760_000_000_000
PREFIX = "x-gate-ratelimit-"


def read(**headers: str) -> tuple[int | None, int | None, float | None]:
    """``limit``, ``remain`` and ``reset``, as texts of the headers."""
    names = {"limit": "limit", "remain": "requests-remain", "reset": "reset-timestamp"}
    response = HttpResponse(200, {PREFIX + names[name]: value for name, value in headers.items()}, b"")
    return limits.read_headers(response, ServerClock(ManualClock(unix_ms=NOW_MS)))


@pytest.mark.parametrize(
    ("scope", "name", "capacity", "window_s"),
    [
        (lambda: limits.CANCELS, "spot cancels", 200, 1.0),
        (lambda: limits.WITHDRAWALS, "withdrawals", 1, 3.0),
        (lambda: limits.ACCOUNT_DETAIL, "account detail", 150, 10.0),
        (lambda: limits.orders_of("ONLY_HERE"), "spot orders ONLY_HERE", 10, 1.0),
        (lambda: limits.endpoint("GET /only/here"), "GET /only/here", 200, 10.0),
    ],
)
def test_the_limits_of_the_manual(scope: Callable[[], Scope], name: str, capacity: int, window_s: float) -> None:
    made = scope()
    assert (made.name, made.capacity, made.window_s) == (name, capacity, window_s)


def test_each_market_and_each_endpoint_has_its_own() -> None:
    assert limits.orders_of("SOL_USDT") is limits.orders_of("SOL_USDT")
    assert limits.orders_of("SOL_USDT") != limits.orders_of("BTC_USDT")
    assert limits.endpoint("GET /a") != limits.endpoint("GET /b")


def test_all_three_headers() -> None:
    assert read(limit="10", remain="4", reset=str(NOW_MS + 500)) == (10, 4, 0.5)


def test_each_header_stands_for_itself() -> None:
    assert read() == (None, None, None)
    assert read(limit="10") == (10, None, None)
    assert read(remain="0") == (None, 0, None)
    assert read(reset=str(NOW_MS + 500)) == (None, None, 0.5)


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1.5", "many", "1e3", "\u0663", "\u00b2", "1_0", "9" * 19, "9" * 10_000, "0x1"]
)
def test_what_is_no_count_is_none(text: str) -> None:
    assert read(limit=text, remain=text, reset=text) == (None, None, None)


def test_a_count_may_have_18_digits() -> None:
    assert read(limit="9" * 18, remain="9" * 18)[:2] == (10**18 - 1, 10**18 - 1)


def test_a_limit_of_nothing_is_none_and_nothing_left_is_something() -> None:
    assert read(limit="0", remain="0") == (None, 0, None)


@pytest.mark.parametrize(
    ("reset", "in_s"),
    [
        (NOW_MS, None),
        (NOW_MS - 1, None),
        (0, None),
        (NOW_MS + 1, 0.001),
        (NOW_MS + 3_600_000, 3600.0),
        (NOW_MS // 1000, None),
        (NOW_MS // 1000 + 4, 4.0),
        (NOW_MS // 1000 - 4, None),
        (99_999_999_999, (99_999_999_999_000 - NOW_MS) / 1000),
        (100_000_000_000, None),  # in milliseconds: long ago
    ],
)
def test_a_reset_in_seconds_or_milliseconds_one_that_has_passed_is_none(reset: int, in_s: float | None) -> None:
    assert read(reset=str(reset))[2] == in_s
