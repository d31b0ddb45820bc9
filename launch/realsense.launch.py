"""pose_node on a RealSense camera, with its driver.

    ros2 launch foundation_perception realsense.launch.py mesh:=$HOME/mug.obj rviz:=true

Arguments of pose.launch.py and of realsense2_camera's rs_launch.py may be given as well.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = {
    "start_camera": ("true", "Start the driver; false where it runs already, with align_depth.enable:=true"),
    "camera_namespace": ("camera", "Namespace of the driver"),
    "camera_name": ("camera", "Name of its node"),
}


def generate_launch_description() -> LaunchDescription:
    """Depth aligned to colour, at the same stamps."""
    value = {name: LaunchConfiguration(name) for name in ARGUMENTS}
    camera = ["/", value["camera_namespace"], "/", value["camera_name"]]
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=d, description=said) for name, (d, said) in ARGUMENTS.items()),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource([FindPackageShare("foundation_perception"), "/launch/fast_dds.launch.py"])
            ),
            # Before the node: where the driver isn't installed, nothing is left running.
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource([FindPackageShare("realsense2_camera"), "/launch/rs_launch.py"]),
                launch_arguments={
                    "camera_namespace": value["camera_namespace"],
                    "camera_name": value["camera_name"],
                    "align_depth.enable": "true",
                    "enable_sync": "true",
                }.items(),
                condition=IfCondition(value["start_camera"]),
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource([FindPackageShare("foundation_perception"), "/launch/pose.launch.py"]),
                launch_arguments={
                    "rgb": [*camera, "/color/image_raw"],
                    "rgb_info": [*camera, "/color/camera_info"],
                    "depth": [*camera, "/aligned_depth_to_color/image_raw"],
                }.items(),
            ),
        ]
    )
