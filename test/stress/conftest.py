"""What stress tests share: a short form of each runs with all tests, the long one with `make stress`."""

import os

import pytest

# STRESS_CYCLES: how often the long forms do it, where a thousand take too long at once.
SHORT, LONG = 30, int(os.environ.get("STRESS_CYCLES", "1000"))


@pytest.fixture(params=[pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=pytest.mark.stress)])
def cycles(request: pytest.FixtureRequest) -> int:
    """How often a stress test does what it does."""
    return int(request.param)
