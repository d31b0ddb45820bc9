#!/bin/bash
# Sources ROS and the workspace, then runs what was asked for, in place of this shell: signals reach it.
set -e
source "/opt/ros/${ROS_DISTRO}/setup.bash"
source /opt/foundation_perception/setup.bash
exec "$@"
