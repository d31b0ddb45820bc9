"""segmentation_node: masks from a handful of examples, over services and, live, over topics."""

import sys

from foundation_pose_ros.nodes.sign_of_life import run_announced


def main(args: list[str] | None = None) -> None:
    """Run the node until it is told to stop."""
    run_announced("segmentation_node", "universeg_ros.nodes.node", "SegmentationNode", args)


if __name__ == "__main__":
    main(sys.argv)
