"""What a venue cannot do is refused here, by name, before anything is sent."""

import pytest

from exchanges.base.capabilities import ClientIdRules, RequestScope
from messages.errors import InvalidValueError, UnsupportedError
from tests.support.capabilities import capabilities

RULES = ClientIdRules(longest=5, pattern="[a-z]+", allowed="1 to 5 of a-z")


def test_what_is_there_passes() -> None:
    declared = capabilities()
    declared.require_amend()
    declared.require_withdrawals()
    declared.require_countdown("dead_mans_switch_s", 5)


def test_what_is_missing_is_refused_by_the_venues_name() -> None:
    declared = capabilities(venue="plain", amends_orders=False, withdraws=False, shortest_countdown_s=None)
    with pytest.raises(UnsupportedError, match="plain has no amend_order: cancel the order and place a new one"):
        declared.require_amend()
    with pytest.raises(UnsupportedError, match="plain has no withdraw"):
        declared.require_withdrawals()
    with pytest.raises(UnsupportedError, match="plain has no dead_mans_switch_s"):
        declared.require_countdown("dead_mans_switch_s", 60)


def test_a_countdown_that_is_too_short_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="5 seconds or more"):
        capabilities().require_countdown("dead_mans_switch_s", 4)


@pytest.mark.parametrize("client_order_id", ["", "abcdef", "ab-c", "Abc"])
def test_a_client_id_that_the_venue_does_not_take_is_refused(client_order_id: str) -> None:
    with pytest.raises(InvalidValueError, match="1 to 5 of a-z"):
        RULES.require("client_order_id", client_order_id)
    RULES.require("client_order_id", "abcde")


def test_what_is_missing_is_told_in_words() -> None:
    assert capabilities(order_expiry_ms=1, order_entry_by_socket=True).missing() == ()
    plain = capabilities(
        amends_orders=False,
        withdraws=False,
        shortest_countdown_s=None,
        cancels_by_side=False,
        open_orders=RequestScope.MARKET,
        histories=RequestScope.MARKET,
        cancel_all=RequestScope.MARKET,
    )
    assert len(plain.missing()) == 9
