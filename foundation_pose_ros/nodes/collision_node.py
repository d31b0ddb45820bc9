"""collision_node: what pose_node tracks, as collision objects for MoveIt."""

import importlib.util
import signal
import sys

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor


def main(args: list[str] | None = None) -> None:
    """Run the node until it is told to stop; one line where MoveIt's messages are missing."""
    if importlib.util.find_spec("moveit_msgs") is None:
        sys.exit(
            "collision_node: it speaks MoveIt's messages, which aren't installed: "
            "apt-get install ros-$ROS_DISTRO-moveit-msgs"
        )
    from .collision.node import CollisionNode

    rclpy.init(args=args)
    executor = SingleThreadedExecutor()
    node = None
    try:
        try:
            node = CollisionNode()
        except (ParameterException, ValueError) as fault:
            sys.exit(f"collision_node: {fault}")
        executor.add_node(node)
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        # Ctrl-C under ros2 launch comes twice, from the terminal and from launch: the second must not break the end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        executor.shutdown()
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    main(sys.argv)
