"""The parameters of prompt_node."""

import os
from typing import Any

from ...errors import InputRefused
from ...input_limits.request_rate import RequestRate
from ...prompts.box_masks import SamMasks
from ...prompts.endpoint import EndpointFinder, EndpointSettings
from ...prompts.open_vocabulary import OpenVocabularyDetector, OpenVocabularySettings
from ...prompts.pretrained import Pretrained
from ...prompts.word_search import Finders, WordSearchSettings
from ..parameters import AUTOSTART, ParameterScope, Row
from ..pose.camera_parameters import RGB_TRANSPORT

_CONFIGURE = ParameterScope.ON_CONFIGURE

PROMPT_NODE = (
    AUTOSTART,
    Row("pose_node", "/pose_node", "The pose_node that knows objects and registers them.", scope=_CONFIGURE),
    Row(
        "segmentation_node",
        "/segmentation_node",
        "The segmentation_node that keeps what was found as examples; it need not be there.",
        scope=_CONFIGURE,
    ),
    RGB_TRANSPORT,
    Row("aliases", [], "Other names of objects, a line for each: `mug: coffee cup, cup`.", scope=_CONFIGURE),
    Row(
        "detector",
        "",
        "Open-vocabulary detector of transformers (OWLv2, Grounding DINO): a folder, or a name on the hub.",
        scope=_CONFIGURE,
    ),
    Row("detector_least_score", 0.2, "Regions of the detector count from this score.", 0.0, 1.0, scope=_CONFIGURE),
    Row(
        "box_masks",
        "",
        "Segment Anything model that makes masks of boxes: a folder, or a name on the hub; empty: colours tell.",
        scope=_CONFIGURE,
    ),
    Row("device", "cpu", "Where both compute.", choices=("cpu", "cuda"), scope=_CONFIGURE),
    Row("download", False, "Fetch models that are named and aren't in the local cache.", scope=_CONFIGURE),
    Row(
        "endpoint_url",
        "",
        "In place of a detector: OpenAI-compatible API of a vision-language model, as in https://host/v1.",
        scope=_CONFIGURE,
    ),
    Row("endpoint_model", "", "The model's name there.", scope=_CONFIGURE),
    Row(
        "endpoint_key_variable",
        "OPENAI_API_KEY",
        "Environment variable that holds the key; sent over https, or to this machine, alone.",
        scope=_CONFIGURE,
    ),
    Row(
        "endpoint_coordinates",
        "thousandths",
        "What the model counts boxes in: thousandths of the image's sides, or pixels of the image as it is sent.",
        choices=("thousandths", "pixels"),
        scope=_CONFIGURE,
    ),
    Row("endpoint_timeout_s", 30.0, "How long an answer is waited for.", 0.1, 600.0, scope=_CONFIGURE),
    Row("endpoint_most_bytes", 262144, "Longer answers are refused.", 1024, 1 << 24, scope=_CONFIGURE),
    Row("endpoint_longest_side_px", 1024, "Larger images are sent smaller.", 64, 8192, scope=_CONFIGURE),
    Row("requests_per_minute", 30, "Detector or endpoint are asked at most so often.", 1, 6000, scope=_CONFIGURE),
    Row("max_side_px", 4096, "Images with a longer side are refused.", 32, 65536),
    Row("remember", True, "Make what detector or endpoint found an example of segmentation_node's.", scope=_CONFIGURE),
    Row(
        "least_confidence",
        0.6,
        "A mask by examples counts from this confidence; below it detector or endpoint are asked again.",
        0.0,
        1.0,
        scope=_CONFIGURE,
    ),
    Row("stale_after_s", 1.0, "Images older than this aren't looked at.", 0.1, 3600.0),
)


def looks(values: dict[str, Any]) -> Finders:
    """Make what looks for words; reads the models. Raises InputRefused."""
    if values["detector"] and values["endpoint_url"]:
        raise InputRefused("bad_parameter", "detector and endpoint_url are both set: leave one of them empty")
    device, download = values["device"], values["download"]
    masks = SamMasks(Pretrained(values["box_masks"], device, download)) if values["box_masks"] else None
    if values["detector"]:
        settings = OpenVocabularySettings(least_score=values["detector_least_score"])
        detector = OpenVocabularyDetector(Pretrained(values["detector"], device, download), settings)
        return Finders(detector, "detector", masks, _rate("the detector", values))
    if values["endpoint_url"]:
        return Finders(EndpointFinder(endpoint_settings(values)), "endpoint", masks, _rate("the endpoint", values))
    return Finders(masks=masks)


def endpoint_settings(values: dict[str, Any]) -> EndpointSettings:
    """Take from parameters, and the environment, how the endpoint is asked. Raises InputRefused."""
    variable = values["endpoint_key_variable"]
    return EndpointSettings(
        url=values["endpoint_url"],
        model=values["endpoint_model"],
        key=os.environ.get(variable, "") if variable else "",
        coordinates=values["endpoint_coordinates"],
        longest_side_px=values["endpoint_longest_side_px"],
        timeout_s=values["endpoint_timeout_s"],
        most_bytes=values["endpoint_most_bytes"],
    )


def word_search_settings(values: dict[str, Any]) -> WordSearchSettings:
    """Take from parameters when examples are believed and made."""
    return WordSearchSettings(values["least_confidence"], values["remember"])


def _rate(what: str, values: dict[str, Any]) -> RequestRate:
    return RequestRate(what, values["requests_per_minute"], 60.0)
