"""Are these views fit to make a model of? What is wrong with them, in words; what can be put right, is, and said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..arrays import Points, Poses
from ..depth import in_front
from ..errors import InputRefused
from ..se3 import inverse, transform_points
from .fusion.view_depth import RIM_PX
from .reference_view import ReferenceView
from .view_selection import viewing_directions

_POINTS = 150
# A point may stand before what another view measured there by this share of the object, or this far.
_TOLERANCE_SHARE, _TOLERANCE_M = 0.03, 0.004
FEWEST_VIEWS, FEW_VIEWS = 3, 4
_FEWEST_PIXELS = 100
# Good views agree to 0.9 and more, measured on rendered and recorded ones; wrong directions or scales stay below 0.6.
_AGREES, _CLEARLY_BETTER = 0.8, 0.1
_STRAY = 0.6
_MOST_STRAYS = 0.25
_MASKS_HIT = 0.8
_SIMILAR_DEG = 20.0
_UNITS = {1000.0: "metres, but depth in millimetres", 0.001: "millimetres", 0.01: "centimetres", 0.0254: "inches"}
_SCALES = (0.8, 0.85, 0.9, 0.95, 1.05, 1.1, 1.15, 1.2, 1.25)
# Pairs grow with the square of the views; so many, spread over all, say as much.
_MOST_COMPARED = 24


@dataclass(frozen=True, eq=False)
class Agreement:
    """Shares (N, N) of the points of view i, as view j sees them; 1 on the diagonal.

    in_image: inside j's picture. explained: inside j's mask and not in front of what j measured, or behind something
    that hides the object. same_depth: at the depth that j measured, within the tolerance, whatever the mask.
    in_mask: of those, inside the mask.
    """

    in_image: np.ndarray
    explained: np.ndarray
    same_depth: np.ndarray
    in_mask: np.ndarray

    @property
    def of_views(self) -> np.ndarray:
        """Return (N,) how far each view and the others agree, 0..1: the mean of both ways, median over the others."""
        both = (self.explained + self.explained.T) / 2
        np.fill_diagonal(both, np.nan)
        return np.nanmedian(both, axis=1)

    @property
    def overall(self) -> float:
        """Return 0..1: some 0.9 for good poses and masks, below 0.4 for poses that are of other views."""
        return float(np.median(self.of_views))

    @classmethod
    def of(cls, views: Sequence[ReferenceView], T_cam_obj: Poses | None = None) -> "Agreement":
        """Compare views under their own poses, or under other ones (N, 4, 4)."""
        poses = np.stack([view.pose for view in views]) if T_cam_obj is None else T_cam_obj
        clouds = [_spread(view.points_cam(stride=2)) for view in views]
        sizes_m = [np.linalg.norm(np.ptp(np.quantile(cloud, (0.05, 0.95), axis=0), axis=0)) for cloud in clouds]
        tolerance_m = max(_TOLERANCE_SHARE * float(np.median(sizes_m)), _TOLERANCE_M)
        points = np.stack([transform_points(inverse(T), cloud) for T, cloud in zip(poses, clouds, strict=True)])
        columns = [_seen_by(view, T, points, tolerance_m) for view, T in zip(views, poses, strict=True)]
        return cls(*(np.stack(part, axis=1) for part in zip(*columns, strict=True)))


def _spread(points: Points) -> np.ndarray:
    """(_POINTS, 3), the same at every call; of fewer points some come again."""
    return points[np.linspace(0, len(points) - 1, _POINTS).astype(int)]


def _seen_by(
    view: ReferenceView, T_cam_obj: np.ndarray, points: np.ndarray, tolerance_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What one view makes of points (N, P, 3): in_image, explained, same_depth, in_mask (N,)."""
    points_cam = transform_points(T_cam_obj, points)
    pixels = np.nan_to_num(view.frame.camera.project(points_cam), nan=-1.0, posinf=-1.0, neginf=-1.0)
    column, row = np.moveaxis(np.round(np.clip(pixels, -1, 1e6)).astype(int), -1, 0)
    height, width = view.mask.shape
    inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    at = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
    mask = cv2.dilate(view.mask.astype(np.uint8), np.ones((2 * RIM_PX + 1,) * 2, np.uint8))[at] > 0
    measured_m = view.frame.depth_m[at]
    behind_m = np.where(measured_m > 0, points_cam[..., 2] - measured_m, 0)
    hidden = ~mask & in_front(measured_m, points_cam[..., 2], tolerance_m)
    explained = inside & ((mask & (behind_m > -tolerance_m)) | hidden)
    same = inside & (measured_m > 0) & (np.abs(behind_m) < tolerance_m)
    in_mask = (same & mask).sum(axis=1) / np.maximum(same.sum(axis=1), 1)
    return inside.mean(axis=1), explained.mean(axis=1), same.mean(axis=1), in_mask


@dataclass(frozen=True, eq=False)
class CheckedViews:
    """Views that fit together, and notes: what was put right, and what the model will lack."""

    views: tuple[ReferenceView, ...]
    notes: tuple[str, ...]


def checked(views: Sequence[ReferenceView]) -> CheckedViews:
    """Return posed views that show one object; those that don't are left out, and said.

    Poses that turn out to map the wrong way are inverted. Raises InputRefused, naming cause and fix, for too few
    views, masks that are empty or miss the object, poses in another unit or off in scale, and views that don't overlap.
    """
    usable, notes = _with_depth(views)
    usable, turned = _right_way_round(usable)
    usable, strays = _without_strays(usable)
    return CheckedViews(usable, tuple(notes + turned + strays + _few_or_similar(usable)))


