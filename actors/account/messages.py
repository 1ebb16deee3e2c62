"""Messages between an account, its connection supervisor and its subscribers that are nobody else's business."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from actors.runtime import Address
from exchanges.base.clients import BalancesReport, FillsReport, OpenOrdersReport, PrivateRest
from messages.enums import SyncState
from messages.events import ConnectionStatus
from messages.instrument import Instrument
from messages.lanes import Lane
from messages.symbol import Symbol


class Subscribe(msgspec.Struct, frozen=True):
    """Sends all events of this actor to ``subscriber`` from now on; answered with the latest connection status."""

    lane: ClassVar[Lane] = Lane.CONTROL

    subscriber: Address


class Unsubscribe(msgspec.Struct, frozen=True):
    """Ends a subscription."""

    lane: ClassVar[Lane] = Lane.CONTROL

    subscriber: Address


class SessionOpened(msgspec.Struct, frozen=True):
    """A new connection begins: from here on only events of ``connection`` count, and cancels may go out."""

    lane: ClassVar[Lane] = Lane.CONTROL

    session_id: int
    rest: PrivateRest


class GetFillsNeeded(msgspec.Struct, frozen=True):
    """Answered with `FillsNeeded`."""


class FillsNeeded(msgspec.Struct, frozen=True):
    """The fills that are to be loaded with the snapshot, each from which moment of the exchange's clock on (unix ms).

    Attributes:
        from_ms: for all of ``turn`` together, or for the whole account where the venue lists that. again: for markets
            that could not be read before or have not been asked for yet, each by itself.
        turn: where the venue lists fills by market only, those whose turn it is.
        markets: all that are known: where the venue lists open orders by market only, they are asked for in these.
    """

    from_ms: int
    again: Mapping[Symbol, int]
    turn: tuple[Symbol, ...]
    markets: tuple[Symbol, ...]


class LoadedBesides(msgspec.Struct, frozen=True):
    """What an account of one product loads besides what all load.

    Attributes:
        unknown_markets: of which something could not be read or asked, each with the cause.
    """

    unknown_markets: Mapping[Symbol, str] = {}


class SnapshotLoaded(msgspec.Struct, frozen=True):
    """A whole snapshot of the exchange's books; answered when every order it leaves in doubt has been asked for, with
    the number of things it told that the socket should have told before.

    Attributes:
        subscribed_ms: when the exchange had acknowledged the socket's subscriptions, its clock.
        unreadable_ms: when the socket last told something that could not be read, the exchange's clock; 0: never.
        fills: of all markets, or of those whose turn it was, from ``fills_from_ms`` on, the exchange's clock. What
            happened less than ``fills_lag_ms`` before may be missing.
        again: of the markets that were asked for by themselves; a text says why there is nothing.
        besides: what this account's product loads more.
    """

    session_id: int
    subscribed_ms: int
    unreadable_ms: int
    balances: BalancesReport
    open_orders: OpenOrdersReport
    fills: FillsReport
    fills_from_ms: int
    fills_lag_ms: int
    again: Mapping[Symbol, FillsReport | str]
    instruments: Mapping[Symbol, Instrument]
    besides: LoadedBesides = LoadedBesides()


class SyncChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor's word on how far the account can be believed. Overtakes waiting commands, so that no order
    is sent from a state that is known to be stale (R5)."""

    lane: ClassVar[Lane] = Lane.CONTROL

    sync_state: SyncState
    links: ConnectionStatus
    cause: str
    reconnects: int
