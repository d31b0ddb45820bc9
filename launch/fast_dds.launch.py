"""Fast DDS with shared memory that holds an image, for all that is started after this.

Does nothing where the environment names a profile file already.
"""

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import SetEnvironmentVariable


def generate_launch_description() -> LaunchDescription:
    """One variable, whose name changed with Fast DDS 3."""
    old = os.environ.get("ROS_DISTRO", "") in ("humble", "iron", "jazzy")
    name = "FASTRTPS_DEFAULT_PROFILES_FILE" if old else "FASTDDS_DEFAULT_PROFILES_FILE"
    profiles = Path(get_package_share_directory("foundation_perception")) / "config" / "fastdds.xml"
    return LaunchDescription([] if name in os.environ else [SetEnvironmentVariable(name, str(profiles))])
