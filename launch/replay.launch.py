"""pose_node on a recording or a made-up scene, played by replay_node.

    ros2 launch foundation_perception replay.launch.py rviz:=true
    ros2 launch foundation_perception replay.launch.py sequence:=$HOME/recording objects:=mug,box
    ros2 launch foundation_perception replay.launch.py sequence:=$HOME/recording_bag mesh:=$HOME/mug.obj

Arguments of pose.launch.py may be given as well.
"""

import atexit
import tempfile
from pathlib import Path

import yaml
from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from foundation_pose_ros.nodes.replay.source import SYNTHETIC, mesh_files, open_source

PACKAGE = "foundation_perception"
SHARE = Path(get_package_share_directory(PACKAGE))
ARGUMENTS = {
    "sequence": (SYNTHETIC, "Sequence folder, one scene of a BOP dataset, rosbag2 (mcap or sqlite3), or synthetic"),
    "objects": ("", "Names of its objects, with commas between; empty: all; of synthetic: mug"),
    "meshes": ("", "Folder with a mesh in a folder for each object, where they don't lie beside the images"),
    "frames": ("90", "Length of the synthetic scene"),
    "rate_hz": ("30.0", "Frames a second"),
    "loop": ("true", "Begin again after the last frame"),
    "lockstep": ("false", "Publish a frame only after pose_node answered the last"),
    "mask_policy": ("request", "When masks come: first, every, request or none"),
    "stamps": ("now", "Stamps of frames: now, or recorded"),
}


def generate_launch_description() -> LaunchDescription:
    """replay_node with the recording's meshes for pose_node."""
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=d, description=said) for name, (d, said) in ARGUMENTS.items()),
            OpaqueFunction(function=nodes),
        ]
    )


def nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Both nodes; which objects there are is known only after a look into the recording."""
    value = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    wanted = [name for name in value["objects"].split(",") if name]
    source = open_source(value["sequence"], wanted, int(value["frames"]), meshes=value["meshes"])
    with tempfile.NamedTemporaryFile("w", prefix="pose_node_", suffix=".yaml", delete=False) as stream:
        meshes = {name: {"mesh": str(m.path), "unit": m.unit} for name, m in mesh_files(source).items()}
        # A parameter file can't hold an empty list. A bag knows no objects: mesh:= of pose.launch.py names one.
        yaml.safe_dump({"/**": {"ros__parameters": {"objects": list(meshes) or [""], **meshes}}}, stream)
    # pose_node reads it when it starts; it goes when launch ends.
    atexit.register(Path(stream.name).unlink, missing_ok=True)
    return [
        # First: it sets up Fast DDS for replay_node as well.
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(SHARE / "launch" / "pose.launch.py")),
            launch_arguments={"parameters": stream.name}.items(),
        ),
        Node(
            package=PACKAGE,
            executable="replay_node",
            name="replay_node",
            output="screen",
            parameters=[
                str(SHARE / "config" / "replay.yaml"),
                {
                    "sequence": value["sequence"],
                    "objects": list(source.object_names) or [""],
                    "meshes": value["meshes"],
                    "frames": int(value["frames"]),
                    "rate_hz": float(value["rate_hz"]),
                    "preload": source.is_rendered,
                    "loop": value["loop"].lower() == "true",
                    "lockstep": value["lockstep"].lower() == "true",
                    "mask_policy": value["mask_policy"],
                    "stamps": value["stamps"],
                },
            ],
            remappings=[("objects", "/pose_node/objects"), ("mask_request", "/pose_node/mask_request")],
        ),
    ]
