"""segmentation_node: masks over services, and of a camera's images where live_support names a set.

    ros2 launch foundation_perception segmentation.launch.py support_directory:=$HOME/support \\
        live_support:=mug image:=/camera/color/image_raw
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue

PACKAGE = "foundation_perception"


def generate_launch_description() -> LaunchDescription:
    """One node, which configures and activates itself."""
    share = Path(get_package_share_directory(PACKAGE))
    arguments = {
        "parameters": (str(share / "config" / "segmentation.yaml"), "YAML file of parameters"),
        "weights": ("default", "A .pt or .safetensors file, or default or research"),
        "support_directory": ("", "Folder of support sets; each is a folder with images/ and masks/, or a .npz"),
        "live_support": ("", "Set that images on the topic are segmented with; it is read at the start"),
        "image": ("image", "Topic of live images"),
        "mask": ("~/mask", "Topic of their masks; pose_node takes them as masks"),
    }
    value = {name: LaunchConfiguration(name) for name in arguments}

    def text(name: str) -> ParameterValue:
        return ParameterValue(value[name], value_type=str)

    def texts(name: str) -> ParameterValue:
        return ParameterValue([value[name]], value_type=list[str])

    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=d, description=said) for name, (d, said) in arguments.items()),
            LifecycleNode(
                package=PACKAGE,
                executable="segmentation_node",
                name="segmentation_node",
                namespace="",
                output="screen",
                parameters=[
                    value["parameters"],
                    {
                        "weights": text("weights"),
                        "support_directories": texts("support_directory"),
                        "support_sets": texts("live_support"),
                        "live_support": text("live_support"),
                    },
                ],
                remappings=[("image", value["image"]), ("~/mask", value["mask"])],
            ),
        ]
    )
