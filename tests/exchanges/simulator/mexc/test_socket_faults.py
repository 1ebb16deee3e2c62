"""What can become of sockets and frames."""

import pytest

from exchanges.simulator import HttpRequest
from exchanges.simulator.faults.faults import (
    FrameDrop,
    FrameDuplicate,
    FrameExtended,
    FrameJunk,
    FrameTruncate,
    Maintenance,
    SocketCut,
    SocketDeaf,
    SocketSilent,
)
from exchanges.simulator.faults.refusals import SubscriptionRefused

from .quiet import DEALS, ORDERS, Client, Link, Venue


@pytest.fixture
def venue() -> Venue:
    opened = Venue()
    opened.market()
    return opened


@pytest.fixture
def client(venue: Venue) -> Client:
    return venue.client()


def test_sockets_are_cut_and_whoever_comes_again_too(venue: Venue, client: Client) -> None:
    _, link = client.socket(ORDERS)
    venue.fault(SocketCut(account="alpha", channel=ORDERS, times=2))
    _, again = client.socket(ORDERS)
    assert (link.closed_with, again.closed_with) == ("reset", "reset")


def test_sockets_fall_silent_or_deaf(venue: Venue, client: Client) -> None:
    deaf, told = client.socket(ORDERS)
    silent, nothing = client.socket(ORDERS)
    venue.fault(SocketDeaf(account="alpha", times=1))
    client.order()
    deaf.receive('{"method":"PING"}')
    assert (told.pushes, told.answers[-1]) == ([], "PONG")
    venue.fault(SocketSilent(account="alpha"))
    heard = len(nothing.raw)
    silent.receive('{"method":"PING"}')
    assert (len(nothing.raw), silent.is_silent) == (heard, True)


def test_frames_are_lost_doubled_cut_short_and_longer_than_known(venue: Venue, client: Client) -> None:
    _, link = client.socket(ORDERS)
    for fault in (FrameDrop, FrameDuplicate, FrameTruncate, FrameExtended, FrameJunk):
        venue.fault(fault(account="alpha", channel=ORDERS, times=1))
        before = len(link.raw)
        client.order()
        venue.time.advance(1)
        got = link.raw[before:]
        match fault.__name__:
            case "FrameDrop":
                assert got == []
            case "FrameDuplicate" | "FrameJunk":
                assert len(got) == 2
            case "FrameTruncate" | "FrameExtended":
                assert len(got) == 1
    assert len([frame for frame in link.raw if isinstance(frame, bytes) and b"since tomorrow" in frame]) == 1


def test_a_subscription_is_refused_for_an_account(venue: Venue, client: Client) -> None:
    venue.fault(SubscriptionRefused(account="alpha", channel=ORDERS, message="not now"))
    session, link = client.socket(ORDERS, DEALS)
    assert "Reason： not now" in link.answers[0]  # noqa: RUF001
    assert [topic.channel for topic in session.topics] == [DEALS]


def test_during_maintenance_nobody_is_in(venue: Venue, client: Client) -> None:
    _, link = client.socket(ORDERS)
    venue.fault(Maintenance())
    assert link.closed_with == 1012
    assert venue.exchange.open_socket(HttpRequest(method="GET", path="/ws"), Link()) is None


def test_the_control_api_names_the_new_faults(venue: Venue) -> None:
    for kind in ("listen_keys_revoked", "listen_keys_exhausted", "ack_form", "frame_extended"):
        venue.control("POST", "/faults", {"kind": kind, "account": "alpha", "for_s": 1})
    venue.control("POST", "/faults", {"kind": "frame_drop", "channel": ORDERS})
    venue.control("POST", "/faults", {"kind": "rest_error", "endpoint": "POST /api/v3/order"})
    assert len(venue.control("GET", "/faults")) == 6
