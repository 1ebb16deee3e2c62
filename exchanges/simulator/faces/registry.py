"""Every face that there is, by name; a new one is added here."""

from collections.abc import Mapping
from typing import Final

from exchanges.simulator.faces.face import Face
from exchanges.simulator.faces.gateio.face import GateFace
from exchanges.simulator.faces.mexc.face import MexcFace

FACES: Final[Mapping[str, type[Face]]] = {face.name: face for face in (GateFace, MexcFace)}
FIRST_FACE: Final = next(iter(FACES))
"""Whose port, accounts and control paths are meant where no face is named."""
