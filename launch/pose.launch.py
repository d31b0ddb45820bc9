"""pose_node on any RGB-D camera.

    ros2 launch foundation_perception pose.launch.py mesh:=$HOME/mug.obj \\
        rgb:=/camera/color/image_raw rgb_info:=/camera/color/camera_info depth:=/camera/depth/image
"""

from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node

PACKAGE = "foundation_perception"
SHARE = Path(get_package_share_directory(PACKAGE))
ARGUMENTS = {
    "mesh": ("", "Mesh of one object; empty: the objects of the parameter file"),
    "object": ("", "Its name; empty: that of the mesh's file"),
    "unit": ("m", "What one unit of the mesh's file is: m, mm, cm, ..., or auto"),
    "models": ("", "Folder that ~/onboard_object writes models to; empty: as the parameter file says"),
    "parameters": (str(SHARE / "config" / "pose.yaml"), "YAML file of parameters"),
    "rgb": ("rgb/image", "Topic of the colour image"),
    "rgb_info": ("rgb/camera_info", "Topic of its CameraInfo"),
    "depth": ("depth/image", "Topic of the depth image, in the colour image's pixels"),
    "masks": ("masks", "Topic of masks or label images"),
    "boxes": ("boxes", "Topic of vision_msgs/Detection2DArray"),
    "image_is_rectified": ("", "true where P of CameraInfo holds, not K and D; empty: as the parameter file says"),
    "output_frame": ("", "TF frame that poses are published in, e.g. base_link; empty: as the parameter file says"),
    "match_tolerance_s": ("", "How far apart stamps of colour and depth may be; empty: as the parameter file says"),
    "overlay": ("false", "Start overlay_node as well: the live picture with the meshes in it, on /overlay_node/image"),
    "browser": ("false", "Start browser_node as well: a page at http://127.0.0.1:8080"),
    "videos": ("", "Folder that /overlay_node/record writes videos to"),
    "use_sim_time": ("false", "Take the time from /clock"),
    "rviz": ("false", "Open RViz"),
}


def generate_launch_description() -> LaunchDescription:
    """pose_node, which configures and activates itself, with overlay_node and RViz where they are asked for."""
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=d, description=said) for name, (d, said) in ARGUMENTS.items()),
            IncludeLaunchDescription(PythonLaunchDescriptionSource(str(SHARE / "launch" / "fast_dds.launch.py"))),
            OpaqueFunction(function=nodes),
            Node(
                package="rviz2",
                executable="rviz2",
                arguments=["-d", str(SHARE / "config" / "pose.rviz")],
                parameters=[{"use_sim_time": LaunchConfiguration("use_sim_time")}],
                condition=IfCondition(LaunchConfiguration("rviz")),
            ),
        ]
    )


def nodes(context: LaunchContext) -> list[LifecycleNode]:
    """The nodes; their parameters' names hold the object's name, so that they are known only now."""
    value = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    own: dict[str, Any] = {
        name: value[name].lower() == "true" for name in ("image_is_rectified", "use_sim_time") if value[name]
    }
    if value["match_tolerance_s"]:
        own["match_tolerance_s"] = float(value["match_tolerance_s"])
    if value["mesh"]:
        name = value["object"] or Path(value["mesh"]).stem
        own |= {"objects": [name], f"{name}.mesh": value["mesh"], f"{name}.unit": value["unit"]}
    camera = {"rgb/image": value["rgb"], "rgb/camera_info": value["rgb_info"], "depth/image": value["depth"]}
    estimates = {"output_frame": value["output_frame"], "onboarding_directory": value["models"]}
    pose_node = _node(
        "pose_node",
        [value["parameters"], own | {name: given for name, given in estimates.items() if given}],
        camera | {"masks": value["masks"], "boxes": value["boxes"]},
    )
    # The same objects, and the same camera: what the file says of pose_node alone doesn't concern them.
    seen = camera | {topic: f"/pose_node/{topic}" for topic in ("objects", "models")}
    videos = {"video_directory": value["videos"]} if value["videos"] else {}
    shows = [
        _node(name, [value["parameters"], own | (videos if name == "overlay_node" else {})], seen)
        for name in ("overlay_node", "browser_node")
        if value[name.removesuffix("_node")].lower() == "true"
    ]
    return [pose_node, *shows]


def _node(name: str, parameters: list[Any], topics: dict[str, str]) -> LifecycleNode:
    return LifecycleNode(
        package=PACKAGE,
        executable=name,
        name=name,
        namespace="",
        output="screen",
        parameters=parameters,
        remappings=list(topics.items()),
        ros_arguments=["--enclave", f"/{PACKAGE}/{name}"],  # of SROS2, where that is switched on
    )
