"""One RGB-D image: what every estimator and segmenter takes in."""

from dataclasses import dataclass

import numpy as np

from .arrays import Depth, Rgb
from .camera import Camera
from .errors import InputRefused


@dataclass(frozen=True, eq=False)
class Frame:
    """Colour and aligned depth from one instant.

    rgb (H, W, 3) uint8; depth_m (H, W) float32 metres in the colour image's pixels, 0 = invalid; `stamp_ns` and
    `frame_id` are those of the image, and go onto everything made from it. NaN, inf and negative depths become 0.
    Raises InputRefused where sizes or types disagree.
    """

    rgb: Rgb
    depth_m: Depth
    camera: Camera
    stamp_ns: int = 0
    frame_id: str = ""

    def __post_init__(self) -> None:
        for name in ("rgb", "depth_m"):
            object.__setattr__(self, name, np.asarray(getattr(self, name)))
        if not isinstance(self.camera, Camera):
            raise InputRefused(
                "bad_intrinsics", f"camera is a {type(self.camera).__name__}: give a Camera, as Camera.from_K makes it"
            )
        height, width = self.depth_m.shape[:2] if self.depth_m.ndim == 2 else (0, 0)
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.dtype != np.uint8:
            raise InputRefused(
                "bad_encoding", f"rgb is {self.rgb.dtype} of shape {self.rgb.shape}: give uint8 of shape (H, W, 3)"
            )
        if self.depth_m.ndim != 2 or not np.issubdtype(self.depth_m.dtype, np.floating):
            raise InputRefused(
                "bad_encoding",
                f"depth is {self.depth_m.dtype} of shape {self.depth_m.shape}: give metres as float32 of shape (H, W) "
                "(millimetre images: depth_mm.astype('float32') / 1000)",
            )
        if self.rgb.shape[:2] != (height, width):
            raise InputRefused(
                "size_mismatch",
                f"depth is {width}x{height} but colour is {self.rgb.shape[1]}x{self.rgb.shape[0]}: "
                "start the camera driver with align_depth.enable:=true, or let pose_node align them "
                "(register_depth:=true)",
            )
        if (self.camera.height, self.camera.width) != (height, width):
            raise InputRefused(
                "size_mismatch",
                f"camera info is for {self.camera.width}x{self.camera.height} but the images are {width}x{height}: "
                "use the camera info of the colour image, at its resolution",
            )
        depth_m = self.depth_m.astype(np.float32, copy=False)
        # Most cameras' depth is clean already: two looks at it are cheaper than a copy.
        if not (depth_m.size and depth_m.min() >= 0 and depth_m.max() < np.inf):
            depth_m = np.maximum(np.nan_to_num(depth_m, nan=0.0, posinf=0.0, neginf=0.0), 0.0)
        object.__setattr__(self, "depth_m", depth_m)


def period_over(since_ns: int | None, now_ns: int, period_s: float) -> bool:
    """Tell by stamps whether a period has passed since; so it has where nothing was before, or time went back."""
    return since_ns is None or not 0 <= now_ns - since_ns < int(period_s * 1e9)
