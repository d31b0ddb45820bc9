"""What learned colours ask of a pose: the outline wants to lie where the object's colours turn into those beside it.

After Tjaden et al. (2017) and Stoiber et al. (2020, 2022). Along a line across the outline each pixel is the object's
with some probability; a smoothed step slid over them gives a distribution of how far off the outline is. Its mean is
the residual, and its variance says what that is worth.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..jit import compiled
from ..observation.contour import COLUMNS, DEPTH_M, DU, DV, MOST_LINES, RUN_IN, RUN_OUT, U, V, outline
from ..observation.learned_colours import ForegroundMap
from ..observation.observation import Observation
from .gauss_newton import NormalEquations

# A line has so many segments; the step is slid over so many places, each time seen on so many segments.
_SEGMENTS, _PLACES, _SEEN = 20, 13, 8
# P(object) of a pixel is so much more than a half, from far within the outline to far beyond it.
_SURER_INSIDE = (0.43 * np.tanh(3.5 - np.arange(_SEEN))).astype(np.float32)
# No line knows better than this, in square segments.
_LEAST_VARIANCE = np.float32(0.5)
# Both sides go on for so many segments at least: lines where they don't have finer ones.
_SHORTEST_RUN = np.float32(3)
# A segment is this share of how far surfaces may be off, and at most so many pixels.
_SEGMENT_SHARE, _COARSEST_PX = 0.5, 8.0
# What no line sees isn't to drift by the little that all of them may be off: held still by this share of their weight.
_HELD = 0.05
# Fewer lines than this, of the full weight, pull with less than their full share.
_FULL_WEIGHT = 15.0


@dataclass(frozen=True)
class LearnedRegion:
    """The learned side of one observation: where its pixels look like an object of this diameter.

    pivot: (3,), of all twists.
    """

    observation: Observation
    foreground: ForegroundMap
    pivot: np.ndarray
    diameter_m: float

    def equations(self, rendered_m: np.ndarray, gate_m: float, total_weight: np.ndarray) -> NormalEquations:
        """Sum up what pulls the outlines of renderings, depth (B, N), to where colours change.

        gate_m: how far the object may be off. All lines together weigh `total_weight` (B,).
        """
        size = self.observation.size
        pulled = _pulled(
            rendered_m.reshape(-1, size, size),
            self.observation.depth_m.reshape(size, size),
            self.observation.K,
            self.foreground,
            self.pivot,
            self.diameter_m,
            gate_m,
            total_weight,
        )
        return NormalEquations(*pulled)


@compiled
def _pulled(
    rendered_m: Any,
    observed_m: Any,
    K: Any,
    foreground: Any,
    pivot: Any,
    diameter_m: float,
    gate_m: float,
    total_weight: Any,
) -> Any:
    """Information (B, 6, 6) and gradient (B, 6)."""
    information, gradient = np.zeros((len(rendered_m), 6, 6)), np.zeros((len(rendered_m), 6))
    probability, K_map = foreground.probability, foreground.K
    jacobian, lines = np.empty(6), np.empty((MOST_LINES, COLUMNS), np.float32)
    along, likelihood = np.empty(_SEGMENTS, np.float32), np.empty(_PLACES, np.float32)
    per_cell = K_map[0, 0] / K[0, 0]  # pixels of the map
    for b in range(len(rendered_m)):
        total = 0.0
        for i in range(outline(rendered_m[b], observed_m, lines)):
            line = lines[i]
            depth = line[DEPTH_M]
            longest_px = min(line[RUN_IN], line[RUN_OUT]) * per_cell / _SHORTEST_RUN
            segment_px = int(min(_SEGMENT_SHARE * gate_m * K_map[0, 0] / depth, longest_px, _COARSEST_PX))
            if longest_px < 1:
                continue
            segment_px = max(segment_px, 1)
            x, y = (line[U] - K[0, 2]) / K[0, 0], (line[V] - K[1, 2]) / K[1, 1]
            du, dv = line[DU], line[DV]
            u, v = x * K_map[0, 0] + K_map[0, 2], y * K_map[1, 1] + K_map[1, 2]
            if not _read(probability, u, v, du, dv, segment_px, along):
                continue
            mean, variance = _offset(along, likelihood)
            weight = _LEAST_VARIANCE / max(variance, _LEAST_VARIANCE)
            total += weight
            off_m = mean * segment_px * depth / K_map[0, 0]
            # A point that goes away from the camera goes towards the image's middle as well.
            dz = -(du * x + dv * y)
            ax, ay, az = x * depth - pivot[0], y * depth - pivot[1], depth - pivot[2]
            jacobian[0], jacobian[1], jacobian[2] = du, dv, dz
            jacobian[3], jacobian[4], jacobian[5] = ay * dz - az * dv, az * du - ax * dz, ax * dv - ay * du
            for k in range(6):
                gradient[b, k] += weight * off_m * jacobian[k]
                for m in range(6):
                    information[b, k, m] += weight * jacobian[k] * jacobian[m]
        share = total_weight[b] / max(total, _FULL_WEIGHT)
        for k in range(6):
            gradient[b, k] *= share
            for m in range(6):
                information[b, k, m] *= share
            # Turns are weighed as they move points half a radius away.
            information[b, k, k] += _HELD * total_weight[b] * (1.0 if k < 3 else diameter_m**2 / 16)
    return information, gradient


@compiled
def _read(probability: Any, u: Any, v: Any, du: Any, dv: Any, segment_px: int, along: Any) -> bool:
    """Fill `along` (20,) with how much likelier than not the object is in the mean of each segment, -1..1, outwards.

    False where the line leaves the map.
    """
    height, width = probability.shape
    half = np.float32(0.5)
    farthest = np.float32(_SEGMENTS // 2 * segment_px) - half
    reach_u, reach_v = farthest * abs(du), farthest * abs(dv)
    u, v = u + half, v + half  # so that cutting off what follows the point rounds
    if u < reach_u or v < reach_v or u + reach_u >= width or v + reach_v >= height:
        return False
    for k in range(_SEGMENTS):
        found = np.float32(0)
        for t in range(segment_px):
            away = np.float32((k - _SEGMENTS // 2) * segment_px + t) + half
            found += probability[np.uint32(v + away * dv), np.uint32(u + away * du)]
        # A product would be bolder, and blind to what lies within a segment.
        along[k] = np.float32(2) * found / np.float32(segment_px) - np.float32(1)
    return True


@compiled
def _offset(along: Any, likelihood: Any) -> Any:
    """Mean and variance of the outline's offset, in segments, outwards."""
    total = mean = square = np.float32(0)
    likelihood[:] = np.float32(1)
    for i in range(_SEEN):
        for j in range(_PLACES):  # side by side, as processors multiply
            likelihood[j] *= np.float32(0.5) + _SURER_INSIDE[i] * along[j + i]
    for j in range(_PLACES):
        # Squared: where one side tells less than the other, a mean leans to that side.
        likelihood[j] *= likelihood[j]
        total += likelihood[j]
    for j in range(_PLACES):
        place = np.float32(j - _PLACES // 2)
        share = likelihood[j] / total
        mean += share * place
        square += share * place * place
    return mean, square - mean * mean
