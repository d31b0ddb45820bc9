"""What segment does: masks of images, written as they come, a JSON line each."""

import json
from pathlib import Path
from typing import Any, cast

import numpy as np

from foundation_pose_ros.cli.output import prepared
from foundation_pose_ros.errors import InputRefused

from ..image_files import read_image, write_picture
from ..mask_result import MaskResult
from ..pictures import segmentation_picture
from ..segmenter import Segmenter
from ..segmenter_settings import SegmenterSettings
from ..support.preparation import Encoding
from ..support.support_set import SupportSet
from .options import SegmenterOptions
from .segment_options import DrawOptions, ImageOptions, MaskOutputs


def segment_images(
    support: Path,
    images: list[Path],
    outputs: MaskOutputs,
    draw: DrawOptions,
    network: SegmenterOptions,
    part: ImageOptions,
) -> None:
    """Segment images as the examples in `support` show; raise InputRefused, naming the image, for one that can't be."""
    examples = SupportSet.load(support)
    segmenter = Segmenter(network.weights, network.device.value, _settings(draw, network, part)).set_support(examples)
    region = None if part.region is None else _region(part.region)
    encoding = cast(Encoding | None, part.encoding)
    for path in images:
        content = read_image(path)
        try:
            result = segmenter.segment(content, encoding, region)
        except InputRefused as refused:
            raise InputRefused(refused.reason, f"{path}: {refused}") from None
        mask = result.mask if len(result.labels) > 1 else result.mask.astype(bool) * np.uint8(255)
        written = _write(outputs.output, path, len(images), mask)
        if outputs.probability is not None:
            probability = (255 * result.probability).round().astype(np.uint8)
            _write(outputs.probability, path, len(images), probability, "--probability")
        if outputs.picture is not None:
            picture = segmentation_picture(examples, content, result, encoding)
            _write(outputs.picture, path, len(images), picture, "--picture")
        print(json.dumps(_line(path, written, result)), flush=True)


def _settings(draw: DrawOptions, network: SegmenterOptions, part: ImageOptions) -> SegmenterSettings:
    return SegmenterSettings(
        support_size=draw.support_size,
        selection=draw.selection.value,
        ensemble=draw.ensemble,
        flips=network.flips,
        tile_px=part.tile,
        zoom=network.zoom.value,
        likeness=network.likeness,
        threshold=part.threshold,
        precision=network.precision.value,
    )


def _line(image: Path, mask: Path, result: MaskResult) -> dict[str, Any]:
    labels = [
        {"label": r.label, "name": r.name, "confidence": round(r.confidence, 4), "area_px": r.area_px}
        for r in result.labels
    ]
    return {
        "image": str(image),
        "mask": str(mask),
        "confidence": round(result.confidence, 4),
        "labels": labels,
        "time_s": round(result.time_s, 4),
    }


def _write(given: Path, image: Path, count: int, content: np.ndarray, option: str = "--output") -> Path:
    """Write to the file that was named, or to one of the image's name in the folder that was."""
    path = given if count == 1 and given.suffix else given / f"{image.stem}.png"
    write_picture(prepared(path, option), content)
    return path


def _region(text: str) -> tuple[int, int, int, int]:
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise InputRefused("bad_region", f"--region {text}: give four whole numbers, such as 10,20,300,200") from None
    return x, y, width, height
