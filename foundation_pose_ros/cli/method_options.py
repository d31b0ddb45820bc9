"""Options that choose methods, shared by the commands that estimate poses."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ..method_choice import MethodChoice
from ..str_enum import StrEnum
from .options import Device


class MethodName(StrEnum):
    AUTO = "auto"
    GEOMETRIC = "geometric"
    LEARNED = "learned"
    COMPACT = "compact"


class Hypotheses(StrEnum):
    GRID = "grid"
    PRUNED = "pruned"
    GEOMETRIC = "geometric"


class NetworkPrecision(StrEnum):
    AUTO = "auto"
    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"


_PANEL = "Methods"


@dataclass(frozen=True)
class MethodOptions:
    """How poses are estimated, and where networks compute."""

    refiner: Annotated[
        MethodName,
        typer.Option(
            "--refiner",
            help="Learning-free (geometric), or RefineNet with weights of your own (learned); compact: registrations "
            "also try a small network's steps; auto: that where it was measured to be better, else learning-free.",
            rich_help_panel=_PANEL,
        ),
    ] = MethodName.AUTO
    scorer: Annotated[
        MethodName,
        typer.Option(
            "--scorer",
            help="Who chooses the best pose of a registration; compact: a small network has a word in it; auto: as "
            "--refiner learned, else that where it was measured to be better, else learning-free.",
            rich_help_panel=_PANEL,
        ),
    ] = MethodName.AUTO
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights",
            metavar="DIR",
            help="Folder of weights; `foundation-pose weights` says what there is.",
            show_default="the package's for compact, weights for learned",
            rich_help_panel=_PANEL,
        ),
    ] = None
    polish: Annotated[
        bool,
        typer.Option(
            "--polish/--no-polish", help="End with point-to-plane steps after RefineNet.", rich_help_panel=_PANEL
        ),
    ] = True
    differentiable: Annotated[
        bool,
        typer.Option(
            "--differentiable",
            help="End with steps on depth, colour and outline together; slow on the CPU.",
            rich_help_panel=_PANEL,
        ),
    ] = False
    hypotheses: Annotated[
        Hypotheses,
        typer.Option(
            "--hypotheses",
            help="RefineNet starts from 252 rotations (pruned: ever fewer of them go on), or from the best few of the "
            "geometric registration.",
            rich_help_panel=_PANEL,
        ),
    ] = Hypotheses.GRID
    precision: Annotated[
        NetworkPrecision,
        typer.Option("--precision", help="Of the networks; auto: fp16 on CUDA, fp32 else.", rich_help_panel=_PANEL),
    ] = NetworkPrecision.AUTO
    device: Annotated[Device, typer.Option("--device", help="Where networks compute; the rest runs on the cpu.")] = (
        Device.CPU
    )

    def choice(self) -> MethodChoice:
        """Return what the options ask for."""
        return MethodChoice(
            refiner=self.refiner.value,
            scorer=self.scorer.value,
            weights=self.weights,
            device=self.device.value,
            polish=self.polish,
            differentiable=self.differentiable,
            hypotheses=self.hypotheses.value,
            precision=self.precision.value,
        )
