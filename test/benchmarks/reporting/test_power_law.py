"""Power laws: a law that is there is found, with an interval that holds it, and drawn."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from benchmarks.reporting.log_chart import LogPanel, log_charts
from benchmarks.reporting.power_law import PowerLaw

N = np.array([10.0, 30.0, 100.0, 300.0])
EXPONENT, FACTOR = 0.25, 0.9


def losses(noise: float) -> np.ndarray:
    """(4, 400) of a law, each set easier or harder than another at all points alike, and by chance."""
    rng = np.random.default_rng(0)
    harder = rng.gamma(2.0, 0.5, 400)
    return FACTOR * N[:, None] ** -EXPONENT * harder * np.exp(rng.normal(0, noise, (4, 400)))


def test_a_law_without_chance_is_found_exactly():
    of_sets = losses(0.0)
    law = PowerLaw.through(N, of_sets)
    assert law.exponent == pytest.approx(EXPONENT, abs=1e-9)
    assert law.factor == pytest.approx(FACTOR * of_sets[0].mean() / (FACTOR * N[0] ** -EXPONENT), rel=1e-9)


def test_the_interval_holds_the_law_and_widens_with_chance():
    widths = []
    for noise in (0.2, 0.8):
        law = PowerLaw.through(N, losses(noise))
        low, high = law.interval
        assert low < EXPONENT < high
        foretold, least, most = law.at(40_000)
        assert least < foretold < most
        widths.append(high - low)
    assert widths[1] > 1.5 * widths[0]


def test_the_chart_has_a_dot_for_each_point():
    panel = LogPanel("loss", "meshes", N, 0.5 * N**-0.2, 0.02 * N**-0.2, np.array([[10, 300], [0.32, 0.16]]))
    root = ElementTree.fromstring(log_charts([panel, panel], "loss"))
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in root.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(dots) == 8
    across, down = np.array(dots[:4]).T
    # A law of a power is a straight line here.
    np.testing.assert_allclose(np.diff(down) / np.diff(across), np.diff(down)[0] / np.diff(across)[0], rtol=0.02)
    assert (np.diff(down) > 0).all()
