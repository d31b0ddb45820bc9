"""What stress tests share: a short form of each runs with all tests, the long one with `make stress`."""

import pytest

SHORT, LONG = 30, 1000


@pytest.fixture(params=[pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=pytest.mark.stress)])
def cycles(request: pytest.FixtureRequest) -> int:
    """How often a stress test does what it does."""
    return int(request.param)
