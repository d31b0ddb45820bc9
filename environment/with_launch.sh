#!/bin/sh
# Runs a command with ROS's own `ros2 launch`, which is built beside the wheels, once, into .environment/launch:
#   sh environment/run --for tests sh environment/with_launch.sh SOURCES COMMAND...
# SOURCES: a folder with ros2/launch, ros2/launch_ros, ros2/ros2cli, ros2/rcl_interfaces and osrf/osrf_pycommon.
set -e
made=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/.environment/launch
sources=$(CDPATH='' cd -- "$1" && pwd)
shift
mkdir -p "$made"
export PYTHONPATH="$PYTHONPATH:$made/python"
if [ ! -e "$made/built" ]; then
    python -m pip install --quiet --upgrade --target "$made/python" argcomplete psutil
    (
        cd "$made"
        colcon build --merge-install --executor sequential --cmake-args -DBUILD_TESTING=OFF \
            "-DPython3_EXECUTABLE=$(command -v python)" --paths "$sources"/osrf_pycommon \
            "$sources"/rcl_interfaces/composition_interfaces "$sources"/launch/launch "$sources"/launch/launch_xml \
            "$sources"/launch/launch_yaml "$sources"/launch_ros/launch_ros "$sources"/launch_ros/ros2launch \
            "$sources"/ros2cli/ros2cli "$sources"/ros2cli/ros2pkg "$sources"/ros2cli/ros2run
    )
    touch "$made/built"
fi
COLCON_CURRENT_PREFIX=$made/install
. "$made/install/local_setup.sh"
exec "$@"
