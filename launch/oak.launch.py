"""pose_node on an OAK-D camera, with its driver (depthai_ros_driver).

    ros2 launch foundation_perception oak.launch.py camera_model:=OAK-D-PRO mesh:=$HOME/mug.obj rviz:=true

Arguments of pose.launch.py and of the driver's camera.launch.py may be given as well.
"""

from launch import LaunchDescription

from foundation_pose_ros.nodes.camera_launch import CameraDriver, camera_launch

DRIVER = CameraDriver(
    package="depthai_ros_driver",
    launch_file="camera.launch.py",
    arguments={
        "name": ("oak", "Name of the driver's node, and namespace of its topics"),
        "camera_model": ("OAK-D", "Model of the camera, of which TF is made: OAK-D, OAK-D-PRO, OAK-D-S2, ..."),
    },
    driver_arguments={"name": "{name}", "camera_model": "{camera_model}"},
    topics={"rgb": "/{name}/rgb/image_raw", "rgb_info": "/{name}/rgb/camera_info", "depth": "/{name}/stereo/image_raw"},
    # Colour and stereo are two pipelines of the device, whose stamps differ by less than half a frame.
    pose_arguments={"match_tolerance_s": "0.016"},
)


def generate_launch_description() -> LaunchDescription:
    """Stereo depth, which the device aligns with colour."""
    return camera_launch(DRIVER)
