"""prompt_node: from words to poses and regions, over a service."""

import sys

from .sign_of_life import run_announced


def main(args: list[str] | None = None) -> None:
    """Run the node until it is told to stop."""
    run_announced("prompt_node", "foundation_pose_ros.nodes.prompt.node", "PromptNode", args)


if __name__ == "__main__":
    main(sys.argv)
