"""Settings of an object's neural field and of its training."""

from dataclasses import dataclass, replace

import torch

from ...errors import InputRefused


@dataclass(frozen=True)
class FieldSettings:
    """How large a field is, and how it is trained.

    levels, features, entries: of the hash grid, whose cells go from an eighth of the object's box to finest_cell_m.
    hidden: width of the two small networks. truncation_m: distance up to which depth tells the field's value; None
    takes 3 % of the object's diameter, at least 5 mm. surface_rays, empty_rays: of each step. near, free: samples per
    ray within the truncation, and before it. smooth: share of surface samples at which the gradient's length is looked
    at. steps: at most. patience: checks (every check_every steps) without a gain of one percent on rays held back,
    after which training ends. refine_poses: move the views as well. *_weight: of the losses. device: cpu or cuda.
    """

    levels: int = 6
    features: int = 4
    entries: int = 2**15
    finest_cell_m: float = 0.002
    hidden: int = 32
    truncation_m: float | None = None
    surface_rays: int = 768
    empty_rays: int = 256
    near: int = 8
    free: int = 3
    smooth: float = 0.125
    steps: int = 1500
    check_every: int = 100
    patience: int = 4
    learning_rate: float = 1e-2
    pose_learning_rate: float = 2e-4
    refine_poses: bool = False
    surface_weight: float = 1.0
    free_weight: float = 0.5
    empty_weight: float = 0.5
    eikonal_weight: float = 0.02
    colour_weight: float = 0.1
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.device.startswith("cuda") and not torch.cuda.is_available():
            raise InputRefused("no_cuda", "there is no CUDA device here: use device cpu")
        if self.entries < 1 or self.entries & (self.entries - 1):
            raise InputRefused("bad_settings", f"entries {self.entries}: give a power of two, such as 32768")
        if min(self.levels, self.features, self.hidden, self.near, self.steps, self.check_every) < 1:
            raise InputRefused(
                "bad_settings", "levels, features, hidden, near, steps and check_every must be 1 or more"
            )

    @classmethod
    def for_device(cls, device: str = "cpu", **changes: object) -> "FieldSettings":
        """Return the small setting for a CPU, or for CUDA the one with finer grids, wider networks and more rays."""
        settings = cls(device=device)
        if device.startswith("cuda"):
            settings = replace(
                settings,
                levels=10,
                entries=2**18,
                finest_cell_m=0.001,
                hidden=64,
                surface_rays=4096,
                empty_rays=1024,
                near=24,
                free=8,
                steps=3000,
            )
        return replace(settings, **changes)  # type: ignore[arg-type]
