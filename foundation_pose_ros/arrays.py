"""Arrays whose shape is part of a contract, by name. Conventions of frames and units: docs/conventions.md."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pose = NDArray[np.floating[Any]]
"""(4, 4) T_a_b: maps homogeneous points of frame b to frame a; metres."""

Poses = NDArray[np.floating[Any]]
"""(B, 4, 4) of them: of hypotheses, frames or symmetries, batch first."""

Intrinsics = NDArray[np.floating[Any]]
"""(3, 3) K of one camera, or (B, 3, 3) one per pose; pixels, with pixel centres at whole numbers."""

Rgb = NDArray[np.uint8]
"""(H, W, 3) sRGB picture, 0 to 255."""

Depth = NDArray[np.float32]
"""(H, W) depth along the optical axis in metres, 0 = unknown."""

Mask = NDArray[np.bool_]
"""(H, W) true on the object, or wherever the name says."""

Points = NDArray[np.floating[Any]]
"""(N, 3) points, metres, in the frame that the name ends in."""

Pixels = NDArray[np.floating[Any]]
"""(N, 2) places in an image: column, row."""

Covariance = NDArray[np.floating[Any]]
"""(6, 6) of a pose: x, y, z in m^2, then rotations about the camera's x, y, z axes in rad^2."""
