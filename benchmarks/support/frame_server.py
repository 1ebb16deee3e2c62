"""A child process that speaks as little of Gate's spot socket as a private client needs, and then frames at a pace.

It grants every subscription. For each line ``{"connection": C, "orders": N, "per_second": R}`` on stdin it sends three
frames for each of N new orders to the connection that came as number C, and says so. They are encoded before the first
one leaves. To ``{"stamps": true}`` it answers with the moment at which each of them left, in monotonic ns, which all
processes of a machine share.
"""

import json
import sys
import threading
import time

from websockets.sync.server import ServerConnection, serve

from benchmarks.support.frames import OrderFrames
from benchmarks.support.peers import answer
from benchmarks.support.venues.gateio import write
from exchanges.gateio.symbols import to_symbol


def main() -> None:
    """Serves until stdin ends."""
    frames = OrderFrames(write, [to_symbol(pair) for pair in json.loads(sys.argv[1])["pairs"]])
    connections: list[ServerConnection] = []

    def handle(connection: ServerConnection) -> None:
        connections.append(connection)
        for message in connection:
            request = json.loads(message)
            granted = {key: request[key] for key in ("time", "channel", "event") if key in request}
            if request["channel"] == "spot.ping":
                granted = {"time": request["time"], "channel": "spot.pong", "event": ""}
            connection.send(json.dumps({**granted, "id": request.get("id"), "result": {"status": "success"}}))

    with serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        answer({"url": f"ws://127.0.0.1:{server.socket.getsockname()[1]}"})
        sent_ns: list[int] = []
        for line in sys.stdin:
            asked = json.loads(line)
            if "stamps" in asked:
                answer({"sent_ns": sent_ns})
                continue
            lives = [frame.decode() for frame in frames.lives(asked["orders"])]
            sent_ns = _send(connections[asked["connection"]], lives, asked["per_second"])
            answer({"sent": len(sent_ns)})


def _send(connection: ServerConnection, frames: list[str], per_second: float) -> list[int]:
    """One frame after the other, evenly: a late one pushes the next ones back, a stall here is no burst there."""
    sent_ns: list[int] = []
    pause_ns = int(1e9 / per_second)
    due_ns = time.monotonic_ns()
    for frame in frames:
        wait_ns = due_ns - time.monotonic_ns()
        if wait_ns > 0:
            time.sleep(wait_ns / 1e9)
        now_ns = time.monotonic_ns()
        due_ns = max(due_ns + pause_ns, now_ns + pause_ns // 2)
        sent_ns.append(now_ns)
        connection.send(frame)
    return sent_ns


if __name__ == "__main__":
    main()
