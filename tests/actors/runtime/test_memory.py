"""What was asked, refused and forgotten leaves nothing in memory."""

import gc
import weakref

import pytest

from actors.runtime import Reply
from tests.actors.runtime.samples import Event, Fail, Launch, RefusedError, Till


@pytest.mark.parametrize("error", [None, RefusedError("no")], ids=["answered", "refused"])
async def test_a_reply_that_nobody_holds_any_more_is_gone(launch: Launch, error: Exception | None) -> None:
    """A refusal carries the frames that it passed through, and these hold the message in hand with its reply."""
    ref = launch(Till)
    reply: Reply[object] = ref.ask(Event() if error is None else Fail(type(error)("no")))
    try:
        await reply
    except RefusedError:
        assert error is not None
    forgotten = weakref.ref(reply)

    del reply
    await ref.ask(Event(1))  # the actor has let go of the message before
    gc.collect()
    assert forgotten() is None
