"""Messages to JSON text and back: decimals as text, so exact; enums by their value."""

from collections.abc import Callable
from typing import Final

import msgspec

from actors.journal.records import IntentCommand
from messages.commands import AmendOrder, CancelAll, CancelOrder, CancelWithdrawal, PlaceOrder, Withdraw
from messages.order import Fill, Order
from messages.position_commands import ClosePosition, SetLeverage, SetMarginMode
from messages.symbol import Symbol

_COMMANDS: Final[dict[str, type[IntentCommand]]] = {
    "place": PlaceOrder,
    "cancel": CancelOrder,
    "cancel_all": CancelAll,
    "amend": AmendOrder,
    "withdraw": Withdraw,
    "cancel_withdrawal": CancelWithdrawal,
    "close_position": ClosePosition,
    "set_leverage": SetLeverage,
    "set_margin_mode": SetMarginMode,
}
_KINDS: Final = {command: kind for kind, command in _COMMANDS.items()}
_encode: Final = msgspec.json.Encoder().encode
_decode_command: Final[dict[str, Callable[[str], IntentCommand]]] = {
    kind: msgspec.json.Decoder(command).decode for kind, command in _COMMANDS.items()
}
decode_order: Final = msgspec.json.Decoder(Order).decode
"""An `Order` from its text; raises `msgspec.DecodeError`."""
decode_fill: Final = msgspec.json.Decoder(Fill).decode
"""A `Fill` from its text; raises `msgspec.DecodeError`."""


def encode(message: msgspec.Struct) -> str:
    """Any message as text."""
    return _encode(message).decode()


def kind_of(command: IntentCommand) -> str:
    """The name under which a command is filed."""
    return _KINDS[type(command)]


def decode_command(kind: str, text: str) -> IntentCommand:
    """A command from its text.

    Raises:
        msgspec.DecodeError: the text is none of that kind, or there is no such kind.
    """
    decode = _decode_command.get(kind)
    if decode is None:
        raise msgspec.DecodeError(f"{kind!r} is no kind of command")
    return decode(text)


def ids_of(command: IntentCommand) -> tuple[Symbol | None, str | None, str | None]:
    """Symbol, the exchange's id and our id, as far as the command has them."""
    match command:
        case PlaceOrder() | ClosePosition():
            return command.symbol, None, command.client_order_id
        case CancelOrder() | AmendOrder():
            return command.symbol, command.order_id, command.client_order_id
        case CancelAll() | SetLeverage() | SetMarginMode():
            return command.symbol, None, None
        case Withdraw():
            return None, None, command.client_withdrawal_id
        case CancelWithdrawal():
            return None, command.withdrawal_id, None
    raise TypeError(f"{type(command).__name__} is no command that is journalled")
