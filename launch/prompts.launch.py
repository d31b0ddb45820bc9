"""prompt_node: what words mean, beside pose_node.

ros2 launch foundation_perception prompts.launch.py rgb:=/camera/color/image_raw detector:=$HOME/owlv2
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
    "parameters": (str(SHARE / "config" / "prompts.yaml"), "YAML file of parameters"),
    "rgb": ("rgb/image", "Topic of colour images"),
    "detector": ("", "Open-vocabulary detector of transformers: a folder, or a name on the hub"),
    "box_masks": ("", "Segment Anything model that makes masks of boxes: a folder, or a name on the hub"),
    "endpoint_url": ("", "In place of a detector: OpenAI-compatible API of a vision-language model"),
    "endpoint_model": ("", "The model's name there"),
}
# Those that are parameters of the node.
OWN = ("detector", "box_masks", "endpoint_url", "endpoint_model")


def generate_launch_description() -> LaunchDescription:
    """One node, which configures and activates itself."""
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=d, description=said) for name, (d, said) in ARGUMENTS.items()),
            IncludeLaunchDescription(PythonLaunchDescriptionSource(str(SHARE / "launch" / "fast_dds.launch.py"))),
            OpaqueFunction(function=prompt_node),
        ]
    )


def prompt_node(context: LaunchContext) -> list[LifecycleNode]:
    """The node; what is left empty stays as the parameter file has it."""
    value = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    own: dict[str, Any] = {name: value[name] for name in OWN if value[name]}
    return [
        LifecycleNode(
            package=PACKAGE,
            executable="prompt_node",
            name="prompt_node",
            namespace="",
            output="screen",
            parameters=[value["parameters"], own],
            remappings=[("rgb/image", value["rgb"])],
            ros_arguments=["--enclave", f"/{PACKAGE}/prompt_node"],  # of SROS2, where that is switched on
        )
    ]
