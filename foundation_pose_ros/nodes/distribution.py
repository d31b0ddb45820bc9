"""What differs between distributions of ROS 2."""

import os

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ImportError:  # Humble calls the module otherwise
    from rclpy.qos_event import PublisherEventCallbacks, SubscriptionEventCallbacks

__all__ = [
    "PublisherEventCallbacks",
    "SubscriptionEventCallbacks",
    "fast_dds_profiles_variable",
    "has_fast_dds_profiles",
]

# Fast DDS 3, from Kilted on, renamed it.
_PROFILES, _OLD_PROFILES = "FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE"
_WITH_OLD_FAST_DDS = ("humble", "iron", "jazzy")


def fast_dds_profiles_variable() -> str:
    """Return the name of the environment variable that names Fast DDS's profile file."""
    return _OLD_PROFILES if os.environ.get("ROS_DISTRO", "") in _WITH_OLD_FAST_DDS else _PROFILES


def has_fast_dds_profiles() -> bool:
    """Return True where the environment names a profile file."""
    return bool(os.environ.get(fast_dds_profiles_variable()))
