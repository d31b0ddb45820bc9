"""pose_node on an Azure Kinect, with its driver (azure_kinect_ros_driver).

    ros2 launch foundation_perception azure_kinect.launch.py mesh:=$HOME/mug.obj rviz:=true

Arguments of pose.launch.py and of the driver's driver.launch.py may be given as well. A Femto Bolt, which has the same
depth camera, is started by orbbec.launch.py.
"""

from launch import LaunchDescription

from foundation_pose_ros.nodes.camera_launch import CameraDriver, camera_launch

DRIVER = CameraDriver(
    package="azure_kinect_ros_driver",
    launch_file="driver.launch.py",
    arguments={
        "color_resolution": ("720P", "Of the colour camera; larger ones cost time"),
        "depth_mode": ("NFOV_UNBINNED", "Of the depth camera: the narrow view sees farther than the wide one"),
    },
    driver_arguments={
        "color_resolution": "{color_resolution}",
        "depth_mode": "{depth_mode}",
        "fps": "30",
        "point_cloud": "false",
        "rgb_point_cloud": "false",
    },
    topics={"rgb": "/rgb/image_raw", "rgb_info": "/rgb/camera_info", "depth": "/depth_to_rgb/image_raw"},
)


def generate_launch_description() -> LaunchDescription:
    """Depth brought to colour by the driver; pose_node takes the lens's distortion out of both."""
    return camera_launch(DRIVER)
