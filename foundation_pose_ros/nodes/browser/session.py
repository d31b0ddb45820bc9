"""All that browser_node has between configure and cleanup."""

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from foundation_perception.msg import OnboardingStatus

from ...arrays import Rgb
from ...errors import InputRefused
from ...frame import Frame, period_over
from ...overlay import LiveObject
from ..latched import LATCHED
from ..lifecycle_node import WorkingNode
from ..listener import Listener
from ..overlay.live_view import LiveView
from ..parameters import values
from .cloud import FrameCloud
from .gate import LOOPBACK, Gate
from .page import PosePage
from .parameters import BROWSER_NODE
from .requests import NodeRequests

_PAUSE_S = 2.0
_STATES = {
    OnboardingStatus.RECORDING: "looking",
    OnboardingStatus.BUILDING: "making the model",
    OnboardingStatus.DONE: "done",
    OnboardingStatus.FAILED: "failed",
}


class BrowserSession:
    """Reads meshes, serves the page; `start` and `stop` as often as the node is activated.

    address: what a browser opens, token included.
    """

    def __init__(self, node: WorkingNode) -> None:
        """Raises InputRefused."""
        self._node = node
        settings = values(node, BROWSER_NODE)
        self._picture_ns: int | None = None
        self._cloud_ns: int | None = None
        self._timer: Any = None
        with ExitStack() as parts:
            requests = NodeRequests(settings["pose_node"], node.context)
            parts.callback(requests.close)
            self.page = PosePage(requests)
            parts.callback(self.page.close)
            self.view = LiveView(node, BROWSER_NODE, lambda: self.page.viewers > 0, self._show)
            onboarding = Listener(node, "onboarding", node.failed)
            parts.callback(onboarding.close)
            status = f"{settings['pose_node']}/onboard_object/status"
            onboarding.subscribe(OnboardingStatus, status, self._say_onboarding, LATCHED)
            onboarding.start()
            gate = _gate(settings, self.page.port, node.refusals.count)
            parts.callback(gate.close)
            self._parts = parts.pop_all()
        self.address = gate.address
        node.get_logger().info(f"the page is at {self.address}")

    def start(self) -> None:
        """Subscribe and draw."""
        self.view.start()
        self._timer = self._node.create_timer(_PAUSE_S / 2, self._say_pause)

    def stop(self) -> None:
        """Draw no more; the page stays, and says so."""
        self._node.destroy_timer(self._timer)
        self.view.stop()
        self.page.show_pause("browser_node isn't active")

    def close(self) -> None:
        """Let nobody in any more, and give everything back, the last first."""
        self._parts.close()

    @property
    def figures(self) -> dict[str, str]:
        """Return how many look at the page."""
        return {"viewers": str(self.page.viewers)}

    @property
    def lacks_images(self) -> bool:
        """Tell whether somebody looks and no images come in."""
        return self.page.viewers > 0 and self._node.now_s() - self.view.last_image_s >= _PAUSE_S

    @property
    def occupation(self) -> str:
        """Say what is done while all is well."""
        return "the page is served"

    def _show(self, frame: Frame, picture: Rgb, objects: list[LiveObject]) -> None:
        settings, now_ns = values(self._node, BROWSER_NODE), frame.stamp_ns
        if period_over(self._picture_ns, now_ns, 1 / settings["picture_rate_hz"]):
            self._picture_ns = now_ns
            self.page.show_picture(picture)
            self.page.show_objects(objects)
        if frame.depth_m.any() and period_over(self._cloud_ns, now_ns, 1 / settings["cloud_rate_hz"]):
            self._cloud_ns = now_ns
            self.page.show_cloud(FrameCloud.of(frame, settings["cloud_points"]))

    def _say_pause(self) -> None:
        if self.lacks_images:
            self.page.show_pause(self.view.no_images)

    def _say_onboarding(self, status: OnboardingStatus) -> None:
        if status.state in _STATES:
            step = f", {status.step}" if status.step else ""
            views = f"{status.name}: {_STATES[status.state]}{step}, {status.views} views"
            self.page.show_onboarding(f"{views}: {status.message}" if status.message else views)


def _gate(settings: dict[str, Any], inner_port: int, refused: Callable[[str, str], None]) -> Gate:
    """The way in; raises InputRefused where there is none."""
    open_to_others = settings["host"] not in LOOPBACK
    token = settings["token"] or (secrets.token_urlsafe(16) if open_to_others else "")
    try:
        return Gate(settings["host"], settings["port"], inner_port, token, refused)
    except OSError as error:
        raise InputRefused(
            "port_taken", f"{settings['host']}:{settings['port']}: {error}: choose another port"
        ) from None
