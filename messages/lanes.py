"""Which queue of an actor's mailbox a message waits in."""

import enum


class Lane(enum.Enum):
    """Order of service in a mailbox.

    CONTROL: stop, cancel, kill switch. Served first; never refused for lack of room.
    COMMAND: what callers ask for. Bounded: a full mailbox refuses it with a typed *busy* error.
    EVENT: what the exchange or a timer says. Never refused: losing one would make the account wrong.
    """

    CONTROL = "control"
    COMMAND = "command"
    EVENT = "event"
