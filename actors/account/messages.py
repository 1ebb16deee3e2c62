"""Messages between an account, its connection supervisor and its subscribers that are nobody else's business."""

from collections.abc import Callable, Mapping
from typing import ClassVar

import msgspec

from actors.runtime import Address
from exchanges.base.clients import BalancesReport, OpenOrdersReport, PrivateRest
from messages.enums import SyncState
from messages.events import ConnectionStatus
from messages.instrument import Instrument
from messages.lanes import Lane
from messages.order import Fill
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

    connection: int
    rest: PrivateRest


class GetFillsNeeded(msgspec.Struct, frozen=True):
    """Answered with `FillsNeeded`."""


class FillsNeeded(msgspec.Struct, frozen=True):
    """The markets whose fills are to be loaded with the snapshot.

    Attributes:
        from_ms: for each market the time from which on a fill might be missing.
        complete_through_ms: up to here they will be complete: queries may lag behind the moment of the question.
            Both by the exchange's clock, unix milliseconds.
    """

    from_ms: Mapping[Symbol, int]
    complete_through_ms: int


class SnapshotLoaded(msgspec.Struct, frozen=True):
    """A whole snapshot of the exchange's books; answered when every order it leaves in doubt has been asked for, with
    the number of things it told that the socket should have told before.

    Attributes:
        subscribed_ms: when the exchange had acknowledged the socket's subscriptions.
        fills: by market; complete up to ``fills_through_ms``. Both by the exchange's clock.
    """

    connection: int
    subscribed_ms: int
    balances: BalancesReport
    open_orders: OpenOrdersReport
    fills: Mapping[Symbol, tuple[Fill, ...]]
    fills_through_ms: int
    instruments: Mapping[Symbol, Instrument]


class SyncChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor's word on how far the account can be believed. Overtakes waiting commands, so that no order
    is sent from a state that is known to be stale (R5)."""

    lane: ClassVar[Lane] = Lane.CONTROL

    sync_state: SyncState
    links: ConnectionStatus
    cause: str
    reconnects: int


class Continue(msgspec.Struct, frozen=True):
    """An I/O task or a timer has ended; ``run`` takes its result in, inside a turn of the account."""

    run: Callable[[], None]
