"""Runs all compiled code once, so that the first image isn't the slow one."""

import numpy as np

from ..camera import Camera
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..rendering.embree import EmbreeRenderer
from .pose_estimator import PoseEstimator


def warm_up(estimator: PoseEstimator, model: ObjectModel) -> None:
    """Register and track the model once, alone before nothing, so that the first image isn't the slow one."""
    camera = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
    T_cam_obj = np.eye(4, dtype=np.float32)
    T_cam_obj[:3, 3] = (0.0, 0.0, 2.5 * model.diameter_m) - model.centre_m
    rendering = EmbreeRenderer(model).render(
        T_cam_obj[None], camera.K, size=(camera.height, camera.width), colour=model.has_colour
    )
    depth_m = rendering.depth_m[0]
    rgb = np.zeros((*depth_m.shape, 3)) if rendering.rgb is None else 255 * rendering.rgb[0]
    frame = Frame(rgb.astype(np.uint8), depth_m, camera)
    estimator.track(frame, estimator.register(frame, depth_m > 0, model.name))
