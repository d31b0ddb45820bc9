"""pose_node on an Orbbec camera, with its driver (orbbec_camera).

    ros2 launch foundation_perception orbbec.launch.py camera_model:=gemini_330_series mesh:=$HOME/mug.obj rviz:=true

Arguments of pose.launch.py and of the driver's launch file may be given as well.
"""

from launch import LaunchDescription

from foundation_pose_ros.nodes.camera_launch import CameraDriver, camera_launch

DRIVER = CameraDriver(
    package="orbbec_camera",
    launch_file="{camera_model}.launch.py",
    arguments={
        "camera_name": ("camera", "Namespace of the driver"),
        "camera_model": ("gemini_330_series", "Launch file of the driver: gemini_330_series, femto_bolt, astra2, ..."),
    },
    driver_arguments={"camera_name": "{camera_name}", "depth_registration": "true", "enable_frame_sync": "true"},
    topics={
        "rgb": "/{camera_name}/color/image_raw",
        "rgb_info": "/{camera_name}/color/camera_info",
        "depth": "/{camera_name}/depth/image_raw",
    },
)


def generate_launch_description() -> LaunchDescription:
    """Depth registered to colour, at the same stamps."""
    return camera_launch(DRIVER)
