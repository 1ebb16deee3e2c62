"""Every face that there is, by name; a new one is added here."""

from collections.abc import Mapping
from typing import Final

from exchanges.simulator.faces.face import Face
from exchanges.simulator.faces.gateio.face import GateFace
from exchanges.simulator.faces.gateio_futures.face import GateFuturesFace
from exchanges.simulator.faces.mexc.face import MexcFace

FACES: Final[Mapping[str, type[Face]]] = {face.name: face for face in (GateFace, MexcFace, GateFuturesFace)}
FIRST_FACE: Final = next(iter(FACES))
"""Whose port, accounts and control paths are meant where no face is named."""
WITHOUT_CLIENT: Final = frozenset({GateFuturesFace.name})
"""Faces that no kind of venue of ours speaks to yet: they run, and whatever has to have a client leaves them out."""
