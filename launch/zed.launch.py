"""pose_node on a ZED camera, with its driver (zed_wrapper 5).

    ros2 launch foundation_perception zed.launch.py camera_model:=zed2i mesh:=$HOME/mug.obj rviz:=true

Arguments of pose.launch.py and of zed_wrapper's zed_camera.launch.py may be given as well.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = {
    "start_camera": ("true", "Start the driver; false where it runs already"),
    "camera_name": ("zed", "Namespace of the driver"),
    "camera_model": ("zed2i", "Model of the camera: zed, zedm, zed2, zed2i, zedx, ..."),
}


def generate_launch_description() -> LaunchDescription:
    """The left image, rectified, with the depth of its pixels."""
    value = {name: LaunchConfiguration(name) for name in ARGUMENTS}
    camera = ["/", value["camera_name"], "/zed_node"]
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=d, description=said) for name, (d, said) in ARGUMENTS.items()),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource([FindPackageShare("foundation_perception"), "/launch/fast_dds.launch.py"])
            ),
            # Before the node: where the driver isn't installed, nothing is left running.
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource([FindPackageShare("zed_wrapper"), "/launch/zed_camera.launch.py"]),
                launch_arguments={name: value[name] for name in ("camera_name", "camera_model")}.items(),
                condition=IfCondition(value["start_camera"]),
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource([FindPackageShare("foundation_perception"), "/launch/pose.launch.py"]),
                launch_arguments={
                    "rgb": [*camera, "/rgb/color/rect/image"],
                    "rgb_info": [*camera, "/rgb/color/rect/camera_info"],
                    "depth": [*camera, "/depth/depth_registered"],
                    "image_is_rectified": "true",
                }.items(),
            ),
        ]
    )
