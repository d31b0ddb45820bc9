"""Quality of service of topics that say what holds until it changes."""

from rclpy.qos import DurabilityPolicy, QoSProfile

# The last message is kept: those who come later are told as well.
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
