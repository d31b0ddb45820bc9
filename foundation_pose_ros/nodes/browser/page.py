"""The page itself, made with viser: live picture, cloud, meshes, scores and states, and what can be asked for.

Needs no ROS. What is behind clicks and buttons is the caller's.
"""

import io
import threading
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

import cv2
import numpy as np

from ...arrays import Rgb
from ...overlay import LiveObject
from ...runtime.extras import require
from .cloud import FrameCloud
from .controls import PageControls, PageRequests, plain
from .scene_view import VIEWS, SceneView
from .score_strip import ScoreStrip

_SMALL_PX = 480
# From top to bottom; what has no number comes below.
_VIEW, _SMALL, _STATES, _STRIP = 0.1, 0.2, 0.3, 0.4


class PosePage:
    """A web server on loopback; safe to use from several threads. Raises InputRefused where viser isn't installed.

    port: that it listens on. It asks nobody who they are: a `Gate` does.
    """

    def __init__(self, requests: PageRequests) -> None:
        require("browser_node", "browser")
        # It would print an address that goes around the gate.
        with redirect_stdout(io.StringIO()):
            self._server = server = _server()
        self.port: int = server.get_port()
        self._lock = threading.Lock()
        server.gui.configure_theme(dark_mode=True, show_logo=False, show_share_button=False)
        server.gui.main_panel.dock_right()
        server.gui.main_panel.set_width(400)
        self._scene = SceneView(server)
        view = server.gui.add_button_group("look at", VIEWS, order=_VIEW)
        view.on_click(lambda event: self._scene.look(event.client, event.target.value))
        self._small = server.gui.add_image(np.full((48, 64, 3), 40, np.uint8), jpeg_quality=80, order=_SMALL)
        self._states = server.gui.add_markdown("waiting for images", order=_STATES)
        self._strip = ScoreStrip(server.gui, _STRIP)
        self._controls = PageControls(server, requests, self._scene)

    def close(self) -> None:
        """End the server."""
        self._server.stop()

    @property
    def viewers(self) -> int:
        """Count those who look."""
        return len(self._server.get_clients())

    def show_picture(self, rgb: Rgb) -> None:
        """Show a picture (H, W, 3)."""
        height, width = rgb.shape[:2]
        small = (_SMALL_PX, max(1, round(height * _SMALL_PX / width)))
        with self._lock:
            self._small.image = rgb if width <= _SMALL_PX else cv2.resize(rgb, small, interpolation=cv2.INTER_AREA)
            self._scene.show_picture(rgb)

    def show_cloud(self, cloud: FrameCloud) -> None:
        """Show what was measured in an image."""
        with self._lock:
            self._scene.show_cloud(cloud)

    def show_objects(self, shown: Sequence[LiveObject]) -> None:
        """Show poses, runners-up, states and scores."""
        scores = {each.id: each.score if each.T_cam_obj is not None else 0.0 for each in shown}
        with self._lock, self._server.atomic():
            self._scene.show_objects(shown)
            self._controls.show_ids([each.id for each in shown])
            self._states.content = _table(shown)
            self._strip.add(scores, {each.id: each.colour for each in shown})

    def show_onboarding(self, words: str) -> None:
        """Say how far an object is that is being shown to the camera."""
        self._controls.show_onboarding(words)

    def show_pause(self, words: str) -> None:
        """Say in place of the states why nothing new is shown."""
        with self._lock:
            self._states.content = f"**{plain(words)}**"


def _server() -> Any:
    import viser

    class LoopbackServer(viser.ViserServer):
        """On loopback alone: any page that is connected may ask viser's for a public address, and gets none."""

        def request_share_url(self, verbose: bool = True) -> None:
            """Refuse."""

    return LoopbackServer(host="127.0.0.1", port=0, label="foundation_perception", verbose=False)


def _table(shown: Sequence[LiveObject]) -> str:
    if not shown:
        return "no objects yet: add one below, or show one"
    lines = ["| object | state | score | runners-up |", "|---|---|---|---|"]
    for each in shown:
        score = f"{each.score:.2f}" if each.T_cam_obj is not None else ""
        runners_up = ", ".join(f"{one.score:.2f}" for one in each.runners_up)
        lines.append(f"| {plain(each.id)} | {plain(each.state)} | {score} | {runners_up} |")
    return "\n".join(lines)
