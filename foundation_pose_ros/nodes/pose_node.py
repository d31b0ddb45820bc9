"""pose_node: 6D poses of objects never trained on, from RGB-D images, meshes and masks."""

import sys

from .sign_of_life import run_announced


def main(args: list[str] | None = None) -> None:
    """Run the node until it is told to stop."""
    run_announced("pose_node", "foundation_pose_ros.nodes.pose.node", "PoseNode", args)


if __name__ == "__main__":
    main(sys.argv)