def _with_depth(views: Sequence[ReferenceView]) -> tuple[tuple[ReferenceView, ...], list[str]]:
    usable = tuple(view for view in views if view.seen.sum() >= _FEWEST_PIXELS)
    left_out = [view.name for view in views if view.seen.sum() < _FEWEST_PIXELS]
    if len(views) < FEWEST_VIEWS:
        raise InputRefused(
            "too_few_views",
            f"{len(views)} views make no model: give at least {FEW_VIEWS} from different sides, better 16",
        )
    if len(usable) < FEWEST_VIEWS:
        raise InputRefused(
            "empty_masks",
            f"{len(left_out)} of {len(views)} views have masks with next to no depth under them ({_listed(left_out)}): "
            "check that masks are white on the object, and that depth is aligned with colour",
        )
    note = f"left out {_listed(left_out)}: next to no depth under the mask"
    return usable, [note] if left_out else []


def _right_way_round(views: tuple[ReferenceView, ...]) -> tuple[tuple[ReferenceView, ...], list[str]]:
    compared = views[:: -(-len(views) // _MOST_COMPARED)]
    poses = np.stack([view.pose for view in compared])
    given = Agreement.of(compared, poses)
    if given.overall >= _AGREES:
        return views, []
    backwards = Agreement.of(compared, inverse(poses)).overall
    if backwards >= max(_AGREES, given.overall + _CLEARLY_BETTER):
        turned = tuple(replace(view, T_cam_obj=inverse(view.pose)) for view in views)
        return turned, ["poses mapped the camera to the object, not the object to the camera: they were inverted"]
    # One stray view among few lowers all the others: it is looked for before the whole set is refused.
    if np.quantile(given.of_views, _MOST_STRAYS) < _AGREES:
        _refuse(compared, poses, given)
    return views, []


def _refuse(views: tuple[ReferenceView, ...], poses: Poses, given: Agreement) -> None:
    """Find out what is wrong with a whole set."""
    for factor, unit in _UNITS.items():
        if max(Agreement.of(views, T).overall for T in _scaled(poses, factor)) >= _AGREES:
            raise InputRefused("scale", f"the poses' translations are in {unit}: give poses and depth in the same unit")
    fits = {factor: Agreement.of(views, _scaled(poses, factor)[0]).overall for factor in _SCALES}
    best = max(fits, key=lambda factor: fits[factor])
    if fits[best] >= max(_AGREES, given.overall + _CLEARLY_BETTER):
        raise InputRefused(
            "scale",
            f"depth and poses differ in scale: they fit with translations times {best:g}. Check the unit of depth "
            "(1 mm per step?), the size of the board or marker that poses came from, and K.txt's resolution",
        )
    off = ~np.eye(len(views), dtype=bool)
    shared = off & (given.same_depth > 0.1)
    if shared.any() and np.median(given.in_mask[shared]) < _MASKS_HIT:
        raise InputRefused(
            "masks_miss",
            "the masks miss the object: what one mask shows lies beside the others. Check that masks belong to these "
            "frames and to one object",
        )
    if np.median(given.in_image[off]) < 0.5:
        raise InputRefused(
            "no_overlap",
            "the views don't overlap: under their poses the cameras look at different places. Check that poses and "
            "images belong together and that all poses are in one object frame",
        )
    raise InputRefused(
        "poses_disagree",
        f"the views' poses don't fit together (agreement {given.overall:.2f}, good ones reach 0.9). Check that poses "
        "and images belong together, or leave the poses out and let them be estimated",
    )


def _scaled(poses: Poses, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Poses with scaled translations, taken as object to camera and as camera to object."""
    scaled = poses.copy()
    scaled[:, :3, 3] *= np.float32(factor)
    return scaled, inverse(scaled)


def _without_strays(views: tuple[ReferenceView, ...]) -> tuple[tuple[ReferenceView, ...], list[str]]:
    """Leave out single views that disagree with all others, worst first."""
    strays: list[str] = []
    kept = list(views)
    while len(kept) > FEWEST_VIEWS:
        of_views = Agreement.of(kept).of_views if len(kept) <= _MOST_COMPARED else _against_some(kept)
        worst = int(np.argmin(of_views))
        if of_views[worst] >= _STRAY:
            break
        strays.append(kept.pop(worst).name)
    if len(strays) > max(1, _MOST_STRAYS * len(views)):
        raise InputRefused(
            "poses_disagree",
            f"{len(strays)} of {len(views)} views fit none of the others ({_listed(strays)}): "
            "check their poses and masks, or leave the poses out and let them be estimated",
        )
    note = f"left out {_listed(strays)}: pose or mask doesn't fit the other views"
    return tuple(kept), [note] if strays else []


def _against_some(views: list[ReferenceView]) -> np.ndarray:
    """(N,) agreement of every view with a few that are spread over all of them."""
    step = -(-len(views) // (_MOST_COMPARED // 2))
    some = views[::step]
    result = np.empty(len(views))
    for start in range(0, len(views), _MOST_COMPARED // 2):
        part = views[start : start + _MOST_COMPARED // 2]
        result[start : start + len(part)] = Agreement.of([*part, *some]).of_views[: len(part)]
    return result


def _few_or_similar(views: tuple[ReferenceView, ...]) -> list[str]:
    notes = []
    if len(views) < FEW_VIEWS:
        notes.append(f"only {len(views)} views: much of the surface will be guessed; 16 from all sides are good")
    directions = viewing_directions(views)
    spread_deg = float(np.rad2deg(np.arccos(np.clip(directions @ directions.T, -1, 1)).max()))
    if spread_deg < _SIMILAR_DEG:
        notes.append(
            f"all views are within {spread_deg:.0f} degrees of each other: the model will know one side alone; "
            "take views from more sides"
        )
    return notes


def _listed(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
