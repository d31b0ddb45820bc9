"""agent_server: the nodes as tools of agents, over the Model Context Protocol.

ros2 run foundation_perception agent_server                 on standard input and output, started by the agent
export FOUNDATION_PERCEPTION_AGENT_TOKEN=$(openssl rand -hex 32)
ros2 run foundation_perception agent_server --http 8765     over HTTP, on this machine alone
"""

import argparse
import os
import sys
from contextlib import closing

from ..errors import InputRefused
from ..runtime.extras import require

TOKEN_VARIABLE = "FOUNDATION_PERCEPTION_AGENT_TOKEN"


def main(args: list[str] | None = None) -> None:
    """Serve until the agent goes, or the process is told to stop."""
    try:
        require("agent_server", "agents")
        _serve(sys.argv if args is None else args)
    except InputRefused as refused:
        sys.exit(f"agent_server: {refused}")


def _serve(args: list[str]) -> None:
    from rclpy.utilities import remove_ros_args

    from ..agents.server import HttpSettings, http_server, make_server
    from ..agents.tools import ToolLimits
    from .agents.ros_perception import AskedNodes, RosPerception

    options = _parser().parse_args(remove_ros_args(args)[1:])
    asked = AskedNodes(options.pose_node, options.prompt_node, options.segmentation_node, options.rgb, options.overlay)
    limits = ToolLimits(options.calls_per_minute, options.longest_side_px, not options.read_only)
    with closing(RosPerception(asked)) as perception:
        server = make_server(perception, limits)
        if options.http is None:
            server.run("stdio")
        else:
            http_server(server, HttpSettings(os.environ.get(TOKEN_VARIABLE, ""), options.host, options.http)).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("agent_server", description="The nodes as tools of agents (MCP).")
    parser.add_argument(
        "--http", type=int, metavar="PORT", help=f"streamable HTTP on /mcp, behind the token in {TOKEN_VARIABLE}"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; others than this machine's may ask")
    parser.add_argument("--pose-node", default="/pose_node")
    parser.add_argument("--prompt-node", default="/prompt_node")
    parser.add_argument("--segmentation-node", default="/segmentation_node")
    parser.add_argument("--rgb", default="/rgb/image", help="topic of the colour images (raw)")
    parser.add_argument("--overlay", default="/pose_node/overlay", help="topic of those with the poses drawn over them")
    parser.add_argument("--read-only", action="store_true", help="no objects are added or onboarded")
    parser.add_argument("--calls-per-minute", type=int, default=120)
    parser.add_argument("--longest-side-px", type=int, default=1024, help="of images that agents are shown")
    return parser


if __name__ == "__main__":
    main()
