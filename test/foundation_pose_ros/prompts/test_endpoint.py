"""An endpoint that answers well, brokenly, late and too long."""

import base64
import json
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import cv2
import numpy as np
import pytest

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.prompts.endpoint import EndpointFinder, EndpointSettings
from foundation_pose_ros.prompts.endpoint_answer import MOST_BOXES
from foundation_pose_ros.prompts.region import Region

RGB = np.full((48, 80, 3), (200, 30, 40), np.uint8)
BOX = {"left": 100, "top": 250, "right": 500, "bottom": 2000, "score": 0.9}
WELL = json.dumps({"boxes": [BOX]})


def finder(endpoint: Any, **changes: Any) -> EndpointFinder:
    settings = {"url": endpoint.url, "model": "vlm", "timeout_s": 5.0} | changes
    return EndpointFinder(EndpointSettings(**settings))


@pytest.mark.parametrize("content", [WELL, f"```json\n{WELL}\n```", f"```\n{WELL}```"])
def test_boxes_in_thousandths_become_regions_of_the_image(endpoint: Any, content: str) -> None:
    endpoint.says(content)
    assert finder(endpoint, key="secret").find(RGB, 'a "red" mug') == (Region('a "red" mug', 8, 12, 40, 48, 0.9),)
    asked = endpoint.asked[0]
    assert asked["model"] == "vlm" and endpoint.headers["Authorization"] == "Bearer secret"
    assert endpoint.headers["path"] == "/v1/chat/completions"
    image, text = asked["messages"][0]["content"]
    assert r'"a \"red\" mug"' in text["text"] and "thousandths" in text["text"]
    kind, _, data = image["image_url"]["url"].partition(",")
    sent = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert kind == "data:image/jpeg;base64"
    assert sent.shape == RGB.shape and np.abs(sent[..., ::-1].astype(int) - RGB).max() < 8


def test_boxes_in_pixels_are_those_of_the_image_as_sent(endpoint: Any) -> None:
    endpoint.says(json.dumps({"boxes": [{"left": 4, "top": 6, "right": 20, "bottom": 24}]}))
    found = finder(endpoint, coordinates="pixels", longest_side_px=40).find(RGB, "mug")
    assert found == (Region("mug", 8, 12, 40, 48, None),)
    assert "0 to 40" in endpoint.asked[0]["messages"][0]["content"][1]["text"]


def test_nothing_found_and_boxes_outside_are_no_regions(endpoint: Any) -> None:
    endpoint.says('{"boxes": []}')
    assert finder(endpoint).find(RGB, "mug") == ()
    endpoint.says(json.dumps({"boxes": [BOX | {"left": 1500, "right": 1600}, BOX | {"left": 500, "right": 100}]}))
    assert finder(endpoint).find(RGB, "mug") == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("I see a mug on the left.", "is no JSON"),
        ("[1, 2]", "is not {'boxes'"),
        ('{"boxes": {"left": 1}}', "is not {'boxes'"),
        ('{"boxes": [[1, 2, 3, 4]]}', "no number that makes sense"),
        (json.dumps({"boxes": [BOX | {"left": "0"}]}), "whose left is no number"),
        (json.dumps({"boxes": [BOX | {"left": True}]}), "whose left is no number"),
        (json.dumps({"boxes": [BOX | {"left": 10**400}]}), "whose left is no number"),
        ('{"boxes": [{"left": NaN, "top": 0, "right": 9, "bottom": 9}]}', "is no JSON"),
        (json.dumps({"boxes": [BOX | {"score": 7}]}), "score of 7"),
        (json.dumps({"boxes": [BOX] * (MOST_BOXES + 1)}), f"more than {MOST_BOXES}"),
        ("[" * 100_000, "is no JSON"),
        (None, "no choices"),
        ([{"text": WELL}], "no choices"),
    ],
)
def test_a_broken_answer_is_refused_in_words(endpoint: Any, content: Any, said: str) -> None:
    endpoint.says(content)
    with pytest.raises(InputRefused, match=said) as refused:
        finder(endpoint).find(RGB, "mug")
    assert refused.value.reason == "endpoint" and len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"\xff\xfe\x00", 200, "is no JSON"),
        (b"{}", 200, "no choices"),
        (b"nobody knows that key", 401, "answered 401: nobody knows that key; check URL, model and key"),
        (b"", 302, "answered 302"),
        (b" " * 5000, 200, "longer than 4096 bytes"),
    ],
)
def test_a_broken_reply_is_refused_in_words(endpoint: Any, body: bytes, status: int, said: str) -> None:
    endpoint.sends(body, status)
    with pytest.raises(InputRefused, match=said):
        finder(endpoint, most_bytes=4096).find(RGB, "mug")


def silent(handler: BaseHTTPRequestHandler, endpoint: Any) -> None:
    endpoint.ended.wait(20.0)


def trickling_headers(handler: BaseHTTPRequestHandler, endpoint: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not endpoint.ended.wait(0.05):
        handler.wfile.write(b"x")


def trickling_body(handler: BaseHTTPRequestHandler, endpoint: Any) -> None:
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
    while not endpoint.ended.wait(0.05):
        handler.wfile.write(b" ")


@pytest.mark.parametrize("late", [silent, trickling_headers, trickling_body])
def test_a_late_answer_is_not_waited_for(endpoint: Any, late: Any) -> None:
    endpoint.answer = lambda handler: late(handler, endpoint)
    began_s = time.monotonic()
    with pytest.raises(InputRefused, match=r"didn't answer in 0\.4 s"):
        finder(endpoint, timeout_s=0.4).find(RGB, "mug")
    assert time.monotonic() - began_s < 15.0


def test_an_answer_that_breaks_off_is_refused(endpoint: Any) -> None:
    def break_off(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 500\r\n\r\n{")

    endpoint.answer = break_off
    with pytest.raises(InputRefused, match=r"can't be asked|is no JSON"):
        finder(endpoint).find(RGB, "mug")


def test_an_endpoint_that_is_not_there_is_said() -> None:
    with pytest.raises(InputRefused, match=r"can't be asked: .*refused"):
        EndpointFinder(EndpointSettings("http://127.0.0.1:9/v1", "vlm")).find(RGB, "mug")


@pytest.mark.parametrize("key", ["", "secret"])
def test_settings_no_request_could_be_made_with_are_refused(key: str) -> None:
    with pytest.raises(InputRefused, match="isn't of the form https://host/v1"):
        EndpointSettings("host/v1", "vlm", key)
    with pytest.raises(InputRefused, match="endpoint_model"):
        EndpointSettings("https://host/v1", "", key)
    assert "secret" not in repr(EndpointSettings("https://host/v1", "vlm", key))
