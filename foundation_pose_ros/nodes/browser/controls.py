"""What can be asked for on the page: clicks that start objects, buttons, and forms. Needs no ROS."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ...errors import InputRefused, shortened
from ...object_model.mesh_file import UNIT_IN_M
from .scene_view import SceneView

_NOBODY = "no objects"
# Each keeps a thread until pose_node has answered, which may take a minute.
_MOST_REQUESTS = 4
_LONGEST_TEXT = 1000
# As in StartOnboarding.
MASKS = ("topic masks", "stands on a plane", "stands on a board")


class PageRequests(Protocol):
    """What is called, in threads of the page's, when somebody asks; all return what to say, or raise InputRefused."""

    def start(self, id: str, u: int, v: int) -> str:
        """Find an object at a pixel of the newest image."""
        ...

    def reset(self, id: str) -> str:
        """Forget where an object is."""
        ...

    def remove(self, id: str) -> str:
        """Look for an object no more."""
        ...

    def add(self, name: str, mesh: str, unit: str, instances: int) -> str:
        """Look for one more object."""
        ...

    def start_onboarding(self, name: str, masks: int, board: str) -> str:
        """Begin to record views of an object that the camera is shown; masks: place in MASKS."""
        ...

    def stop_onboarding(self, discard: bool) -> str:
        """Make the model of those views, or forget them."""
        ...


class PageControls:
    """The lower part of the page's panel, and clicks into its scene. All who look share one answer."""

    def __init__(self, server: Any, requests: PageRequests, scene: SceneView) -> None:
        self._gui, self._requests, self._scene = server.gui, requests, scene
        self._free = threading.BoundedSemaphore(_MOST_REQUESTS)
        self._chosen = self._gui.add_dropdown("object", (_NOBODY,))
        self._said = self._gui.add_markdown("Click on an object, in the cloud or the picture, to start it.")
        self._button("forget where it is", lambda: requests.reset(_typed(self._chosen)))
        self._button("remove it", lambda: requests.remove(_typed(self._chosen)))
        runners_up = self._gui.add_checkbox("show runners-up", scene.runners_up_shown)
        runners_up.on_update(lambda event: setattr(scene, "runners_up_shown", event.target.value))
        self._add_form()
        self._onboarding = self._onboarding_form()
        server.scene.on_click()(self._clicked)

    def show_ids(self, ids: Sequence[str]) -> None:
        """Let one of these objects be chosen."""
        options = tuple(ids) or (_NOBODY,)
        if tuple(self._chosen.options) != options:
            self._chosen.options = options

    def show_onboarding(self, words: str) -> None:
        """Say how far an onboarding is."""
        self._onboarding.content = plain(words)

    def _add_form(self) -> None:
        gui, requests = self._gui, self._requests
        with gui.add_folder("add an object", expand_by_default=False):
            name = gui.add_text("name", "")
            mesh = gui.add_text("mesh file", "", hint="below a folder of pose_node's mesh_directories")
            unit = gui.add_dropdown("unit", (*UNIT_IN_M, "auto"))
            many = gui.add_number("how many", 1, min=1, max=20, step=1)
            self._button("add it", lambda: requests.add(_typed(name), _typed(mesh), _typed(unit), many.value))

    def _onboarding_form(self) -> Any:
        gui, requests = self._gui, self._requests
        with gui.add_folder("show an object without a mesh", expand_by_default=False):
            name = gui.add_text("its name", "")
            masks = gui.add_dropdown("its mask", MASKS, initial_value=MASKS[1])
            board = gui.add_text("board", "", hint="as in charuco:7x5:30:22:5X5_100, where it stands on one")
            self._button(
                "begin to look",
                lambda: requests.start_onboarding(_typed(name), MASKS.index(masks.value), _typed(board)),
            )
            said = gui.add_markdown("Turn it once before the camera, slowly: half a minute.")
            self._button("make its model", lambda: requests.stop_onboarding(discard=False))
            self._button("forget what was seen", lambda: requests.stop_onboarding(discard=True))
        return said

    def _button(self, label: str, work: Callable[[], str]) -> None:
        self._gui.add_button(label).on_click(lambda _: self._answer(work))

    def _clicked(self, event: Any) -> None:
        self._answer(lambda: self._start(np.array(event.ray_origin), np.array(event.ray_direction)))

    def _start(self, origin: np.ndarray, direction: np.ndarray) -> str:
        aimed = np.isfinite([origin, direction]).all() and direction.any()
        pixel = self._scene.pixel(origin, direction) if aimed else None
        if pixel is None:
            raise InputRefused("out_of_view", "nothing was measured there: click on the cloud, or into the picture")
        return self._requests.start(_typed(self._chosen), *pixel)

    def _answer(self, work: Callable[[], str]) -> None:
        """Say what came of it; nothing raises into viser's threads."""
        if not self._free.acquire(blocking=False):
            self._said.content = f"**Refused:** {_MOST_REQUESTS} requests wait for an answer: wait with them"
            return
        try:
            self._said.content = "..."
            self._said.content = plain(work())
        except InputRefused as refused:
            self._said.content = f"**Refused:** {plain(str(refused))}"
        except Exception as error:
            self._said.content = f"**internal error:** {plain(shortened(repr(error)))}"
        finally:
            self._free.release()


def plain(text: str) -> str:
    """Escape text for Markdown, in one line: names and paths come from elsewhere."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|&" else c for c in " ".join(text.split()))


def _typed(field: Any) -> str:
    """What somebody typed or chose; raises InputRefused."""
    text = str(field.value)
    if len(text) > _LONGEST_TEXT:
        raise InputRefused("too_long", f"{shortened(text, 40)} has {len(text)} characters: at most {_LONGEST_TEXT}")
    return text
