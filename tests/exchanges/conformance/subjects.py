"""What the suite is run for: every venue of the registry, and one that is made up."""

from typing import Final

from exchanges.base.venue_settings import VenueSettings
from exchanges.registry import VENUE_KINDS
from tests.exchanges.conformance.lines.face import LinesFace
from tests.exchanges.conformance.lines.venue import LinesVenue
from tests.support.virtual_world import Subject, registered

LINES: Final = Subject(LinesVenue.name, LinesFace, VenueSettings, LinesVenue)
SUBJECTS: Final = (*map(registered, VENUE_KINDS), LINES)
