"""Fast DDS with shared memory that holds an image, for all that is started after this.

Does nothing where the environment names a profile file already.
"""

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import SetEnvironmentVariable

from foundation_pose_ros.nodes.distribution import fast_dds_profiles_variable


def generate_launch_description() -> LaunchDescription:
    """One variable, whose name changed with Fast DDS 3."""
    name = fast_dds_profiles_variable()
    profiles = Path(get_package_share_directory("foundation_perception")) / "config" / "fastdds.xml"
    return LaunchDescription([] if name in os.environ else [SetEnvironmentVariable(name, str(profiles))])
