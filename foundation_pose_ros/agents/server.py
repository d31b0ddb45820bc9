"""An MCP server over a perception system: on standard input and output, or over HTTP behind a token; imports mcp."""

from dataclasses import dataclass

import uvicorn
from mcp.server import MCPServer

from .bearer import BearerOnly
from .perception import Perception
from .tools import ToolLimits, Tools

_INSTRUCTIONS = """6D poses of objects that a camera sees. Positions are metres in frame_id, quaternions x, y, z, w; a
score (0..1) is the probability that the pose is right. Begin with describe_scene or show; find takes words. Act on
poses of get_pose alone, which are fresh and not in doubt. What an error says is how to go on."""
_MOST_REQUEST_BYTES = 1 << 16
_MOST_SESSIONS = 16


@dataclass(frozen=True)
class HttpSettings:
    """token: that requests must carry. host: an address of this machine; requests come from itself alone by default."""

    token: str
    host: str = "127.0.0.1"
    port: int = 8765


def make_server(perception: Perception, limits: ToolLimits | None = None) -> MCPServer:
    """Make a server with all tools."""
    server = MCPServer("foundation_perception", instructions=_INSTRUCTIONS, log_level="WARNING")
    Tools(perception, limits or ToolLimits()).register_on(server)
    return server


def http_server(server: MCPServer, settings: HttpSettings) -> uvicorn.Server:
    """Make what serves it as streamable HTTP on /mcp; `run` serves. Raises InputRefused for a token of no use."""
    app = server.streamable_http_app(
        stateless_http=True,
        json_response=True,
        host=settings.host,
        max_request_body_size=_MOST_REQUEST_BYTES,
        max_sessions=_MOST_SESSIONS,
    )
    guarded = BearerOnly(app, settings.token)
    return uvicorn.Server(uvicorn.Config(guarded, host=settings.host, port=settings.port, log_level="warning"))
