"""One registration and one step on a made picture, so that the first image isn't the slow one."""

import numpy as np

from .camera import Camera
from .frame import Frame
from .object_model import ObjectModel
from .rendering.embree import EmbreeRenderer
from .tracking.estimator import Estimator


def warm_up(estimator: Estimator, model: ObjectModel) -> None:
    """Estimate the pose of the model, alone before nothing, two diameters away."""
    camera = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
    T_cam_obj = np.eye(4, dtype=np.float32)
    T_cam_obj[:3, 3] = (0.0, 0.0, 2.5 * model.diameter_m) - model.centre_m
    rendering = EmbreeRenderer(model).render(
        T_cam_obj[None], camera.K, size=(camera.height, camera.width), colour=model.has_colour
    )
    depth_m = rendering.depth_m[0]
    rgb = (
        np.zeros((*depth_m.shape, 3), np.uint8) if rendering.rgb is None else (rendering.rgb[0] * 255).astype(np.uint8)
    )
    frame = Frame(rgb, depth_m, camera)
    estimator.track(frame, estimator.register(frame, depth_m > 0, model.name))
