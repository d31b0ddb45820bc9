"""Finds an object, says where the gripper goes, and looks once more before it closes.

The arm is yours: `move` is called with T_base_gripper (4, 4), metres. Run pose_node with output_frame:=base_link, so
that poses are in the robot's frame.
"""

from collections.abc import Callable

import numpy as np
from foundation_perception.client import PoseClient

# Where the gripper is held in the mesh's own frame, and from where it comes: 10 cm before that, along its z axis.
T_OBJ_GRASP = np.array([[1.0, 0, 0, 0], [0, -1, 0, 0], [0, 0, -1, 0.06], [0, 0, 0, 1]])
T_GRASP_APPROACH = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, -0.10], [0, 0, 0, 1]])


def pick(client: PoseClient, name: str, move: Callable[[np.ndarray], None], close: Callable[[], None]) -> None:
    """Pick an object up; raises NotFound where it isn't there, or moved away."""
    pose = client.find(name, min_score=0.7, timeout_s=20.0)
    move(pose.T_frame_obj @ T_OBJ_GRASP @ T_GRASP_APPROACH)
    pose = client.wait_for_pose(name, max_age_s=0.3, min_score=0.7, timeout_s=3.0)
    move(pose.T_frame_obj @ T_OBJ_GRASP)
    close()


if __name__ == "__main__":
    with PoseClient() as to_pose_node:
        pick(to_pose_node, "mug", lambda T: print(f"gripper to {np.round(T[:3, 3], 3)} m"), lambda: print("close"))
