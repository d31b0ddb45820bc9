"""`python -m benchmarks.nodes.bare_listener`: a node of rclpy that hears a camera's images and does nothing with them.

What it takes is taken by the middleware and by rclpy, whoever listens.
"""

from benchmarks.nodes.camera import topics


def main() -> None:
    """Listen until told to end."""
    # ROS is imported where it is used, so that the parts of the benchmarks can be listed without it.
    import rclpy
    from rclpy.qos import qos_profile_sensor_data

    rclpy.init()
    node = rclpy.create_node("bare_listener")
    for topic, kind in topics().items():
        node.create_subscription(kind, topic, lambda message: None, qos_profile_sensor_data)
    rclpy.spin(node)


if __name__ == "__main__":
    main()
