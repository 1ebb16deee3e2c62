"""Every test here is run for every venue."""

import pytest

from tests.exchanges.conformance.subjects import SUBJECTS
from tests.support.virtual_world import Subject


@pytest.fixture(params=SUBJECTS, ids=lambda each: each.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.param
    return found
