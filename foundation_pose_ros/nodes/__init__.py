"""ROS 2 nodes. The only part of the package that imports ROS; what needs no ROS here says so and is tested without."""
