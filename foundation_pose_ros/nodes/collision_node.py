"""collision_node: what pose_node tracks, as collision objects for MoveIt."""

import importlib.util
import sys


def main(args: list[str] | None = None) -> None:
    """Run the node until it is told to stop; one line where MoveIt's messages are missing."""
    if importlib.util.find_spec("moveit_msgs") is None:
        sys.exit(
            "collision_node: it speaks MoveIt's messages, which aren't installed: "
            "apt-get install ros-$ROS_DISTRO-moveit-msgs"
        )
    from .collision.node import CollisionNode
    from .plain_node import run_plain

    run_plain("collision_node", CollisionNode, args)


if __name__ == "__main__":
    main(sys.argv)
