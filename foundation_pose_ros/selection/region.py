"""Does the outline of a pose separate the colours of the object from those beside it?"""

from dataclasses import replace
from typing import Any

import numpy as np

from ..arrays import Pose
from ..jit import compiled
from ..object_model.model import ObjectModel
from ..observation.contour import COLUMNS, DU, DV, MOST_LINES, RUN_IN, RUN_OUT, U, V, outline
from ..observation.crop import Crop
from ..observation.learned_colours import LearnedColours
from ..observation.observation import Observation

# Along a line colours are compared over this share of the grid on either side.
_REACH_SHARE = 0.08
# Where colours say less than this in the mean, or on fewer lines, they say nothing.
_LEAST_CERTAINTY, _FEWEST_LINES = 0.1, 10

# The underside that views of a thing on a table lack is about a sixth of its surface.
_LEAST_SEEN_SHARE = 0.75


def region_agreement(observation: Observation, rendered_m: np.ndarray) -> np.ndarray:
    """Return (B,) in 0..1: the share of what learned colours say for sure beside outlines that they say rightly.

    rendered_m (B, N): depth. Within an outline they should say object, beyond it surroundings; where both look alike
    they say nothing. NaN where that is so all over, or the outline is hidden, or no colours were learned.
    """
    if observation.foreground is None:
        return np.full(len(rendered_m), np.nan)
    size = observation.size
    found = _agreement(
        rendered_m.reshape(-1, size, size),
        observation.depth_m.reshape(size, size),
        observation.K,
        observation.foreground,
        np.empty((MOST_LINES, COLUMNS), np.float32),
    )
    return np.where(found < 0, np.nan, found)


def colours_at(
    observation: Observation, model: ObjectModel, T_cam_obj: Pose, rendered_m: np.ndarray, margin: float
) -> LearnedColours | None:
    """Learn colours on either side of an outline, and how well it separates them in the view that shows them.

    rendered_m (n, n): depth at the pose (4, 4). margin: of the part of the frame that is judged, in diameters. None
    where a side is hardly seen, and of a model that was seen in part: where its surface is guessed, its outline is too.
    """
    if model.seen_share < _LEAST_SEEN_SHARE:
        return None
    observed_m = observation.depth_m.reshape(rendered_m.shape)
    learned = LearnedColours.of(observation.frame, observation.K, observed_m, rendered_m)
    if learned is None:
        return None
    crop = Crop.around_pose(observation.frame, model, T_cam_obj, margin, learned)
    judged = replace(observation, foreground=crop.foreground)
    return replace(learned, agreement=float(region_agreement(judged, rendered_m.reshape(1, -1))[0]))


@compiled
def _agreement(rendered_m: Any, observed_m: Any, K: Any, foreground: Any, lines: Any) -> Any:
    """(B,); -1 where nothing is said."""
    found = np.empty(len(rendered_m))
    probability, K_map = foreground.probability, foreground.K
    height, width = probability.shape
    per_cell = K_map[0, 0] / K[0, 0]  # pixels of the map
    reach_cells = _REACH_SHARE * len(observed_m)
    for b in range(len(rendered_m)):
        right = certain = 0.0
        read = count = 0
        for i in range(outline(rendered_m[b], observed_m, lines)):
            line = lines[i]
            u = (line[U] - K[0, 2]) * per_cell + K_map[0, 2]
            v = (line[V] - K[1, 2]) * per_cell + K_map[1, 2]
            count += 1
            for side in range(2):
                outwards = np.float32(1 if side == 0 else -1)
                run = min(line[RUN_OUT] if side == 0 else line[RUN_IN], reach_cells)
                for t in range(int(run * per_cell)):
                    along = outwards * (np.float32(t) + np.float32(1))
                    column = int(np.floor(u + along * line[DU] + 0.5))
                    row = int(np.floor(v + along * line[DV] + 0.5))
                    if column < 0 or row < 0 or column >= width or row >= height:
                        break
                    says = outwards * (np.float32(1) - np.float32(2) * probability[row, column])
                    read += 1
                    certain += abs(says)
                    right += max(says, np.float32(0))
        known = count >= _FEWEST_LINES and certain > _LEAST_CERTAINTY * read
        found[b] = right / certain if known else -1.0
    return found
