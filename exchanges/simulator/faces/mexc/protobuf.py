"""A small writer of protobuf messages, from tables of field numbers (docs/venues/mexc.md, protobuf schema)."""

import enum
from collections.abc import Mapping
from typing import TypeAlias

import msgspec

Message: TypeAlias = Mapping[str, object]
VARINT, LENGTH = 0, 2  # how a field's value is written


class Kind(enum.Enum):
    """What a field holds. Numbers are 0 or more here; a boolean is one of them."""

    TEXT = enum.auto()
    NUMBER = enum.auto()
    MESSAGE = enum.auto()


class Field(msgspec.Struct, frozen=True):
    """One field of a message. ``optional``: written whenever it is given; others only when they are not 0 or ""."""

    number: int
    kind: Kind = Kind.TEXT
    optional: bool = False
    repeated: bool = False
    table: "Table | None" = None


Table: TypeAlias = Mapping[str, Field]


def encode(message: Message, table: Table) -> bytes:
    """Returns the message's fields in the order of their numbers. A value of None is not written."""
    written = bytearray()
    for name in sorted(message, key=lambda name: table[name].number):
        field, value = table[name], message[name]
        for each in value if field.repeated and isinstance(value, list) else [value]:
            written += _field(field, each)
    return bytes(written)


def extended(encoded: bytes, number: int, text: str) -> bytes:
    """Returns an encoded message with one more field at its end."""
    return encoded + _field(Field(number), text)


def first_text(encoded: bytes) -> str:
    """Returns the text of field 1, which must be the first one; "" where there is none."""
    if len(encoded) < 2 or encoded[0] != 1 << 3 | LENGTH:
        return ""
    length, at = _read_varint(encoded, 1)
    return encoded[at : at + length].decode(errors="replace")


def _field(field: Field, value: object) -> bytes:
    if value is None or (not value and not field.optional and not field.repeated and field.kind is not Kind.MESSAGE):
        return b""
    match field.kind:
        case Kind.NUMBER if isinstance(value, int):
            return _varint(field.number << 3 | VARINT) + _varint(int(value))
        case Kind.TEXT if isinstance(value, str):
            data = value.encode()
        case Kind.MESSAGE if isinstance(value, Mapping) and field.table is not None:
            data = encode(value, field.table)
        case _:
            raise TypeError(f"{value!r} is no {field.kind.name}")
    return _varint(field.number << 3 | LENGTH) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _read_varint(encoded: bytes, at: int) -> tuple[int, int]:
    """Returns a number and where the next thing begins; what is cut short ends there."""
    value = shift = 0
    while at < len(encoded):
        byte = encoded[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return value, at
