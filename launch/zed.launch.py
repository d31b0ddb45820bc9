"""pose_node on a ZED camera, with its driver (zed_wrapper 5).

    ros2 launch foundation_perception zed.launch.py camera_model:=zed2i mesh:=$HOME/mug.obj rviz:=true

Arguments of pose.launch.py and of zed_wrapper's zed_camera.launch.py may be given as well.
"""

from launch import LaunchDescription

from foundation_pose_ros.nodes.camera_launch import CameraDriver, camera_launch

DRIVER = CameraDriver(
    package="zed_wrapper",
    launch_file="zed_camera.launch.py",
    arguments={
        "camera_name": ("zed", "Namespace of the driver"),
        "camera_model": ("zed2i", "Model of the camera: zed, zedm, zed2, zed2i, zedx, ..."),
    },
    driver_arguments={"camera_name": "{camera_name}", "camera_model": "{camera_model}"},
    topics={
        "rgb": "/{camera_name}/zed_node/rgb/color/rect/image",
        "rgb_info": "/{camera_name}/zed_node/rgb/color/rect/camera_info",
        "depth": "/{camera_name}/zed_node/depth/depth_registered",
    },
    pose_arguments={"image_is_rectified": "true"},
)


def generate_launch_description() -> LaunchDescription:
    """The left image, rectified, with the depth of its pixels."""
    return camera_launch(DRIVER)
