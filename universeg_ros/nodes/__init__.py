"""ROS 2 nodes for segmentation; nothing else in this package imports ROS."""
