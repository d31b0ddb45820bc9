"""CameraInfo to a pinhole camera (REP-104), and the removal of lens distortion. No ROS: messages are duck-typed."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from ..camera import Camera
from ..errors import InputRefused

PERSPECTIVE_MODELS = ("", "plumb_bob", "rational_polynomial")
FISHEYE_MODELS = ("equidistant", "fisheye")
# How many coefficients OpenCV's undistortion takes.
PERSPECTIVE_COEFFICIENTS = (4, 5, 8, 12, 14)


@dataclass(frozen=True)
class Lens:
    """A pinhole camera, and the distortion (n,) that images have to be freed of first; empty where there is none."""

    camera: Camera
    distortion: tuple[float, ...] = ()
    fisheye: bool = False

    def rectified(self, image: np.ndarray, smooth: bool) -> np.ndarray:
        """Return the image undistorted; smooth = interpolated (colour), else the nearest pixel (depth, labels)."""
        if not self.distortion:
            return image
        interpolation = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
        return cv2.remap(image, *self._maps, interpolation, borderMode=cv2.BORDER_CONSTANT, borderValue=0)

    @cached_property
    def _maps(self) -> tuple[np.ndarray, np.ndarray]:
        K, size = self.camera.K.astype(np.float64), (self.camera.width, self.camera.height)
        distortion = np.asarray(self.distortion, np.float64)
        if self.fisheye:
            return cv2.fisheye.initUndistortRectifyMap(K, distortion[:4], np.eye(3), K, size, cv2.CV_32FC1)
        return cv2.initUndistortRectifyMap(K, distortion, np.eye(3), K, size, cv2.CV_32FC1)


def to_lens(info: Any, rectified: bool = False, distortion: str = "undistort") -> Lens:
    """Return the camera of the image that a CameraInfo goes with.

    rectified: the image is rectified, so P holds; else K does, with D. distortion: what to do where D isn't zero:
    `undistort`, `refuse` or `ignore`. Region of interest and binning are worked into the intrinsics. Raises
    InputRefused (`bad_intrinsics`, `distorted`).
    """
    camera = _camera(info, rectified)
    D = tuple(float(d) for d in info.d)
    if rectified or distortion == "ignore" or not any(D):
        return Lens(camera)
    if not np.all(np.isfinite(D)):
        raise InputRefused(
            "bad_intrinsics", f"distortion D = {D} of camera_info isn't finite: calibrate the camera again"
        )
    if distortion == "refuse":
        raise InputRefused(
            "distorted",
            "the image is distorted (D of camera_info isn't zero): subscribe to the rectified image with "
            "image_is_rectified:=true, or set distortion:=undistort",
        )
    return Lens(camera, D, _is_fisheye(info.distortion_model, D))


def _camera(info: Any, rectified: bool) -> Camera:
    matrix = np.asarray(info.p, np.float64).reshape(3, 4)[:, :3] if rectified else np.asarray(info.k).reshape(3, 3)
    if matrix[0, 0] == 0.0:
        raise InputRefused(
            "bad_intrinsics",
            f"camera_info holds no calibration ({'P' if rectified else 'K'}[0] is 0): calibrate the camera, or let its "
            "driver load the calibration",
        )
    binning_x, binning_y = max(1, info.binning_x), max(1, info.binning_y)
    width, height = (info.roi.width or info.width) // binning_x, (info.roi.height or info.height) // binning_y
    return Camera(
        float(matrix[0, 0] / binning_x),
        float(matrix[1, 1] / binning_y),
        float((matrix[0, 2] - info.roi.x_offset) / binning_x),
        float((matrix[1, 2] - info.roi.y_offset) / binning_y),
        int(width),
        int(height),
    )


def _is_fisheye(model: str, D: tuple[float, ...]) -> bool:
    """Tell which kind of lens coefficients are of; raises InputRefused where that isn't known, or they aren't its."""
    if model not in PERSPECTIVE_MODELS + FISHEYE_MODELS:
        raise InputRefused(
            "distorted",
            f"distortion model {model!r} is unknown: rectify the image with image_proc, or set distortion:=ignore",
        )
    fisheye = model in FISHEYE_MODELS
    # Some drivers fill a fisheye's four up with zeros.
    if not (len(D) >= 4 and not any(D[4:]) if fisheye else len(D) in PERSPECTIVE_COEFFICIENTS):
        raise InputRefused(
            "bad_intrinsics",
            f"camera_info has {len(D)} distortion coefficients D, but {model or 'plumb_bob'} has "
            f"{4 if fisheye else PERSPECTIVE_COEFFICIENTS}: calibrate the camera again, or set distortion:=ignore",
        )
    return fisheye
