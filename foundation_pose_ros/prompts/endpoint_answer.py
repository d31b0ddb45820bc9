"""What a vision-language model answered, taken apart; nothing of it is trusted."""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from ..errors import InputRefused, shortened
from .region import Region, clipped

Coordinates = Literal["thousandths", "pixels"]
MOST_BOXES = 50
_SIDES = ("left", "top", "right", "bottom")
_FENCED = re.compile(r"\s*```(?:json)?\s*(.*?)\s*```\s*", re.DOTALL)


@dataclass(frozen=True)
class SentImage:
    """The image that boxes are of: its size as it was sent, and that of the image (height, width) it was made from."""

    width: int
    height: int
    shape: tuple[int, ...]


def content_of(answer: bytes) -> str:
    """Return the text of the first choice of a chat completion; raises InputRefused("endpoint")."""
    completion = _parsed(answer)
    try:
        content = completion["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        content = None
    if not isinstance(content, str):
        raise _refused("holds no choices[0].message.content: the URL isn't that of an OpenAI-compatible API")
    return content


def regions_in(content: str, words: str, image: SentImage, coordinates: Coordinates) -> tuple[Region, ...]:
    """Return the regions in a model's text, `{"boxes": [{"left": ..., "top": ..., "right": ..., "bottom": ...}]}`.

    The text is that JSON alone, or within a Markdown fence. A box may have a `score` in 0..1. What lies outside of the
    image is cut off; a box that is empty then is left out. Raises InputRefused("endpoint") for anything else.
    """
    fenced = _FENCED.fullmatch(content)
    found = _parsed(fenced[1] if fenced else content)
    boxes = found.get("boxes") if isinstance(found, dict) else None
    if not isinstance(boxes, list):
        raise _refused(f"is not {{'boxes': [...]}} but {shortened(repr(content), 80)}: try another model")
    if len(boxes) > MOST_BOXES:
        raise _refused(f"has {len(boxes)} boxes, more than {MOST_BOXES}")
    across, down = (1000.0, 1000.0) if coordinates == "thousandths" else (image.width, image.height)
    height, width = image.shape[:2]
    regions = []
    for box in boxes:
        left, top, right, bottom = (_number(box, side) for side in _SIDES)
        score = _number(box, "score") if "score" in box else None
        if score is not None and not 0.0 <= score <= 1.0:
            raise _refused(f"has a score of {score:g}, which isn't in 0..1")
        sides = (left * width / across, top * height / down, right * width / across, bottom * height / down)
        region = clipped(words, sides, image.shape, score)
        if region is not None:
            regions.append(region)
    return tuple(regions)


def _number(box: Any, name: str) -> float:
    value = box.get(name) if isinstance(box, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e6:
        raise _refused(f"has a box whose {name} is no number that makes sense: {shortened(repr(box), 80)}")
    return float(value)


def _parsed(text: str | bytes) -> Any:
    def no_number(name: str) -> NoReturn:
        raise ValueError(f"{name} is no JSON")

    try:
        return json.loads(text, parse_constant=no_number)
    except (ValueError, RecursionError):
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        raise _refused(f"is no JSON: {shortened(repr(shown[:200]), 80)}") from None


def _refused(what: str) -> InputRefused:
    return InputRefused("endpoint", f"the endpoint's answer {what}")
