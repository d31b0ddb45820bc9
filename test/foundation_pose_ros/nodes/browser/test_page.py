"""The page without a browser before it: what it gives away, what a click means, and how it answers."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser isn't installed here: pip install 'foundation-perception[browser]'")

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.nodes.browser.page import PosePage
from foundation_pose_ros.overlay import LiveObject, RunnerUp
from foundation_pose_ros.synthetic.meshes import make_mesh

CUBE = ObjectModel.from_mesh(make_mesh("sticker_cube"))
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


def live(id: str, runners_up: int = 0) -> LiveObject:
    pose = se3.from_rotation_translation(np.eye(3), np.array([0.0, 0.0, 0.5]))
    return LiveObject(id, "tracked", (0, 0, 255), CUBE, pose, 0.9, False, (RunnerUp(pose, 0.1),) * runners_up)


def test_an_id_with_a_slash_is_no_part_of_another_object(page: PosePage) -> None:
    page.show_objects([live("rack"), live("rack/mug", 1)])
    page.show_objects([live("rack/mug", 1)])
    page.show_objects([live("rack/mug"), live("rack")])
    page.show_objects([])
    meshes = [handle.name for handle in page._server.scene._handle_from_node_name.values() if "objects/" in handle.name]
    assert meshes == []


def test_names_of_meshes_are_used_again(page: PosePage) -> None:
    page.show_objects([live("cup"), live("mug")])
    for _ in range(20):
        page.show_objects([live("mug")])
        page.show_objects([live("mug"), live("cup")])
    assert {shown.mesh.name for shown in page._scene._shown.values()} == {"/objects/0", "/objects/1"}


def test_words_from_elsewhere_stay_in_their_cell(page: PosePage) -> None:
    page.show_objects([live("mug\n\n# now mine\r| a | b |")])
    assert len(page._states.content.splitlines()) == 3


def test_clicks_that_aim_at_nothing_are_refused_in_words(page: PosePage) -> None:
    page.show_picture(np.zeros((480, 640, 3), np.uint8))
    for direction in (np.zeros(3), np.full(3, np.nan), np.array([0.0, np.inf, 1.0])):
        page._controls._answer(lambda direction=direction: page._controls._start(np.zeros(3), direction))
        assert page._controls._said.content.startswith("**Refused:** nothing was measured there")


def test_what_nobody_types_is_refused_before_it_is_sent(page: PosePage) -> None:
    page._controls._chosen.options = ("m" * 100_000,)
    page._controls._answer(lambda: page._controls._start(BOARD - np.array([0, 0, 1]), np.array([0.0, 0.0, 1.0])))
    page.show_picture(np.zeros((480, 640, 3), np.uint8))
    page._controls._answer(lambda: page._controls._start(BOARD - np.array([0, 0, 1]), np.array([0.0, 0.0, 1.0])))
    said = page._controls._said.content
    assert said.startswith("**Refused:** mmm") and "100000 characters" in said and len(said) < 200


def test_a_storm_of_clicks_holds_no_more_than_a_few_threads(page: PosePage) -> None:
    over, begun, said = threading.Event(), threading.Semaphore(0), page._controls._said

    def work() -> str:
        begun.release()
        assert over.wait(30)
        return "done"

    threads = [threading.Thread(target=page._controls._answer, args=(work,)) for _ in range(4)]
    for thread in threads:
        thread.start()
        assert begun.acquire(timeout=30)
    page._controls._answer(work)
    assert said.content == "**Refused:** 4 requests wait for an answer: wait with them"
    over.set()
    for thread in threads:
        thread.join(30)
    page._controls._answer(lambda: "and again")
    assert said.content == "and again"
