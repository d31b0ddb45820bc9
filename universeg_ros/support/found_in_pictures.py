"""Pictures in which an object was found by its shape and colours, as a support set: its model made real by one look.

Renderings of a mesh don't look like what a camera sees of it, and next to the network an example in other light, before
another background, is another thing. A search by depth needs no mask, no likeness of pictures and no colours of the
model: where it is sure, the picture itself with the outline of the found pose shows the network what to look for, and
it then finds that in pictures that have no depth.
"""

from collections.abc import Iterable
from contextlib import suppress

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.estimation.overlap import PosedObject, visible_mask
from foundation_pose_ros.estimator import PoseEstimator
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.rendering.embree import EmbreeRenderer

from .support_set import SupportSet

# How likely the object has to be there, however it is turned: a mug's outline hardly shows where its handle is.
LEAST_PRESENCE = 0.5


def support_found(model: ObjectModel, frames: Iterable[Frame], examples: int = 16, threads: int = 2) -> SupportSet:
    """Search for an object in RGB-D frames until it was found in so many; one label, its name.

    An example is a frame's picture with the visible part of the object. Raises InputRefused("object_not_found") where
    no search is sure.
    """
    estimator, renderer = PoseEstimator([model], threads=threads), EmbreeRenderer(model, threads)
    support = SupportSet(label_names={1: model.name})
    for frame in frames:
        if len(support) == examples:
            break
        found = estimator.search(frame)
        if found and found[0].presence >= LEAST_PRESENCE:
            with suppress(InputRefused):  # the same picture once more
                support.add(frame.rgb, visible_mask(frame, PosedObject(model, renderer, found[0].T_cam_obj)))
    if not len(support):
        raise InputRefused(
            "object_not_found",
            f"{model.name} isn't surely found in any of these pictures: move the camera nearer, so that the object's "
            "longest side takes a fifth of the image, or give a mask",
        )
    return support
