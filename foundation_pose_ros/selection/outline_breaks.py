"""Does what is seen end where a pose has its outline: in depth, in colour alone, or not at all?"""

from dataclasses import dataclass

import numpy as np

from ..arrays import Pose
from ..depth import IN_FRONT_M
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..observation.contour import COLUMNS, DEPTH_M, DU, DV, MOST_LINES, RUN_IN, RUN_OUT, U, V, outline
from ..observation.crop import Crop
from ..observation.observation import Observation
from ..srgb import log_colours

# Along a line cells are compared from so many on either side of the outline, which is never exact, and so many each.
_GAP, _CELLS = 2, 3
# Depth goes on where it is this near to where the surface would: the sensor's noise, which grows with the distance.
_NOISE_M, _NOISE_PER_M2 = 0.006, 0.006
# Log colours that differ by less are those of one surface.
_ALIKE = 0.12
# Brightness differs by shading too: it counts for so much beside chroma.
_WEIGHTS = np.array([1.0, 1.0, 0.7], np.float32)
# Fewer lines than this say little.
_FEWEST = 8.0
# The object fills a grid of this size but for a rim, in which it is seen what lies beside it.
_SIZE, MARGIN = 64, 1.4


@dataclass(frozen=True)
class OutlineBreaks:
    """Of an outline, 0..1 each, where depth beyond it is that of the surface gone on.

    in_colour: the share where colours change there, as beside something flat. nowhere: the share where they go on too,
    as in the midst of something larger.
    """

    in_colour: float
    nowhere: float


def outline_crop(frame: Frame, model: ObjectModel, T_cam_obj: Pose) -> Observation:
    """Observe an object at a pose (4, 4), and what lies beside it; raises InputRefused as `Crop.around_pose` does."""
    return Crop.around_pose(frame, model, T_cam_obj, MARGIN).observe(_SIZE)


def outline_breaks(observation: Observation, rendered_m: np.ndarray) -> OutlineBreaks:
    """Look across the outline of a rendering (n, n), depth in metres, at what was observed on the same grid.

    Lines are left out where the surface isn't seen within the outline, or something nearer may hide it beyond.
    """
    size = observation.size
    observed_m = observation.depth_m.reshape(size, size)
    lines = np.empty((MOST_LINES, COLUMNS), np.float32)
    lines = lines[: outline(rendered_m, observed_m, lines)]
    long_enough = np.minimum(lines[:, RUN_IN], lines[:, RUN_OUT]) >= _GAP + _CELLS - 1
    lines = lines[long_enough]
    steps = _GAP + np.arange(_CELLS)
    within, beyond = _cells(lines, -steps, size), _cells(lines, steps, size)  # (L, C) each
    deeper = _cells(lines, -steps - _CELLS, size)
    limit_m = _NOISE_M + _NOISE_PER_M2 * np.square(lines[:, DEPTH_M])
    inner_m, outer_m = observed_m.ravel()[within], observed_m.ravel()[beyond]
    own_m = rendered_m.ravel()[within]
    measured = (inner_m > 0).all(axis=1) & (outer_m > 0).all(axis=1)
    hidden = (outer_m < own_m.mean(axis=1)[:, None] - IN_FRONT_M).any(axis=1)
    seen = measured & ~hidden & (np.abs(np.median(inner_m - own_m, axis=1)) < limit_m)
    slope_m = (own_m[:, 0] - own_m[:, -1]) / (_CELLS - 1)  # per cell outwards
    expected_m = inner_m.mean(axis=1) + slope_m * (2 * _GAP + _CELLS - 1)
    goes_on = seen & (np.abs(outer_m.mean(axis=1) - expected_m) < limit_m)
    colours = _WEIGHTS * log_colours(observation.rgb)

    def apart(cells: np.ndarray) -> np.ndarray:
        return np.asarray(np.linalg.norm(colours[within].mean(axis=1) - colours[cells].mean(axis=1), axis=1))

    across = apart(beyond)
    # Where a print changes as much within the outline, that it changes there says nothing.
    alongside = np.where(lines[:, RUN_IN] >= _GAP + 2 * _CELLS - 1, apart(deeper), 0.0)
    changes = across > np.maximum(_ALIKE, 2 * alongside)
    count = seen.sum() + _FEWEST
    return OutlineBreaks(float((goes_on & changes).sum() / count), float((goes_on & (across < _ALIKE)).sum() / count))


def _cells(lines: np.ndarray, steps: np.ndarray, size: int) -> np.ndarray:
    """Return flat indices (L, C) of the cells so many steps (C,) beyond an outline along its lines (L, 7)."""
    u = np.round(lines[:, U, None] + steps * lines[:, DU, None]).astype(int).clip(0, size - 1)
    v = np.round(lines[:, V, None] + steps * lines[:, DV, None]).astype(int).clip(0, size - 1)
    return np.asarray(v * size + u)
