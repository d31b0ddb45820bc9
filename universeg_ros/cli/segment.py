"""`universeg segment`."""

import json
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
import typer

from foundation_pose_ros.cli.output import prepared
from foundation_pose_ros.errors import InputRefused

from ..image_files import read_image, write_picture
from ..mask_result import MaskResult
from ..pictures import segmentation_picture
from ..segmenter import Segmenter, SegmenterSettings
from ..support.preparation import Encoding
from ..support.support_set import SupportSet
from .options import (
    Choice,
    Device,
    DeviceOption,
    FlipsOption,
    Precision,
    PrecisionOption,
    SupportOption,
    SupportSizeOption,
    WeightsOption,
    ZoomOption,
)


def segment(
    support: SupportOption,
    image: Annotated[
        list[Path], typer.Option("--image", help="What to segment; may be given again.", show_default=False)
    ],
    output: Annotated[
        Path,
        typer.Option("--output", metavar="mask.png|FOLDER", help="The mask; a folder for several.", show_default=False),
    ],
    weights: WeightsOption = "default",
    support_size: SupportSizeOption = 16,
    selection: Annotated[
        Choice, typer.Option("--select", help="How examples are chosen where there are more.")
    ] = Choice.RANDOM,
    ensemble: Annotated[int, typer.Option("--ensemble", min=1, help="Random draws of the support to average.")] = 1,
    flips: FlipsOption = False,
    zoom: ZoomOption = False,
    tile: Annotated[int, typer.Option("--tile", min=0, help="Cut larger images into squares of this side, px.")] = 0,
    region: Annotated[
        str | None, typer.Option("--region", metavar="X,Y,W,H", help="Only this part, in pixels.", show_default=False)
    ] = None,
    threshold: Annotated[float, typer.Option("--threshold", help="Least probability of the mask.")] = 0.5,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", help="16UC1 or 32FC1 for depth; as the support's.", show_default="that of the file"),
    ] = None,
    probability: Annotated[
        Path | None,
        typer.Option("--probability", metavar="FILE|FOLDER", help="Also the probability, 8 bits.", show_default=False),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE|FOLDER", help="Also support, query and mask.", show_default=False),
    ] = None,
    device: DeviceOption = Device.CPU,
    precision: PrecisionOption = Precision.FP32,
) -> None:
    """Segment images as the examples show.

    Masks are PNGs at the images' sizes: 0 and 255 for one label, else the labels. Prints one JSON line per image with
    the labels found, their confidence (the Dice to be expected) and the time.
    """
    examples = SupportSet.load(support)
    settings = SegmenterSettings(support_size, selection.value, ensemble, flips, tile, zoom, threshold, precision.value)
    segmenter = Segmenter(weights, device.value, settings).set_support(examples)
    box = None if region is None else _region(region)
    for path in image:
        content = read_image(path)
        try:
            result = segmenter.segment(content, cast(Encoding | None, encoding), box)
        except InputRefused as refused:
            raise InputRefused(refused.reason, f"{path}: {refused}") from None
        mask = result.mask if len(result.labels) > 1 else result.mask.astype(bool) * np.uint8(255)
        written = _write(output, path, len(image), mask)
        if probability is not None:
            _write(probability, path, len(image), (255 * result.probability).round().astype(np.uint8))
        if picture is not None:
            made = segmentation_picture(examples, content, result, cast(Encoding | None, encoding))
            _write(picture, path, len(image), made)
        print(json.dumps(_line(path, written, result)), flush=True)


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


def _write(given: Path, image: Path, count: int, content: np.ndarray) -> Path:
    """To the file that was named, or to one of the image's name in the folder that was."""
    path = given if count == 1 and given.suffix else given / f"{image.stem}.png"
    write_picture(prepared(path), content)
    return path


def _region(text: str) -> tuple[int, int, int, int]:
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise InputRefused("bad_region", f"--region {text}: give four whole numbers, such as 10,20,300,200") from None
    return x, y, width, height
