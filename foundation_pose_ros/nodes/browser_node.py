"""browser_node: a page for the browser, with the live picture, the cloud, the objects, and buttons for pose_node."""

import sys

from .sign_of_life import run_announced


def main(args: list[str] | None = None) -> None:
    """Run the node until it is told to stop."""
    run_announced("browser_node", "foundation_pose_ros.nodes.browser.node", "BrowserNode", args)


if __name__ == "__main__":
    main(sys.argv)
