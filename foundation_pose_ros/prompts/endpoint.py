"""A vision-language model behind an OpenAI-compatible endpoint, asked for boxes over plain HTTP, within limits."""

import base64
import http.client
import json
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np

from ..arrays import Rgb
from ..errors import InputRefused, shortened
from ..input_limits.endpoint_address import check_address
from .endpoint_answer import Coordinates, SentImage, content_of, regions_in
from .region import Region

_QUESTION = """Find every {words} in the image. Answer with JSON alone, of this form:
{{"boxes": [{{"left": 0, "top": 0, "right": 0, "bottom": 0, "score": 0.0}}]}}
One box for each, tightly around it, the likeliest first; left and right {across}, top and bottom {down};
score is how sure you are, 0 to 1. Where there is none, answer {{"boxes": []}}."""
_JPEG_QUALITY = 90
_LONGEST_ANSWER_TOKENS = 2000


@dataclass(frozen=True)
class EndpointSettings:
    """url: of the API, up to and with its version, as in https://host/v1. model: its name there.

    key: sent as bearer token; over https, or to this machine, alone. coordinates: what the model counts boxes in, the
    pixels of the image that it is sent, or thousandths of its sides. longest_side_px: larger images are made smaller.
    timeout_s: of a whole request. most_bytes: of a whole answer.
    """

    url: str
    model: str
    key: str = field(default="", repr=False)
    coordinates: Coordinates = "thousandths"
    longest_side_px: int = 1024
    timeout_s: float = 30.0
    most_bytes: int = 1 << 18

    def __post_init__(self) -> None:
        """Refuse what no request could be made with."""
        check_address(self.url, self.key)
        if not self.model:
            raise InputRefused("bad_endpoint", "name the endpoint's model (endpoint_model)")


class EndpointFinder:
    """Asks the model for boxes, one request for each image; redirections aren't followed."""

    def __init__(self, settings: EndpointSettings) -> None:
        self._settings = settings

    def find(self, rgb: Rgb, words: str) -> tuple[Region, ...]:
        """Return regions of an image (H, W, 3), the likeliest first as the model says.

        Raises InputRefused("endpoint") where it can't be reached, is late, says too much, or what makes no sense.
        """
        encoded, image = self._encoded(rgb)
        status, answer = self._post(self._question(words, encoded, image))
        if status != http.client.OK:
            shown = shortened(answer.decode("utf-8", "replace"))
            raise InputRefused("endpoint", f"the endpoint answered {status}: {shown}; check URL, model and key")
        return regions_in(content_of(answer), words, image, self._settings.coordinates)

    def _encoded(self, rgb: Rgb) -> tuple[str, SentImage]:
        height, width = rgb.shape[:2]
        scale = min(1.0, self._settings.longest_side_px / max(height, width))
        sent: np.ndarray = rgb
        if scale < 1.0:
            size = (max(round(width * scale), 1), max(round(height * scale), 1))
            sent = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        _, jpeg = cv2.imencode(".jpg", sent[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        image = SentImage(sent.shape[1], sent.shape[0], rgb.shape)
        return base64.b64encode(jpeg.tobytes()).decode("ascii"), image

    def _question(self, words: str, encoded: str, image: SentImage) -> dict[str, Any]:
        if self._settings.coordinates == "pixels":
            across, down = f"in pixels, 0 to {image.width}", f"in pixels, 0 to {image.height}"
        else:
            across, down = "in thousandths of the width, 0 to 1000", "in thousandths of the height, 0 to 1000"
        text = _QUESTION.format(words=json.dumps(words, ensure_ascii=False), across=across, down=down)
        content = [
            {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{encoded}"}},
            {"type": "text", "text": text},
        ]
        return {
            "model": self._settings.model,
            "messages": [{"role": "user", "content": content}],
            "temperature": 0,
            "max_tokens": _LONGEST_ANSWER_TOKENS,
        }

    def _post(self, body: dict[str, Any]) -> tuple[int, bytes]:
        """Status and body of the answer, by a deadline for all of it and with a bound on its size."""
        settings = self._settings
        parts = urlsplit(settings.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=settings.timeout_s)
        late = f"the endpoint didn't answer in {settings.timeout_s:g} s"
        try:
            headers = {"Content-Type": "application/json"}
            if settings.key:
                headers["Authorization"] = f"Bearer {settings.key}"
            connection.connect()
            with _Deadline(connection.sock, settings.timeout_s) as deadline:
                connection.request("POST", f"{parts.path.rstrip('/')}/chat/completions", json.dumps(body), headers)
                response = connection.getresponse()
                answer = response.read(settings.most_bytes + 1)
        except TimeoutError:
            raise InputRefused("endpoint", late) from None
        except (OSError, http.client.HTTPException) as error:
            raise InputRefused("endpoint", f"the endpoint can't be asked: {shortened(error)}") from None
        finally:
            connection.close()
        if deadline.passed:
            raise InputRefused("endpoint", late)
        if len(answer) > settings.most_bytes:
            raise InputRefused("endpoint", f"the endpoint's answer is longer than {settings.most_bytes} bytes")
        return response.status, answer


class _Deadline:
    """Ends a connection once its time is up: a socket's own timeout begins anew with each byte that trickles in.

    Raises TimeoutError in place of what then goes wrong.
    """

    def __init__(self, connected: socket.socket, timeout_s: float) -> None:
        self._socket = connected
        self.passed = False
        self._timer = threading.Timer(timeout_s, self._pass)
        self._timer.daemon = True

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self.passed and error is not None:
            raise TimeoutError from None

    def _pass(self) -> None:
        self.passed = True
        with suppress(OSError):  # it has ended by itself
            self._socket.shutdown(socket.SHUT_RDWR)
