"""Scores of the last half minute as a strip on the page. Needs no ROS."""

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

_LONG_S, _STEP_S = 30.0, 0.2
_COLUMNS = round(_LONG_S / _STEP_S)


class ScoreStrip:
    """One line for each object; 0 where it has no pose. order: of the strip in the page's panel."""

    def __init__(self, gui: Any, order: float) -> None:
        self._gui, self._order = gui, order
        self._scores: dict[str, deque[float]] = {}
        self._plot: Any = None
        self._last_s = 0.0

    def add(self, scores: Mapping[str, float], colours: Mapping[str, tuple[int, int, int]]) -> None:
        """Add a column of scores by id, where one is due."""
        now_s = time.monotonic()
        if now_s - self._last_s < _STEP_S:
            return
        self._last_s = now_s
        changed = self._scores.keys() != scores.keys()
        self._scores = {id: self._scores.get(id, deque([0.0] * _COLUMNS, maxlen=_COLUMNS)) for id in scores}
        for id, score in scores.items():
            self._scores[id].append(score)
        data = (np.linspace(-_LONG_S, 0.0, _COLUMNS), *(np.array(line) for line in self._scores.values()))
        if self._plot is not None and not changed:
            self._plot.data = data
            return
        if self._plot is not None:
            self._plot.remove()
        self._plot = self._made(data, colours) if scores else None

    def _made(self, data: tuple[np.ndarray, ...], colours: Mapping[str, tuple[int, int, int]]) -> Any:
        lines = [{"label": id, "stroke": f"rgb{colours[id]}", "width": 2} for id in self._scores]
        return self._gui.add_uplot(
            data,
            ({"label": "s"}, *lines),
            title="score",
            scales={"x": {"time": False}, "y": {"range": (-0.1, 1.2)}},
            height=130,
            order=self._order,
        )
