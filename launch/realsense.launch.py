"""pose_node on a RealSense camera, with its driver.

    ros2 launch foundation_perception realsense.launch.py mesh:=$HOME/mug.obj rviz:=true

Arguments of pose.launch.py and of realsense2_camera's rs_launch.py may be given as well.
"""

from launch import LaunchDescription

from foundation_pose_ros.nodes.camera_launch import CameraDriver, camera_launch

CAMERA = "/{camera_namespace}/{camera_name}"
DRIVER = CameraDriver(
    package="realsense2_camera",
    launch_file="rs_launch.py",
    arguments={
        "camera_namespace": ("camera", "Namespace of the driver"),
        "camera_name": ("camera", "Name of its node"),
    },
    driver_arguments={
        "camera_namespace": "{camera_namespace}",
        "camera_name": "{camera_name}",
        "align_depth.enable": "true",
        "enable_sync": "true",
    },
    topics={
        "rgb": f"{CAMERA}/color/image_raw",
        "rgb_info": f"{CAMERA}/color/camera_info",
        "depth": f"{CAMERA}/aligned_depth_to_color/image_raw",
    },
)


def generate_launch_description() -> LaunchDescription:
    """Depth aligned to colour, at the same stamps."""
    return camera_launch(DRIVER)
