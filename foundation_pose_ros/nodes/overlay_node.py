"""overlay_node: a camera's live picture with the meshes of a pose_node in it, in a process of its own."""

import sys

from .sign_of_life import run_announced


def main(args: list[str] | None = None) -> None:
    """Run the node until it is told to stop."""
    run_announced("overlay_node", "foundation_pose_ros.nodes.overlay.node", "OverlayNode", args)


if __name__ == "__main__":
    main(sys.argv)
