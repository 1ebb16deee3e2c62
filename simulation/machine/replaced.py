"""Putting something of the simulation in the place of something of the program, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def replaced(owner: object, name: str, value: object) -> Iterator[None]:
    """While it lasts, attribute ``name`` of a class or a module is ``value``; an inherited one is inherited again."""
    own = vars(owner)
    missing = object()
    before = own.get(name, missing)
    if not hasattr(owner, name):
        raise AttributeError(f"{owner!r} has no {name!r} to be replaced")
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is missing:
            delattr(owner, name)
        else:
            setattr(owner, name, before)
