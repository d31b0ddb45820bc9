"""Are these views fit to make a model of? What is wrong with them, in words; what can be put right, is, and said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputRefused
from ..se3 import inverse
from .agreement import Agreement
from .selection import viewing_directions
from .view import ReferenceView

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
class CheckedViews:
    """Views that fit together, and notes: what was put right, and what the model will lack."""

    views: tuple[ReferenceView, ...]
    notes: tuple[str, ...]


def checked(views: Sequence[ReferenceView]) -> CheckedViews:
    """Posed views that show one object; those that don't are left out, and said.

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


def _refuse(views: tuple[ReferenceView, ...], poses: np.ndarray, given: Agreement) -> None:
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


def _scaled(poses: np.ndarray, factor: float) -> tuple[np.ndarray, np.ndarray]:
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
