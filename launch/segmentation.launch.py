"""segmentation_node: masks over services, and of a camera's images where live_support names a set.

    ros2 launch foundation_perception segmentation.launch.py support_directory:=$HOME/support \\
        live_support:=mug image:=/camera/color/image_raw
"""

from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode

PACKAGE = "foundation_perception"
SHARE = Path(get_package_share_directory(PACKAGE))
ARGUMENTS = {
    "parameters": (str(SHARE / "config" / "segmentation.yaml"), "YAML file of parameters"),
    "weights": ("", "A .pt or .safetensors file, or default or research; empty: as the parameter file says"),
    "support_directory": ("", "Folder of support sets; each is a folder with images/ and masks/, or a .npz"),
    "live_support": ("", "Set that images on the topic are segmented with; it is read at the start"),
    "image": ("image", "Topic of live images"),
    "mask": ("~/mask", "Topic of their masks; pose_node takes them as masks"),
}


def generate_launch_description() -> LaunchDescription:
    """One node, which configures and activates itself."""
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=d, description=said) for name, (d, said) in ARGUMENTS.items()),
            IncludeLaunchDescription(PythonLaunchDescriptionSource(str(SHARE / "launch" / "fast_dds.launch.py"))),
            OpaqueFunction(function=segmentation_node),
        ]
    )


def segmentation_node(context: LaunchContext) -> list[LifecycleNode]:
    """The node; what is left empty stays as the parameter file has it."""
    value = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    own: dict[str, Any] = {}
    if value["weights"]:
        own["weights"] = value["weights"]
    if value["support_directory"]:
        own["support_directories"] = [value["support_directory"]]
    if value["live_support"]:
        own |= {"support_sets": [value["live_support"]], "live_support": value["live_support"]}
    return [
        LifecycleNode(
            package=PACKAGE,
            executable="segmentation_node",
            name="segmentation_node",
            namespace="",
            output="screen",
            parameters=[value["parameters"], own],
            remappings=[("image", value["image"]), ("~/mask", value["mask"])],
            ros_arguments=["--enclave", f"/{PACKAGE}/segmentation_node"],  # of SROS2, where that is switched on
        )
    ]
