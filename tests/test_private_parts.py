"""Parts of pykka and websockets that are not their public face, and that we lean on: each is named here, and nowhere
else is one used. A new version of either library that changes one fails here first.
"""

import ast
import inspect
from pathlib import Path

import pykka
import pykka.messages
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import DATA_OPCODES, Frame, Opcode

ROOT = Path(__file__).resolve().parents[1]
PYKKA_NAMES = {
    "_ActorStop": "pykka's own way to stop an actor, which `ActorRegistry.stop_all` still uses",
}
PYKKA_METHODS = {
    "_start_actor_loop": "starts serving: on an event loop or a thread of ours",
    "_actor_loop": "the body of pykka's own thread, which a thread actor of ours replaces",
    "_create_actor_inbox": "makes the mailbox: ours is bounded, closes, and has lanes",
    "_create_future": "makes the answer of an ask: ours can be awaited",
}


def test_the_names_of_pykka_are_there() -> None:
    assert all(hasattr(pykka.messages, name) for name in PYKKA_NAMES)


@pytest.mark.parametrize("name", PYKKA_METHODS)
def test_the_methods_of_pykkas_actors_are_there(name: str) -> None:
    assert callable(getattr(pykka.ThreadingActor, name))


def test_a_reference_of_pykkas_knows_its_actor_weakly() -> None:
    """The watchdog of hanging actors asks whoever is registered what it is doing."""

    class Silent(pykka.ThreadingActor):
        pass

    ref = Silent.start()
    try:
        assert isinstance(ref._actor_weakref(), Silent)
    finally:
        ref.stop()


def test_a_connection_of_websockets_hands_out_frames_one_by_one() -> None:
    """`process_event` takes each frame in the moment in which it was read, before the library's own queue."""
    assert list(inspect.signature(ClientConnection.process_event).parameters) == ["self", "event"]
    assert {Opcode.TEXT, Opcode.BINARY, Opcode.CONT} == set(DATA_OPCODES)
    assert {"opcode", "data", "fin"} <= set(Frame.__dataclass_fields__)
    assert "create_connection" in inspect.signature(connect.__init__).parameters


def test_no_other_private_part_of_either_is_used() -> None:
    found: set[str] = set()
    for folder in ("actors", "exchanges/base", "console"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"pykka", "websockets"}:
                    found |= {alias.name for alias in node.names if alias.name.startswith("_")}
                elif isinstance(node, ast.Attribute) and node.attr == "_actor_weakref":
                    found.add(node.attr)
    assert found == {*PYKKA_NAMES, "_actor_weakref"}
