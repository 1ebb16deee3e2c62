"""A connection in memory."""

import json
from typing import Any


class MemoryLink:
    """Keeps what a session sends."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.pings = 0
        self.closed_with: int | str | None = None

    def send(self, text: str) -> None:
        self.texts.append(text)

    def ping(self) -> None:
        self.pings += 1

    def close(self, code: int) -> None:
        self.closed_with = code

    def reset(self) -> None:
        self.closed_with = "reset"

    @property
    def frames(self) -> list[Any]:
        return [json.loads(text) for text in self.texts]
