"""pose_node on a recorded bag (rosbag2: mcap or sqlite3), by the topics that are in it.

    ros2 launch foundation_perception bag.launch.py bag:=$HOME/recording mesh:=$HOME/mug.obj rviz:=true \\
        rgb:=/camera/color/image_raw rgb_info:=/camera/color/camera_info \\
        depth:=/camera/aligned_depth_to_color/image_raw

Its time is that of the recording. Arguments of pose.launch.py may be given as well. replay.launch.py plays a bag by
replay_node instead, which finds the topics itself and can wait for each answer.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = {
    "bag": ("", "Folder or file of the bag"),
    "rate": ("1.0", "How fast it is played: below 1, where this machine is slower than the camera was"),
    "start_offset": ("0.0", "Seconds of it that are left out"),
}


def generate_launch_description() -> LaunchDescription:
    """`ros2 bag play --clock`, and pose_node by its clock."""
    value = {name: LaunchConfiguration(name) for name in ARGUMENTS}
    play = ["ros2", "bag", "play", value["bag"], "--clock", "--rate", value["rate"]]
    return LaunchDescription(
        [
            *(DeclareLaunchArgument(name, default_value=d, description=said) for name, (d, said) in ARGUMENTS.items()),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource([FindPackageShare("foundation_perception"), "/launch/pose.launch.py"]),
                launch_arguments={"use_sim_time": "true"}.items(),
            ),
            # pose_node loads its mesh meanwhile.
            ExecuteProcess(cmd=[*play, "--start-offset", value["start_offset"], "--delay", "10"], output="screen"),
        ]
    )
