"""Parts of a scene that hang together: cut at jumps and hollows, in the colours of an object, or in one colour each."""

import cv2
import numpy as np
from scipy.cluster.vq import kmeans, vq
from scipy.spatial.distance import cdist

from ..arrays import Mask
from ..srgb import log_colours
from .coarse_scene import CoarseScene
from .object_prior import SizeColourPrior

FEWEST_PIXELS = 20
# Jumps of so many diameters are between things.
LARGEST_JUMP = 0.6
# What is further than so many diameters from the middle of what is seen of the object is something else.
REACH = 0.75
# Places where the object's colours gather: the radius in diameters within which they do, how far apart two places are,
# how many seeds are moved to the middle of what is about them, by how many points, how often, and how many places are
# taken.
_GATHERED, _PLACES_APART, _SEEDS, _POINTS, _SHIFTS, _MOST_PLACES = 0.45, 0.4, 120, 2000, 3, 6
# Of the object's colours are those that are likelier its than the scene's.
_LIKELY = 0.5
# A scene has so many colours, found in every so many-th pixel; shading changes brightness, which counts by so much.
_COLOURS, _EVERY, _BRIGHTNESS = 6, 7, 0.2
# The colour furthest from those before, but for noise.
_FURTHEST = 0.995


def cut(free: np.ndarray, at: np.ndarray) -> list[np.ndarray]:
    """Return connected parts (h, w) bool of what is free (h, w), and their rims where it is cut, at (h, w)."""
    parts = []
    count, labels, stats, _ = cv2.connectedComponentsWithStats((free & ~at).astype(np.uint8), connectivity=4)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] >= FEWEST_PIXELS:
            part = (labels == label).astype(np.uint8)
            parts.append((cv2.dilate(part, np.ones((3, 3), np.uint8)) > 0) & free)
    return parts


def gathered_colours(scene: CoarseScene, free: np.ndarray, prior: SizeColourPrior) -> list[np.ndarray]:
    """Return parts (h, w) bool in the object's colours that lie within its size of each other, the fullest first."""
    if free.sum() < FEWEST_PIXELS:
        return []
    odds = prior.colour_odds(scene.rgb, scene.rgb[scene.valid])
    points, weight = scene.points[free], odds[free] * scene.area_m2[free]
    radius_m = _GATHERED * prior.diameter_m
    likely = np.flatnonzero(odds[free] > _LIKELY)
    if len(likely) == 0:
        return []
    middles = points[likely[:: -(-len(likely) // _SEEDS)]]
    every = -(-len(points) // _POINTS)
    points, weight = points[::every], weight[::every]
    for _ in range(_SHIFTS):  # mean shift (Cheng 1995)
        about = (cdist(middles, points, "sqeuclidean") < radius_m * radius_m) * weight  # (S, N)
        gathered = about.sum(axis=1)
        middles = about @ points / np.maximum(gathered, 1e-12)[:, None]
    parts, kept = [], np.zeros((0, 3))
    for place in middles[np.argsort(-gathered)]:
        if len(kept) and np.linalg.norm(kept - place, axis=1).min() < _PLACES_APART * prior.diameter_m:
            continue
        kept = np.vstack([kept, place])
        near = np.linalg.norm(scene.points - place, axis=-1) < REACH * prior.diameter_m
        parts.append(_closed(free & near & (odds > _LIKELY)) & free & near)
        if len(parts) == _MOST_PLACES:
            break
    return parts


def of_one_colour(scene: CoarseScene, free: np.ndarray, at: np.ndarray) -> list[np.ndarray]:
    """Return parts (h, w) bool of what is free (h, w) that have one of the scene's few colours, cut at (h, w).

    What isn't known to have colours has some in the picture: where depth runs on from a thing to its neighbour, or was
    smoothed over its gaps, its own colour ends.
    """
    if free.sum() < FEWEST_PIXELS:
        return []
    rgb = cv2.medianBlur((255 * scene.rgb).astype(np.uint8), 3).astype(np.float32) / 255
    colours = log_colours(rgb) * np.array([1.0, 1.0, _BRIGHTNESS])
    labels = np.full(free.shape, -1)
    labels[free] = vq(colours[free], kmeans(*_started(colours[scene.valid][::_EVERY]))[0])[0]
    return [part for colour in range(labels.max() + 1) for part in cut(_closed(free & (labels == colour)) & free, at)]


def _started(colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return colours (N, 3), and those (C, 3) of them that are far from each other (Gonzalez 1985)."""
    centres = [np.median(colours, axis=0)]
    nearest = np.full(len(colours), np.inf)
    for _ in range(_COLOURS - 1):
        nearest = np.minimum(nearest, np.square(colours - centres[-1]).sum(axis=1))
        centres.append(colours[np.argsort(nearest)[int(_FURTHEST * (len(colours) - 1))]])
    return colours, np.array(centres)


def _closed(part: np.ndarray) -> Mask:
    """Fill small gaps of a part (h, w) bool: letters on a print."""
    return cv2.morphologyEx(part.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0
