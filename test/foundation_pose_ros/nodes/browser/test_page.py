"""The page without a browser before it: what it gives away, what a click means, and how it answers."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser isn't installed here: pip install 'foundation-perception[browser]'")

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.nodes.browser.page import PosePage

BOARD = np.array([0.0, -100.0, 0.0])


class Requests:
    """Says what it was asked for; refuses to remove."""

    def start(self, id: str, u: int, v: int) -> str:
        return f"{id} at {u}, {v}"

    def remove(self, id: str) -> str:
        raise InputRefused("refused", f"<b>{id}</b> is *held*")

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: 1 / 0


@pytest.fixture
def page() -> Iterator[PosePage]:
    page = PosePage(Requests())
    yield page
    page.close()


def test_it_names_no_address_around_the_gate_and_gets_no_public_one(capfd: pytest.CaptureFixture[str]) -> None:
    page = PosePage(Requests())
    try:
        assert str(page.port) not in capfd.readouterr().out
        page._server.request_share_url()
        assert page._server._share_tunnel is None
    finally:
        page.close()


def test_a_click_into_the_picture_means_its_pixel(page: PosePage) -> None:
    page.show_picture(np.zeros((480, 640, 3), np.uint8))
    for u, v in ((0, 0), (639, 479), (320, 100)):
        aimed = BOARD + np.array([(u - 319.5) / 480, (v - 239.5) / 480, 0.0])
        eye = BOARD + np.array([0.1, 0.2, -0.8])
        assert page._scene.pixel(eye, aimed - eye) == (u, v)
    assert page._scene.pixel(BOARD - np.array([0, 0, 1]), np.array([1.0, 0.0, 1.0])) is None
    assert page._scene.pixel(BOARD + np.array([0, 0, 1]), np.array([0.0, 0.0, 1.0])) is None


def test_answers_are_said_as_they_are(page: PosePage) -> None:
    controls, requests = page._controls, page._controls._requests
    page._controls.show_ids(["mug"])
    said = []
    for work in (lambda: requests.start("mug_1", 3, 4), lambda: requests.remove("mug"), lambda: requests.reset("mug")):
        controls._answer(work)
        said.append(controls._said.content)
    assert said[0] == "mug\\_1 at 3, 4"
    assert said[1] == "**Refused:** \\<b\\>mug\\</b\\> is \\*held\\*"
    assert said[2].startswith("**internal error:** ZeroDivisionError")
