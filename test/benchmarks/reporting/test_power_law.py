"""Power laws: a law that is there is found, with an interval that holds it, and drawn."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from benchmarks.reporting.log_chart import LogPanel, log_charts
from benchmarks.reporting.power_law import PowerLaw

N = np.array([10.0, 30.0, 100.0, 300.0, 1000.0])
EXPONENT, FACTOR = 0.5, 0.9


def losses(noise: float, floor: float) -> np.ndarray:
    """(5, 400) of a law, each set easier or harder than another at all points alike, and by chance."""
    rng = np.random.default_rng(0)
    harder = rng.gamma(2.0, 0.5, 400)
    law = floor + FACTOR * N[:, None] ** -EXPONENT
    return law * harder / harder.mean() * np.exp(rng.normal(0, noise, (5, 400)))


@pytest.mark.parametrize("floor", [0.0, 0.2])
def test_a_law_without_chance_is_found(floor):
    law = PowerLaw.through(N, losses(0.0, floor))
    assert law.floor[0] == pytest.approx(floor, abs=0.01)
    assert law.exponent[0] == pytest.approx(EXPONENT, abs=0.05)
    assert law.at(1e6)[0] == pytest.approx(floor + FACTOR * 1e-3, abs=0.01)


def test_the_interval_holds_the_law_and_widens_with_chance():
    widths = []
    for noise in (0.1, 0.4):
        law = PowerLaw.through(N, losses(noise, 0.2))
        _, low, high = law.exponent
        assert low < EXPONENT < high
        foretold, least, most = law.at(40_000)
        assert least < foretold < most
        widths.append(high - low)
    assert widths[1] > 1.5 * widths[0]


def test_the_chart_has_a_dot_for_each_point():
    panel = LogPanel("loss", "meshes", N, 0.5 * N**-0.2, 0.02 * N**-0.2, np.stack([N, 0.5 * N**-0.2]))
    root = ElementTree.fromstring(log_charts([panel, panel], "loss"))
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in root.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(dots) == 2 * len(N)
    across, down = np.array(dots[: len(N)]).T
    # A law of a power is a straight line here.
    np.testing.assert_allclose(np.diff(down) / np.diff(across), np.diff(down)[0] / np.diff(across)[0], rtol=0.02)
    assert (np.diff(down) > 0).all()
