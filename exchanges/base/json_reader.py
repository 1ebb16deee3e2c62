"""JSON as typed Structs, from venues that write "no value" as null, as "" or by leaving the field out."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

import msgspec

T = TypeVar("T")

_read_plain: Final = msgspec.json.Decoder(float_hook=Decimal).decode


class Reader(Generic[T]):
    """Decodes one kind of JSON, in one pass where every value is in its place.

    Where that fails it looks again with null, "" and missing taken for the same thing.
    """

    __slots__ = ("_decode", "_type")

    def __init__(self, kind: Any) -> None:
        """``kind``: a type or union that msgspec can decode into."""
        self._type = kind
        self._decode: Callable[[bytes], T] = msgspec.json.Decoder(kind).decode

    def read(self, data: bytes) -> T:
        """The typed value.

        Raises:
            msgspec.MsgspecError: it is no JSON, or not of that kind. UnicodeDecodeError: it is no UTF-8.
            RecursionError: it is nested beyond reason.
        """
        try:
            return self._decode(data)
        except msgspec.ValidationError as first:
            try:
                value: T = msgspec.convert(_without_empty(_read_plain(data)), self._type)
            except msgspec.ValidationError:
                raise first from None
            return value


def plain_object(data: bytes) -> Mapping[str, Any]:
    """A JSON object as it is; empty for anything else."""
    try:
        value = _read_plain(data)
    except Exception:
        return {}
    return value if type(value) is dict else {}


def _without_empty(value: Any) -> Any:
    """The same JSON value with the members left out that say nothing."""
    if type(value) is dict:
        return {key: _without_empty(item) for key, item in value.items() if item is not None and item != ""}
    if type(value) is list:
        return [_without_empty(item) for item in value]
    return value
