"""Several instances of one model: which of them a mask shows, so that two never come to rest on one thing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputRefused
from ..estimation.object_proposals import Proposal
from ..frame import Frame
from ..pose_result import PoseResult
from ..streams.mask_inputs import Objects
from .estimator_protocol import TrackingEstimator

# A mask that shares more than this with what a pose explains shows the object in that pose.
_SAME_THING = 0.5


def assigned(
    estimator: TrackingEstimator,
    frame: Frame,
    seen: Sequence[tuple[str, Any]],
    objects: Objects,
    wanting: Sequence[str],
    poses: Mapping[str, PoseResult],
) -> dict[str, Any]:
    """Give each mask of a frame, or Proposal, to the object that it shows: by id, at most one each, the first.

    seen: each with an object's id, or a model's name. What shows an instance that has a pose, one of `poses` by id, is
    that one's, if it was meant by the model's name; of the rest each goes to the next of `wanting` that has none yet.
    """
    found: dict[str, Any] = {}
    for name, thing in seen:
        id: str | None = name
        if name not in objects:
            tracked = {id: pose for id, pose in poses.items() if objects[id] == name}
            free = (id for id in wanting if objects[id] == name and id not in found and id not in tracked)
            id = _shown(estimator, frame, thing, tracked) or next(free, None)
        if id is not None and id not in found:
            found[id] = thing
    return found


def _shown(estimator: TrackingEstimator, frame: Frame, thing: Any, poses: Mapping[str, PoseResult]) -> str | None:
    """Return the object that a mask or Proposal shows, None where it shows none of those."""
    mask: np.ndarray = thing.mask if isinstance(thing, Proposal) else thing
    shares = {id: estimator.mask_overlap(frame, pose, mask) for id, pose in poses.items()}
    best = max(shares, key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] > _SAME_THING else None


def instance_ids(name: str, count: int) -> tuple[str, ...]:
    """Return the ids of a model's instances: its own name where there is one, else numbered from 1."""
    return (name,) if count <= 1 else tuple(f"{name}_{number}" for number in range(1, count + 1))


def instance_meant(name: str, objects: Objects, wanting: Sequence[str]) -> str:
    """Return the object that a request means: an id, or a model's name for the first instance without a pose.

    Raises InputRefused for names that nobody knows, and where all instances have a pose.
    """
    if name in objects:
        return name
    instances = [id for id, model in objects.items() if model == name]
    if not instances:
        raise InputRefused("unknown_object", f"no object {name!r} here (known: {', '.join(objects) or 'none'})")
    free = next((id for id in instances if id in wanting), None)
    if free is None:
        raise InputRefused("unknown_object", f"say which {name} is meant: one of {', '.join(instances)}")
    return free
