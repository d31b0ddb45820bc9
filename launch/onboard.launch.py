"""pose_node on any RGB-D camera, ready to learn objects that are shown to it: no mesh is needed to begin with.

    ros2 launch foundation_perception onboard.launch.py models:=$HOME/models \\
        rgb:=/camera/color/image_raw rgb_info:=/camera/color/camera_info depth:=/camera/depth/image
    ros2 service call /pose_node/onboard_object/start foundation_perception/srv/StartOnboarding "{name: mug, masks: 1}"
    # turn it, or go around it, once
    ros2 service call /pose_node/onboard_object/stop foundation_perception/srv/StopOnboarding
    ros2 topic echo --qos-durability transient_local /pose_node/onboard_object/status
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import EnvironmentVariable, LaunchConfiguration

SHARE = Path(get_package_share_directory("foundation_perception"))
MODELS = [EnvironmentVariable("HOME", default_value="."), "/foundation_perception_models"]


def generate_launch_description() -> LaunchDescription:
    """pose.launch.py, with its arguments, and the folder that models are written to."""
    return LaunchDescription(
        [
            DeclareLaunchArgument("models", default_value=MODELS, description="Folder that models are written to"),
            DeclareLaunchArgument(
                "parameters",
                default_value=str(SHARE / "config" / "onboarding.yaml"),
                description="YAML file of parameters",
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(str(SHARE / "launch" / "pose.launch.py")),
                launch_arguments={
                    "models": LaunchConfiguration("models"),
                    "parameters": LaunchConfiguration("parameters"),
                }.items(),
            ),
        ]
    )
