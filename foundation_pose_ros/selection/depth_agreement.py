"""What the pixels of one crop say of the depth of many renderings, in one pass over each."""

from typing import Any, NamedTuple

import numpy as np

from ..depth import in_front
from ..jit import compiled

# A surface known to no better than this, in metres, was never seen.
NEVER_SEEN_M = np.float32(1e3)
# What stands in front of the object is nearer by so many tolerances, and by this in metres.
_IN_FRONT, _IN_FRONT_M = np.float32(4), np.float32(0.01)
# Share of what a pose should explain that counts at least, where the model has never seen its own surface.
_LEAST_KNOWN = 0.5
# Without depth only the outline speaks, half as loud.
_OUTLINE_ALONE = np.float32(0.5)
# Beyond this cosine between ray and normal, a surface is no steeper.
_STEEPEST = np.float32(0.2)
# Fewer pairs of pixels than this say little of an outline.
_FEWEST_BORDER = 8.0


class ObservedPixels(NamedTuple):
    """What was observed at the N pixels of a crop.

    depth_m: (N,) float32, 0 = none.
    tolerance_m: (N,) float32, one standard deviation of depth that still agrees.
    steepness: (N,) float32 in 0..1, by what a difference in depth is shorter along the surface's normal.
    in_image: (N,) bool, not beyond the image's border.
    """

    depth_m: np.ndarray
    tolerance_m: np.ndarray
    steepness: np.ndarray
    in_image: np.ndarray


class MaskPixels(NamedTuple):
    """A mask at the N pixels of a crop.

    inside: (N,) bool, marked.
    possible: (N,) bool, not marked, but may be the object's.
    core: (N,) bool, surely marked.
    outside: (N,) bool, surely neither marked nor possible.
    surroundings_m: (N,) float32, depth of where the object isn't seen, 0 where it may be.
    """

    inside: np.ndarray
    possible: np.ndarray
    core: np.ndarray
    outside: np.ndarray
    surroundings_m: np.ndarray


@compiled
def steepness(normals: Any, rays: Any) -> Any:
    """Return (N,) float32: by what a difference in depth is shorter along normals (N, 3), on rays (N, 3).

    At a glancing angle a small shift is a large step in depth. 1 where no normal is known.
    """
    found = np.empty(len(normals), np.float32)
    for i in range(len(normals)):
        cosine = abs(normals[i, 0] * rays[i, 0] + normals[i, 1] * rays[i, 1] + normals[i, 2] * rays[i, 2])
        found[i] = min(max(cosine, _STEEPEST), np.float32(1)) if cosine > 0 else 1
    return found


@compiled
def tolerance(depth_m: Any, expected: Any, seen: Any, least_m: float) -> Any:
    """Return (N,) float32, m: one standard deviation of depth (N,) that agrees, of the sensor's noise but at least.

    expected: of that noise a floor, m, and its growth with the square of the distance, 1/m. seen: that growth as it was
    seen, and the most that it counts for, m.
    """
    found = np.empty(len(depth_m), np.float32)
    for i in range(len(depth_m)):
        square = depth_m[i] * depth_m[i]
        found[i] = max(expected[0] + expected[1] * square, min(seen[0] * square, seen[1]), least_m)
    return found


@compiled
def _tolerance(tolerance_m: Any, sigma_m: Any, b: int, i: int) -> Any:
    """Return the tolerance at one pixel, widened by what the model doesn't know, and whether it knows nothing there."""
    if len(sigma_m) == 0:
        return tolerance_m, False
    if sigma_m[b, i] >= NEVER_SEEN_M:
        return tolerance_m, True
    return np.sqrt(tolerance_m * tolerance_m + sigma_m[b, i] * sigma_m[b, i]), False


@compiled
def _alike(observed_m: Any, rendered_m: Any, steepness: Any, tolerance_m: Any) -> Any:
    """Return 0..1: how well two depths agree along the surface's normal."""
    off = (observed_m - rendered_m) * steepness / tolerance_m
    return np.exp(np.float32(-0.5) * off * off)


@compiled
def _share_explained(explained: float, asked_known: float, asked_all: float) -> float:
    """Return 0..1; a pose that shows the side that the model never saw must not rest on a sliver of the rest."""
    return explained / max(asked_known, _LEAST_KNOWN * asked_all, 1)


