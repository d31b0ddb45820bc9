"""The `universeg` command: segment, evaluate, support sets and training, without ROS."""

from .app import main

__all__ = ["main"]
