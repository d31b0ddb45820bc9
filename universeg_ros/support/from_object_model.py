"""An object model, or the views that one was made from, as a support set: a scene's first mask without a detector."""

from collections.abc import Sequence

import numpy as np

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

from .support_set import SupportSet

_SCENE_SIZE = (320, 240)
_FRAMES_PER_SCENE = 4
_RATE_HZ = 0.7  # so slow that each frame is another view
_LEAST_VISIBLE = 0.6
_LEAST_SHARE = 0.004
_MOST_SCENES_PER_EXAMPLE = 3


def support_from_model(model: ObjectModel, examples: int = 16, clutter: int = 5, seed: int = 0) -> SupportSet:
    """Render the object on made-up tables, among other things, from many sides; one label, its name.

    Raises InputRefused for models without colour: their renderings would look like no picture of theirs.
    """
    if not model.has_colour:
        raise InputRefused(
            "no_colour",
            f"{model.name} has no colours, so renderings don't look like it: give a textured mesh, "
            "or a support set of real pictures",
        )
    support = SupportSet(label_names={1: model.name})
    rng = np.random.default_rng(seed)
    for _ in range(_MOST_SCENES_PER_EXAMPLE * examples):
        scene = make_scene(
            SceneSettings(
                seed=int(rng.integers(1 << 30)),
                frames=_FRAMES_PER_SCENE,
                objects=[model],
                clutter=clutter,
                width=_SCENE_SIZE[0],
                height=_SCENE_SIZE[1],
                rate_hz=_RATE_HZ,
            )
        )
        for frame_id in scene.frame_ids:
            rendered = scene.rendered(frame_id)
            mask = rendered.masks.get(model.name)
            if mask is None or rendered.visible_fraction[model.name] < _LEAST_VISIBLE or mask.mean() < _LEAST_SHARE:
                continue
            support.add(rendered.frame.rgb, mask)
            if len(support) == examples:
                return support
    raise InputRefused("object_hidden", f"{model.name} is hardly ever in view on a table: check its unit and size")


def support_from_views(views: Sequence[ReferenceView], name: str = "object") -> SupportSet:
    """Return the pictures and masks of reference views; one label, the object's name."""
    support = SupportSet(label_names={1: name})
    for view in views:
        if view.mask.any():
            support.add(view.frame.rgb, view.mask, view.name or None)
    if not len(support):
        raise InputRefused("empty_support", "no view has anything in its mask: mark the object in at least one")
    return support
