"""A simulated arm finds objects on a table and says where its gripper takes them; needs MuJoCo, and no screen.

ros2 launch foundation_perception manipulation.launch.py scenes:=10
"""

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, EmitEvent, ExecuteProcess, IncludeLaunchDescription, OpaqueFunction
from launch.events import Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode

PACKAGE = "foundation_perception"
SHARE = Path(get_package_share_directory(PACKAGE))
EXAMPLE = SHARE / "examples" / "manipulation"
ARGUMENTS = {
    "scenes": ("3", "How many objects, one after the other"),
    "seed": ("0", "Number of the first scene"),
}


def generate_launch_description() -> LaunchDescription:
    """The arm, pose_node, and the program that picks; all ends with that program."""
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=d, description=said) for name, (d, said) in ARGUMENTS.items()),
            IncludeLaunchDescription(PythonLaunchDescriptionSource(str(SHARE / "launch" / "fast_dds.launch.py"))),
            OpaqueFunction(function=nodes),
        ]
    )


def nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """All of them; the arm writes meshes where pose_node reads them."""
    value = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    meshes = tempfile.mkdtemp(prefix="meshes_")
    atexit.register(shutil.rmtree, meshes, ignore_errors=True)
    arm = ["-p", f"folder:={meshes}"]
    asked = [f"--folder={meshes}", f"--scenes={value['scenes']}", f"--seed={value['seed']}"]
    return [
        ExecuteProcess(
            cmd=[sys.executable, str(EXAMPLE / "arm_node.py"), "--ros-args", *arm],
            output="screen",
        ),
        LifecycleNode(
            package=PACKAGE,
            executable="pose_node",
            name="pose_node",
            namespace="",
            output="screen",
            parameters=[
                str(SHARE / "config" / "pose.yaml"),
                {"output_frame": "base_link", "transform_wait_s": 1.0, "mesh_directories": [meshes], "start": "search"},
            ],
        ),
        ExecuteProcess(
            cmd=[sys.executable, str(EXAMPLE / "pick.py"), *asked],
            output="screen",
            on_exit=[EmitEvent(event=Shutdown(reason="all objects were looked for"))],
        ),
    ]
