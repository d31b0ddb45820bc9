"""What the launch files of cameras share: the driver with depth in colour's pixels, and pose_node on its topics."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.substitutions import FindPackageShare

PACKAGE = "foundation_perception"


@dataclass(frozen=True)
class CameraDriver:
    """A camera's driver, and the topics that it then publishes.

    package, launch_file: the driver's. arguments: of our launch file, (default, description) by name. driver_arguments:
    what the driver's launch file is given. topics: of pose.launch.py by argument (rgb, rgb_info, depth).
    pose_arguments: further ones. In all values `{name}` stands for the argument of that name.
    """

    package: str
    launch_file: str
    arguments: Mapping[str, tuple[str, str]]
    driver_arguments: Mapping[str, str]
    topics: Mapping[str, str]
    pose_arguments: Mapping[str, str] = field(default_factory=dict)


def camera_launch(driver: CameraDriver) -> LaunchDescription:
    """Describe a launch file: `start_camera:=false` where the driver runs already."""
    start = {"start_camera": ("true", "Start the driver; false where it runs already, as docs/live_camera.md has it")}
    arguments = {**start, **driver.arguments}
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=d, description=said) for name, (d, said) in arguments.items()),
            _included(PACKAGE, "fast_dds.launch.py", {}),
            # Before the node: where the driver isn't installed, nothing is left running.
            _included(
                driver.package,
                driver.launch_file,
                driver.driver_arguments,
                condition=IfCondition(LaunchConfiguration("start_camera")),
            ),
            _included(PACKAGE, "pose.launch.py", {**driver.topics, **driver.pose_arguments}),
        ]
    )


def _included(
    package: str, launch_file: str, arguments: Mapping[str, str], condition: IfCondition | None = None
) -> IncludeLaunchDescription:
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource([FindPackageShare(package), "/launch/", *_substituted(launch_file)]),
        launch_arguments={name: _substituted(value) for name, value in arguments.items()}.items(),
        condition=condition,
    )


def _substituted(text: str) -> list[str | LaunchConfiguration]:
    """Parts of a text in which `{name}` stands for a launch argument."""
    parts = re.split(r"\{(\w+)\}", text)
    return [LaunchConfiguration(part) if place % 2 else part for place, part in enumerate(parts) if part]
