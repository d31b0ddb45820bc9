"""Options that choose methods, shared by the commands that estimate poses."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..method_choice import DEFAULT_WEIGHTS, MethodChoice
from .options import Device


class Method(StrEnum):
    GEOMETRIC = "geometric"
    LEARNED = "learned"


class Hypotheses(StrEnum):
    GRID = "grid"
    PRUNED = "pruned"
    GEOMETRIC = "geometric"


class Precision(StrEnum):
    AUTO = "auto"
    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"


_PANEL = "Methods"

RefinerOption = Annotated[
    Method,
    typer.Option("--refiner", help="Learning-free, or RefineNet with weights of your own.", rich_help_panel=_PANEL),
]
ScorerOption = Annotated[
    Method | None,
    typer.Option(
        "--scorer",
        help="Who chooses the best pose of a registration.",
        show_default="as the refiner",
        rich_help_panel=_PANEL,
    ),
]
WeightsOption = Annotated[
    Path,
    typer.Option(
        "--weights",
        metavar="DIR",
        help="Folder of weights; `foundation-pose weights` says where to get them.",
        rich_help_panel=_PANEL,
    ),
]
PolishOption = Annotated[
    bool,
    typer.Option("--polish/--no-polish", help="End with point-to-plane steps after RefineNet.", rich_help_panel=_PANEL),
]
DifferentiableOption = Annotated[
    bool,
    typer.Option(
        "--differentiable",
        help="End with steps on depth, colour and outline together; slow on the CPU.",
        rich_help_panel=_PANEL,
    ),
]
HypothesesOption = Annotated[
    Hypotheses,
    typer.Option(
        "--hypotheses",
        help="RefineNet starts from 252 rotations (pruned: ever fewer of them go on), or from the best few of the "
        "geometric registration.",
        rich_help_panel=_PANEL,
    ),
]
PrecisionOption = Annotated[
    Precision,
    typer.Option("--precision", help="Of the networks; auto: fp16 on CUDA, fp32 else.", rich_help_panel=_PANEL),
]


def method_choice(
    refiner: Method,
    scorer: Method | None,
    weights: Path,
    device: Device,
    polish: bool,
    differentiable: bool,
    hypotheses: Hypotheses,
    precision: Precision,
) -> MethodChoice:
    """What the options ask for."""
    return MethodChoice(
        refiner=refiner.value,
        scorer=None if scorer is None else scorer.value,
        weights=weights,
        device=device.value,
        polish=polish,
        differentiable=differentiable,
        hypotheses=hypotheses.value,
        precision=precision.value,
    )


__all__ = [
    "DEFAULT_WEIGHTS",
    "DifferentiableOption",
    "Hypotheses",
    "HypothesesOption",
    "Method",
    "PolishOption",
    "Precision",
    "PrecisionOption",
    "RefinerOption",
    "ScorerOption",
    "WeightsOption",
    "method_choice",
]
