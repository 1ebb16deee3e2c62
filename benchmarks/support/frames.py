"""`spot.orders` frames as Gate sends them (spot WebSocket manual, orders channel): whole lives of many orders."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

_CREATED_MS: Final = 1_760_001_000_000
STEPS: Final = ("put", "update", "finish")
"""The life of an order: accepted, filled in part, filled."""


class OrderFrames:
    """Makes frames; every order is a new one.

    Args:
        pairs: the orders are spread over these markets in turn. first: number of the first order; two makers whose
            numbers do not meet make different orders.
    """

    def __init__(self, pairs: Sequence[str], *, first: int = 1) -> None:
        self._pairs = pairs
        self._next = first

    def lives(self, orders: int) -> list[bytes]:
        """Three frames for each of ``orders`` orders, several lives running side by side as in a real account."""
        frames: list[bytes] = []
        running: list[Iterator[bytes]] = []
        for _ in range(orders):
            running.append(self._life(STEPS))
            running = [life for life in running if self._step(life, frames)]
        while running:
            running = [life for life in running if self._step(life, frames)]
        return frames

    def finished(self, orders: int) -> Iterator[bytes]:
        """One frame for each of ``orders`` orders, with its end: fills a memory quickly."""
        for _ in range(orders):
            yield from self._life(("finish",))

    @staticmethod
    def _step(life: Iterator[bytes], frames: list[bytes]) -> bool:
        frame = next(life, None)
        if frame is not None:
            frames.append(frame)
        return frame is not None

    def _life(self, steps: Sequence[str]) -> Iterator[bytes]:
        number = self._next
        self._next += 1
        created_ms = _CREATED_MS + number
        for step in steps:
            left, filled, total, fee = {
                "put": ("2.5", "0", "0", "0"),
                "update": ("1", "1.5", "211.77", "0.0015"),
                "finish": ("0", "2.5", "352.95", "0.0025"),
            }[step]
            updated_ms = created_ms + STEPS.index(step) * 17
            yield self._frame(
                {
                    "id": str(900_000_000_000 + number),
                    "text": f"t-mgz3f9a2b1x7-{number + 1_000_000}",
                    "create_time": str(created_ms // 1000),
                    "update_time": str(updated_ms // 1000),
                    "create_time_ms": str(created_ms),
                    "update_time_ms": str(updated_ms),
                    "currency_pair": self._pairs[number % len(self._pairs)],
                    "type": "limit",
                    "account": "spot",
                    "side": "buy" if number % 2 else "sell",
                    "amount": "2.5",
                    "price": "141.2",
                    "time_in_force": "gtc",
                    "left": left,
                    "filled_total": total,
                    "filled_amount": filled,
                    "avg_deal_price": "141.18" if filled != "0" else "0",
                    "fee": fee,
                    "fee_currency": "SOL",
                    "point_fee": "0",
                    "gt_fee": "0",
                    "rebated_fee": "0",
                    "rebated_fee_currency": "USDT",
                    "user": 20417733,
                    "event": step,
                    "stp_id": 0,
                    "stp_act": "-",
                    "finish_as": "filled" if step == "finish" else "open",
                    "biz_info": "-",
                    "amend_text": "-",
                },
                updated_ms,
            )

    @staticmethod
    def _frame(order: dict[str, object], sent_ms: int) -> bytes:
        frame = {
            "time": sent_ms // 1000,
            "time_ms": sent_ms,
            "channel": "spot.orders",
            "event": "update",
            "result": [order],
        }
        return json.dumps(frame, separators=(",", ":")).encode()
