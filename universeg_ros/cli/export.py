"""`universeg export`."""

from pathlib import Path
from typing import Annotated

import typer

from foundation_pose_ros.cli.output import prepared
from foundation_pose_ros.runtime.extras import require

from .options import WeightsOption


def export(
    output: Annotated[Path, typer.Option("--output", metavar="FILE.onnx", help="The file.", show_default=False)],
    weights: WeightsOption = "default",
) -> None:
    """Write the network as an ONNX file, for any number of examples and any size, checked against onnxruntime.

    Inputs target (1, 1, H, W), support_images and support_labels (1, S, 1, H, W); output logits (1, 1, H, W).
    """
    require("segmentation", "segmentation")
    require("writing .onnx", "onnx", "no_onnx")
    from ..network.checkpoints import load_checkpoint
    from ..network.onnx_export import export_onnx

    model, info = load_checkpoint(weights)
    prepared(output)
    export_onnx(model, output, info)
    print(f"written to {output}: {info.licence or 'licence unknown'}")
