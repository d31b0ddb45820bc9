"""collision_node beside a pose_node: what is tracked, as obstacles for MoveIt.

ros2 launch foundation_perception collision.launch.py
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

PACKAGE = "foundation_perception"
SHARE = Path(get_package_share_directory(PACKAGE))
ARGUMENTS = {
    "pose_node": ("/pose_node", "Name of the pose_node, with its namespace"),
    "parameters": (str(SHARE / "config" / "collision.yaml"), "YAML file of parameters"),
    "use_sim_time": ("false", "Take the time from /clock"),
}


def generate_launch_description() -> LaunchDescription:
    """One node."""
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=d, description=said) for name, (d, said) in ARGUMENTS.items()),
            OpaqueFunction(function=collision_node),
        ]
    )


def collision_node(context: LaunchContext) -> list[Node]:
    """The node, which hears the pose_node of that name."""
    value = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    pose_node = value["pose_node"].rstrip("/")
    return [
        Node(
            package=PACKAGE,
            executable="collision_node",
            name="collision_node",
            output="screen",
            parameters=[value["parameters"], {"use_sim_time": value["use_sim_time"].lower() == "true"}],
            remappings=[("objects", f"{pose_node}/objects"), ("models", f"{pose_node}/models")],
            ros_arguments=["--enclave", f"/{PACKAGE}/collision_node"],  # of SROS2, where that is switched on
        )
    ]
