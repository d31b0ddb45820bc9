"""A client of prompt_node for programs of one's own: poses and regions by words.

from foundation_perception.client import PromptClient

with PromptClient() as client:
    print(client.find("the red mug").message)
"""

from typing import Any

from foundation_perception.srv import Find
from rclpy.context import Context

from .service_client import LONG_S, ServiceClient


class PromptClient(ServiceClient):
    """Asks one prompt_node; safe to use from several threads, and beside a node of your own.

    prompt_node: its name, with namespace. context: of rclpy; None: one of its own.
    """

    def __init__(self, prompt_node: str = "/prompt_node", context: Context | None = None) -> None:
        super().__init__(prompt_node, {"find": Find}, context)

    def find(self, words: str, timeout_s: float = 10.0, without_pose: bool = False) -> Any:
        """Find what words mean in the newest image; returns the answer, a foundation_perception/Find.Response.

        timeout_s: how long a known object is searched for; a detector's time comes on top. Raises NotFound.
        """
        request = Find.Request(words=words, timeout_s=float(timeout_s), without_pose=without_pose)
        return self.ask("find", request, timeout_s + 2 * LONG_S)
