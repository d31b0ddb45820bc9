"""A client of pose_node's onboarding, for programs that show it an object."""

from typing import Any

from foundation_perception.msg import OnboardingStatus
from foundation_perception.srv import StartOnboarding, StopOnboarding
from rclpy.context import Context

from ..latched import LATCHED
from .newest_message import next_message
from .service_client import ServiceClient

_STATUS_S = 2.0


class OnboardingClient(ServiceClient):
    """Asks one pose_node to learn an object that its camera is shown.

    pose_node: its name, with namespace. context: of rclpy; None: one of its own. All raise NotFound, saying why.
    """

    def __init__(self, pose_node: str = "/pose_node", context: Context | None = None) -> None:
        kinds = {"onboard_object/start": StartOnboarding, "onboard_object/stop": StopOnboarding}
        super().__init__(pose_node, kinds, context)

    def start(self, name: str, masks: int, board: str = "") -> str:
        """Begin to record views; masks: as in StartOnboarding. Returns what the node says of it."""
        request = StartOnboarding.Request(name=name, masks=masks, board=board)
        return str(self.ask("onboard_object/start", request).message)

    def stop(self, discard: bool = False) -> str:
        """End the recording, and make the model unless it is to be forgotten. Returns what the node says of it."""
        return str(self.ask("onboard_object/stop", StopOnboarding.Request(discard=discard)).message)

    def status(self) -> Any:
        """Return how far it is, a foundation_perception/OnboardingStatus; raises NoAnswer where none was begun."""
        return next_message(self._node, OnboardingStatus, f"{self.asked}/onboard_object/status", _STATUS_S, LATCHED)
