"""pose_node on a made-up scene, with no camera and no files: to see it work, and to build on before a camera is there.

    ros2 launch foundation_perception synthetic.launch.py rviz:=true

Arguments of replay.launch.py and pose.launch.py may be given as well.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = {"frames": ("90", "Length of the scene, which is played again and again")}


def generate_launch_description() -> LaunchDescription:
    """replay_node with a rendered scene whose depth is noisy and has holes."""
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=d, description=said) for name, (d, said) in ARGUMENTS.items()),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource([FindPackageShare("foundation_perception"), "/launch/replay.launch.py"]),
                launch_arguments={"sequence": "synthetic", "frames": LaunchConfiguration("frames")}.items(),
            ),
        ]
    )
