"""What the page asks pose_node for."""

from collections.abc import Callable

from rclpy.context import Context

from ..client.onboarding_client import OnboardingClient
from ..client.pose_client import PoseClient
from ..client.refusals import refusing


class NodeRequests:
    """The `PageRequests` of one pose_node. pose_node: its name, with namespace."""

    def __init__(self, pose_node: str, context: Context) -> None:
        self._poses = PoseClient(pose_node, context)
        self._onboarding = OnboardingClient(pose_node, context)

    def close(self) -> None:
        """Give everything back."""
        self._onboarding.close()
        self._poses.close()

    def start(self, id: str, u: int, v: int) -> str:
        """Find an object at a pixel of the newest image."""
        with refusing():
            return f"{id} found with score {self._poses.register_at_pixel(id, u, v).score:.2f}"

    def reset(self, id: str) -> str:
        """Forget where an object is."""
        return _done(lambda: self._poses.reset(id), f"{id} is looked for anew")

    def remove(self, id: str) -> str:
        """Look for an object no more."""
        return _done(lambda: self._poses.remove_object(id), f"{id} is removed")

    def add(self, name: str, mesh: str, unit: str, instances: int) -> str:
        """Look for one more object."""
        return _done(lambda: self._poses.add_object(name, mesh, unit, instances=instances), f"{name} is looked for")

    def start_onboarding(self, name: str, masks: int, board: str) -> str:
        """Begin to record views."""
        with refusing():
            return self._onboarding.start(name, masks, board)

    def stop_onboarding(self, discard: bool) -> str:
        """Make the model of those views, or forget them."""
        with refusing():
            return self._onboarding.stop(discard)


def _done(work: Callable[[], None], words: str) -> str:
    with refusing():
        work()
    return words
