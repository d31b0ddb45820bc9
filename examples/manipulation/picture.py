"""Draws what the example does, without ROS: `python examples/manipulation/picture.py docs/images/manipulation.png`."""

import sys
from pathlib import Path

import numpy as np
from grasps import Gripper, grasp
from PIL import Image
from workcell import Workcell

from foundation_pose_ros import ObjectModel, PoseEstimator
from foundation_pose_ros.overlay import OverlayPose, draw_overlay

_HEIGHT_PX = 480


def main(path: Path, design: str = "mug", seed: int = 12) -> None:
    """Write three pictures side by side: the arm looks, what it sees and finds, its gripper where it takes that."""
    cell = Workcell(design, seed)
    cell.look()
    looks = cell.overview(640, _HEIGHT_PX)
    view = cell.view(np.random.default_rng(seed))
    model = ObjectModel.from_mesh(cell.mesh, name=design)
    found = PoseEstimator([model]).register(view.frame, view.mask)
    shown = draw_overlay(
        view.frame.rgb, view.frame.camera, [OverlayPose(model, found.T_cam_obj, f"{design} {found.score:.2f}")]
    )
    T_base_obj = view.T_base_cam @ found.T_cam_obj
    cell.move_tool(T_base_obj @ grasp(T_base_obj, model, Gripper()))
    takes = cell.overview(640, _HEIGHT_PX)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.hstack([looks, shown, takes])).save(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