@compiled
def agreement(pixels: Any, rendered_m: Any, sigma_m: Any, agrees: Any) -> Any:
    """Compare observed pixels with renderings (B, N): agreement, inliers and visible share, (B,) each.

    sigma_m (B, N): how well the model knows its surface, NEVER_SEEN_M where it doesn't; empty where it knows all of it.
    agrees (B, N) float32 is filled: 0..1, how well depth agrees.
    """
    batch, count = rendered_m.shape
    found = np.empty((3, batch))
    for b in range(batch):
        explained = asked_known = asked_all = 0.0
        hits = hidden_hits = surface = 0
        for i in range(count):
            rendered, observed = rendered_m[b, i], pixels.depth_m[i]
            hit, seen = rendered > 0, observed > 0
            tolerance, unknown = _tolerance(pixels.tolerance_m[i], sigma_m, b, i)
            agrees[b, i] = 0
            if hit and seen and not unknown:
                agrees[b, i] = _alike(observed, rendered, pixels.steepness[i], tolerance)
            before = in_front(observed, rendered, max(_IN_FRONT * tolerance, _IN_FRONT_M))
            # What lies beyond the image's border is as hidden as what something stands before.
            hidden = hit and (before or not pixels.in_image[i])
            asked = hit and seen and not hidden
            explained += agrees[b, i]
            asked_all += asked
            asked_known += asked and not unknown
            hits += hit
            hidden_hits += hidden
            surface += asked and not unknown
        found[0, b] = _share_explained(explained, asked_known, asked_all)
        found[1, b] = explained / max(surface, 1)
        found[2, b] = 1 - hidden_hits / max(hits, 1)
    return found


@compiled
def masked_agreement(pixels: Any, mask: Any, rendered_m: Any, sigma_m: Any, agrees: Any) -> Any:
    """Compare as `agreement` does over the union of mask and rendering: (4, B), the last its intersection over union.

    What is marked and not rendered counts against a pose, and what is rendered where nothing is marked, unless
    something hides it there. Where the object is possible, only depth says whether it is seen or hidden there.
    """
    batch, count = rendered_m.shape
    found = np.empty((4, batch))
    for b in range(batch):
        explained = asked_known = asked_all = 0.0
        hits = hidden_hits = surface = both = either = 0
        for i in range(count):
            rendered, observed, marked = rendered_m[b, i], pixels.depth_m[i], mask.inside[i]
            hit, seen = rendered > 0, observed > 0
            tolerance, unknown = _tolerance(pixels.tolerance_m[i], sigma_m, b, i)
            agrees[b, i] = 0
            possible = mask.possible[i]
            if hit and seen and (marked or possible) and not unknown:
                agrees[b, i] = _alike(observed, rendered, pixels.steepness[i], tolerance)
            # Where depth may be the object's own, a hole in it says nothing; elsewhere it is as deep as what is beside.
            around = observed if possible else mask.surroundings_m[i]
            nearer = in_front(around, rendered, max(_IN_FRONT * tolerance, _IN_FRONT_M))
            covered = nearer or (around == 0 and not possible)
            hidden = hit and not marked and (covered or not pixels.in_image[i] or unknown)
            wanted = (mask.core[i] and not (hit and not seen)) or (
                hit and (mask.outside[i] or (possible and seen)) and not hidden
            )
            asked = max((np.float32(1) if seen else _OUTLINE_ALONE) * wanted, agrees[b, i])
            explained += agrees[b, i]
            asked_all += asked
            asked_known += 0 if unknown else asked
            hits += hit
            hidden_hits += hidden
            surface += hit and seen and not hidden and not unknown
            both += hit and marked
            either += (hit and not hidden and not possible) or marked
        found[0, b] = _share_explained(explained, asked_known, asked_all)
        found[1, b] = explained / max(surface, 1)
        found[2, b] = 1 - hidden_hits / max(hits, 1)
        found[3, b] = both / max(either, 1)
    return found


@compiled
def border(rendered_m: Any, depth_m: Any, agrees: Any, limit_m: Any, reach: int) -> Any:
    """Return (B,): beside what share of the outline of rendered_m (B, n, n) depth_m (n, n) leaves the surface.

    Where the object ends, what is seen `reach` pixels further on doesn't lie within limit_m (1 or B, n, n) of where its
    surface would go on to, even where it touches a neighbour. Where a pose lies in a table top whose depth agrees with
    it, it does. agrees (B, n, n): how far a pixel within the outline is to be trusted.
    """
    batch, size, _ = rendered_m.shape
    shares = np.empty(batch)
    for b in range(batch):
        away, total = _FEWEST_BORDER / 2, _FEWEST_BORDER
        limits = limit_m[b if len(limit_m) > 1 else 0]
        for v in range(size):
            for u in range(size):
                inside = rendered_m[b, v, u]
                if inside == 0 or agrees[b, v, u] == 0:
                    continue
                for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    row, column = v + reach * down, u + reach * right  # the outline's last pixel
                    y, x = row + reach * down, column + reach * right  # beyond it
                    if y < 0 or y >= size or x < 0 or x >= size or depth_m[y, x] == 0 or rendered_m[b, y, x] > 0:
                        continue
                    last = rendered_m[b, row, column]
                    if last > 0 and rendered_m[b, row + down, column + right] == 0:
                        total += agrees[b, v, u]
                        if abs(depth_m[y, x] - (2 * last - inside)) > limits[v, u]:
                            away += agrees[b, v, u]
        shares[b] = away / total
    return shares
