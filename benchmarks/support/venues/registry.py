"""Every venue whose order frames are measured; a new one is added here."""

from collections.abc import Mapping
from typing import Final

from benchmarks.support.venues import gateio, mexc
from benchmarks.support.venues.description import OrderStream

ORDER_STREAMS: Final[Mapping[str, OrderStream]] = {
    stream.venue: stream for stream in (gateio.ORDER_STREAM, mexc.ORDER_STREAM)
}
