"""Which method of an actor handles which message type."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, overload

M = TypeVar("M")
A = TypeVar("A")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

Handler = Callable[[Any, Any], Any]
"""An unbound handler method: ``handler(actor, message)``."""

_MARK = "_handled_message_types"
HOOKS = ("on_start", "on_stop", "on_failure")


@overload
def handles(message_type: type[M], /) -> Callable[[Callable[[A, M], R]], Callable[[A, M], R]]: ...
@overload
def handles(message_type: type, /, *more: type) -> Callable[[F], F]: ...
def handles(*message_types: type) -> Any:
    """Mark a method as the handler of these message types and of their subclasses.

    A handler for the exact type is preferred to one for a base class. A subclass may override the method, with or
    without the decorator.

    Raises:
        TypeError: no type is given, or something that is not a class.
    """
    if not message_types or not all(isinstance(each, type) for each in message_types):
        raise TypeError(f"handles{message_types!r} is not allowed: one or more message classes, @handles(PlaceOrder)")

    def mark(method: F) -> F:
        setattr(method, _MARK, message_types)
        return method

    return mark


def is_async(function: object) -> bool:
    """True for functions whose call only makes a coroutine or an asynchronous generator."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def handler_names(actor_class: type) -> dict[type, str]:
    """Message type -> name of its handler method, base classes first so that subclasses win.

    Raises:
        TypeError: two methods of one class handle the same type.
    """
    names: dict[type, str] = {}
    for owner in reversed(actor_class.__mro__):
        own: dict[type, str] = {}
        for name, member in vars(owner).items():
            for message_type in getattr(member, _MARK, ()):
                if message_type in own:
                    raise TypeError(
                        f"{owner.__name__}.{own[message_type]} and .{name} both handle {message_type.__name__}"
                    )
                own[message_type] = name
        names.update(own)
    return names


def build_handlers(actor_class: type, *, wrap_async: Callable[[Handler], Handler] | None) -> dict[type, Handler]:
    """The dispatch table of an actor class; ``on_receive`` stands in it for whatever has no handler.

    Args:
        actor_class: where the decorated methods are.
        wrap_async: makes a plain handler of an ``async def`` one; None refuses them.

    Raises:
        TypeError: an ``async def`` handler where none is allowed; two handlers for one type.
    """
    names = {object: "on_receive", **handler_names(actor_class)}
    return {kind: _plain(actor_class, name, wrap_async) for kind, name in names.items()}


def _plain(actor_class: type, name: str, wrap_async: Callable[[Handler], Handler] | None) -> Handler:
    method: Handler = getattr(actor_class, name)
    if not is_async(method):
        return method
    if wrap_async is None or inspect.isasyncgenfunction(method):
        raise TypeError(
            f"{actor_class.__name__}.{name} is async, but a handler may not wait: start the work with "
            "self.pipe(...) and handle its result as a message (or set serial_async = True on a loop actor)"
        )
    return wrap_async(method)


def resolve(table: dict[type, Handler], message_type: type) -> Handler:
    """The handler for a type that is not in the table yet: its nearest base class's; remembered there."""
    nearest = next(base for base in message_type.__mro__ if base in table)
    table[message_type] = table[nearest]
    return table[message_type]
