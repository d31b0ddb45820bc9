"""The `foundation-pose` command: estimate, follow and evaluate poses on recordings, without ROS."""

from .app import main

__all__ = ["main"]
