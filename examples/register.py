"""Finds an object in one image of a recording: a mask in, a pose out.

    python examples/register.py [SEQUENCE OBJECT]

Without arguments a scene with a mug is made up. SEQUENCE: a folder of images, or a BOP scene (docs/command_line.md).
"""

import sys

from foundation_pose_ros import PoseEstimator, PoseResult
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings


def register(recording: Sequence, name: str) -> PoseResult:
    """Return the pose in the first frame that has a mask of the object."""
    estimator = PoseEstimator([recording.model(name)])
    for frame_id in recording.frame_ids:
        mask = recording.mask(frame_id, name)  # (H, W) bool
        if mask is not None:
            return estimator.register(recording.frame(frame_id), mask)
    raise SystemExit(f"{recording.name} has no mask of {name}")


def main(arguments: list[str]) -> PoseResult:
    """Register, and print what came of it."""
    if arguments:
        folder, name = arguments
        recording: Sequence = open_sequence(folder)
    else:
        recording, name = make_scene(SceneSettings(frames=1, objects=["mug"])), "mug"
    result = register(recording, name)
    print(result.T_cam_obj.round(4))
    sigma_mm = 1000 * result.covariance.diagonal()[:3] ** 0.5
    print(f"right with probability {result.score:.2f}, to {sigma_mm.round(1)} mm in x, y, z ({result.time_s:.2f} s)")
    return result


if __name__ == "__main__":
    main(sys.argv[1:])
