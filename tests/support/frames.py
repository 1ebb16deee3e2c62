"""What a socket brings, one message at a time."""

import asyncio

from exchanges.base.transport import Socket


class Frames:
    """Listens to ``socket`` from now on; `next` hands out what has come, in order."""

    def __init__(self, socket: Socket) -> None:
        self._came: asyncio.Queue[bytes] = asyncio.Queue()
        self._streaming = asyncio.ensure_future(socket.stream(self._came.put_nowait))

    async def next(self) -> bytes:
        """The next message; raises what the stream ended with when there is none left."""
        coming = asyncio.ensure_future(self._came.get())
        try:
            await asyncio.wait({coming, self._streaming}, return_when=asyncio.FIRST_COMPLETED)
            return coming.result() if coming.done() else self._streaming.result()
        finally:
            coming.cancel()
