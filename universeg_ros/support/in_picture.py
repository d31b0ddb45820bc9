"""An object model pasted into the very picture that it is looked for in.

Made-up tables look like no real one. Here the background of every example is the picture itself, the object rendered at
a place and a distance that its depth image shows, behind what is nearer. What may be the object itself is painted over,
or the examples would say that it is background.
"""

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.estimation.coarse_scene import CoarseScene
from foundation_pose_ros.estimation.object_prior import SizeColourPrior
from foundation_pose_ros.estimation.object_proposals import propose
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.rendering.embree import EmbreeRenderer
from foundation_pose_ros.se3 import from_rotation_translation
from foundation_pose_ros.srgb import decode_srgb, encode_srgb

from .support_set import SupportSet

# Of the image's height; of the rendering that is in sight.
_EXTENT, _LEAST_VISIBLE = (0.05, 0.7), 0.6
# Things that are painted over, the likeliest ones.
_HIDDEN_THINGS = 3
_TRIES_PER_EXAMPLE = 40
_NOISE = 2.0  # of 255


def support_in_picture(model: ObjectModel, frame: Frame, examples: int = 16, seed: int = 0) -> SupportSet:
    """Render the object into a frame at many places, from all sides; one label, its name.

    Raises InputRefused for models without colour, and where the depth image leaves no place for the object.
    """
    if not model.has_colour:
        raise InputRefused("no_colour", f"{model.name} has no colours: give a textured mesh, or a mask")
    background = _without_the_object(model, frame)
    renderer = EmbreeRenderer(model)
    rng = np.random.default_rng(seed)
    support = SupportSet(label_names={1: model.name})
    for _ in range(_TRIES_PER_EXAMPLE * examples):
        T_cam_obj = _place(rng, model, frame)
        pasted = None if T_cam_obj is None else _pasted(rng, renderer, frame, background, T_cam_obj)
        if pasted is not None:
            support.add(*pasted)
        if len(support) == examples:
            return support
    raise InputRefused("no_place", f"the depth image leaves {model.name} no place in sight: give a mask")


def _without_the_object(model: ObjectModel, frame: Frame) -> np.ndarray:
    """The picture (H, W, 3) with what is likeliest the object painted over."""
    scene = CoarseScene.of(frame)
    hidden: np.ndarray = np.zeros(frame.depth_m.shape, np.uint8)
    for thing in propose(scene, SizeColourPrior(model))[:_HIDDEN_THINGS]:
        mask = thing.mask if thing.mask.shape == hidden.shape else scene.enlarged(thing.mask)
        hidden |= mask.astype(np.uint8)
    hidden = cv2.dilate(hidden, np.ones((7, 7), np.uint8))
    return cv2.inpaint(frame.rgb, hidden, 5, cv2.INPAINT_TELEA) if hidden.any() else frame.rgb


def _place(rng: np.random.Generator, model: ObjectModel, frame: Frame) -> np.ndarray | None:
    """A pose (4, 4) before some surface that was measured; None where the object would be too small or too large."""
    v, u = (int(rng.integers(n)) for n in frame.depth_m.shape)
    surface_m = float(frame.depth_m[v, u])
    z = surface_m - 0.4 * model.diameter_m
    if z <= model.diameter_m:
        return None
    extent = frame.camera.fy * model.diameter_m / z / frame.camera.height
    if not _EXTENT[0] <= extent <= _EXTENT[1]:
        return None
    R = Rotation.random(rng=rng).as_matrix()
    centre = z * frame.camera.rays(np.array(u), np.array(v))
    return from_rotation_translation(R, centre - R @ model.centre_m).astype(np.float32)


def _pasted(
    rng: np.random.Generator, renderer: EmbreeRenderer, frame: Frame, background: np.ndarray, T_cam_obj: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """The picture with the object in it, and its mask; None where too little of it is in sight."""
    height, width = frame.depth_m.shape
    found = renderer.render(T_cam_obj[None], frame.camera.K, (height, width), normals=True, colour=True)
    assert found.rgb is not None and found.normals_cam is not None
    depth_m = found.depth_m[0]
    drawn = depth_m > 0
    shown = drawn & ~((frame.depth_m > 0) & (frame.depth_m < depth_m - 0.1 * renderer.model.diameter_m))
    if np.count_nonzero(shown) < max(1, _LEAST_VISIBLE * np.count_nonzero(drawn)):
        return None
    lamp = rng.normal((0, -2, -1), 1)  # from above, from the viewer's side
    facing = np.maximum(found.normals_cam[0] @ (lamp / np.linalg.norm(lamp)), 0)
    light = decode_srgb(found.rgb[0]) * (rng.uniform(0.4, 0.7) + rng.uniform(0.3, 0.8) * facing[..., None])
    rgb = encode_srgb(light.astype(np.float32)).astype(np.float32)
    # What lies between two pixels is of both, as a camera has it.
    share = cv2.GaussianBlur(shown.astype(np.float32), (0, 0), 0.7)[..., None] * shown[..., None]
    mixed = share * (rgb + rng.normal(0, _NOISE, rgb.shape)) + (1 - share) * background
    return mixed.clip(0, 255).astype(np.uint8), shown
