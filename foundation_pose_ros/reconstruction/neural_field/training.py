"""Training a field on one object's views: seconds to minutes, stopped early, resumed where it was interrupted."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ... import se3
from ...atomic_file import replacing
from ...errors import InputRefused
from ..reference_view import ReferenceView
from .field import ObjectField
from .losses import FieldLosses
from .rays import FieldBounds, Rays, rays_of
from .settings import FieldSettings

Progress = Callable[[int, int, float], None]

_TRUNCATION_SHARE, _LEAST_TRUNCATION_M = 0.03, 0.005
# Every so many rays one is held back to look at, not to learn from.
_HELD_BACK = 50
_MOST_HELD_BACK = 2048
# The learning rate at the last step, as a share of the first's.
_LAST_RATE = 0.1
_GAIN = 0.01
# The box goes a little beyond what was seen: the surface's other side needs room.
_MARGIN_TRUNCATIONS = 2.0
_LARGEST_CHECKPOINT = 2**28


@dataclass(frozen=True, eq=False)
class TrainedField:
    """A field with the views it was trained on, in the poses that it knows them in.

    fit: mean distance from rays held back, in truncations. steps: done.
    """

    field: ObjectField
    views: tuple[ReferenceView, ...]
    box: FieldBounds
    truncation_m: float
    steps: int
    fit: float


def train_field(
    views: Sequence[ReferenceView],
    settings: FieldSettings | None = None,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> TrainedField:
    """Train a field from posed views.

    progress(step, steps, fit) is called at every check. checkpoint: a file that the state is written to at every check,
    and from which training goes on where it holds the same views and settings. Raises InputRefused where the views have
    no poses, or no depth under their masks.
    """
    training = _Training(views, settings or FieldSettings())
    if checkpoint is not None and checkpoint.is_file():
        training.resume(checkpoint)
    training.run(progress, checkpoint)
    return training.result()


class _Training:
    def __init__(self, views: Sequence[ReferenceView], settings: FieldSettings) -> None:
        self.views, self.settings = tuple(views), settings
        rough = FieldBounds.around(self.views)
        self.truncation_m = settings.truncation_m or max(_LEAST_TRUNCATION_M, _TRUNCATION_SHARE * rough.diameter_m)
        self.box = replace(rough, half_m=rough.half_m + _MARGIN_TRUNCATIONS * self.truncation_m)
        self.rays: Rays = rays_of(self.views, self.box, self.truncation_m).to(settings.device)
        count = len(self.rays.depth_m)
        if count <= _HELD_BACK:
            raise InputRefused(
                "no_depth_under_mask",
                f"only {count} pixels of {len(self.views)} views show a surface: masks too thin, or no depth",
            )
        order = torch.randperm(count, generator=torch.Generator().manual_seed(settings.seed)).to(settings.device)
        held_back = min(count // _HELD_BACK, _MOST_HELD_BACK)
        self.held_back, self.picked_from = order[:held_back], order[held_back:]
        torch.manual_seed(settings.seed)
        self.field = ObjectField(self.box.centre_m, self.box.half_m, settings).to(settings.device)
        self.twists = torch.zeros(len(self.views), 6, device=settings.device, requires_grad=settings.refine_poses)
        self.losses = FieldLosses(self.rays, self.truncation_m, settings)
        networks = [*self.field.geometry.parameters(), *self.field.appearance.parameters()]
        groups: list[dict[str, Any]] = [
            {"params": [self.field.grid.table], "lr": settings.learning_rate},
            {"params": networks, "lr": settings.learning_rate / 5},
        ]
        if settings.refine_poses:
            groups.append({"params": [self.twists], "lr": settings.pose_learning_rate})
        self.optimizer = torch.optim.Adam(groups, betas=(0.9, 0.99), eps=1e-15)
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, _LAST_RATE ** (1 / settings.steps))
        self.step, self.best, self.since_best = 0, float("inf"), 0

    def run(self, progress: Progress | None, checkpoint: Path | None) -> None:
        settings = self.settings
        while self.step < settings.steps and self.since_best < settings.patience:
            # Each step draws from its own seed: a resumed run sees what an uninterrupted one does.
            generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + self.step)
            losses = self.losses(self.field, *self._draw(generator), self._twists, generator)
            self.optimizer.zero_grad(set_to_none=True)
            losses.total(settings).backward()
            self.optimizer.step()
            self.schedule.step()
            self.step += 1
            if self.step % settings.check_every == 0 or self.step == settings.steps:
                self._check()
                if checkpoint is not None:
                    self._save(checkpoint)
                if progress is not None:
                    progress(self.step, settings.steps, self.best)

    def _draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Rays of a step, on the object and beside it."""
        device = self.picked_from.device
        on = torch.randint(len(self.picked_from), (self.settings.surface_rays,), generator=generator).to(device)
        beside_count = min(self.settings.empty_rays, len(self.rays.empty_view))
        beside = torch.randint(max(1, len(self.rays.empty_view)), (beside_count,), generator=generator).to(device)
        return self.picked_from[on], beside

    def _check(self) -> None:
        generator = torch.Generator().manual_seed(self.settings.seed)
        fit = self.losses.fit(self.field, self.held_back, self._twists, generator)
        if fit < (1 - _GAIN) * self.best:
            self.best, self.since_best = fit, 0
        else:
            self.since_best += 1

    @property
    def _twists(self) -> Tensor | None:
        """Of all views about the first's, which stays: with all of them free the object would drift off."""
        if not self.settings.refine_poses:
            return None
        return torch.cat([torch.zeros_like(self.twists[:1]), self.twists[1:]])

    def result(self) -> TrainedField:
        fit = self.best if np.isfinite(self.best) else float("nan")
        return TrainedField(self.field.eval(), self._moved_views(), self.box, self.truncation_m, self.step, fit)

    def _moved_views(self) -> tuple[ReferenceView, ...]:
        twists = self._twists
        if twists is None:
            return self.views
        moved = []
        for view, twist in zip(self.views, twists.detach().cpu().numpy().astype(np.float64), strict=True):
            in_metres = np.concatenate([twist[:3] * self.box.half_m, twist[3:]])
            # The twist moves points of a view in the object's axes, about the box's middle.
            about = se3.from_rotation_translation(np.eye(3), self.box.centre_m).astype(np.float64)
            T_moved = about @ se3.apply_twist(np.eye(4), in_metres).astype(np.float64) @ se3.inverse(about)
            moved.append(replace(view, T_cam_obj=view.pose @ se3.inverse(T_moved)))
        return tuple(moved)

    def _save(self, checkpoint: Path) -> None:
        """Write the checkpoint; an interruption leaves the last whole one."""
        state = {
            "identity": self._identity(),
            "field": self.field.state_dict(),
            "twists": self.twists.detach(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "progress": [self.step, self.best, self.since_best],
        }
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        with replacing(checkpoint) as unfinished:
            torch.save(state, unfinished)

    def resume(self, checkpoint: Path) -> None:
        if checkpoint.stat().st_size > _LARGEST_CHECKPOINT:
            raise InputRefused("bad_checkpoint", f"{checkpoint} is too large for a field's checkpoint: delete it")
        try:
            state = torch.load(checkpoint, map_location=self.settings.device, weights_only=True)
            identity = state["identity"]
        except Exception as error:  # the unpickler raises what it likes
            raise InputRefused(
                "bad_checkpoint", f"{checkpoint} can't be read ({error}): delete it to train from the start"
            ) from error
        if identity != self._identity():
            raise InputRefused(
                "bad_checkpoint", f"{checkpoint} is of other views or settings: delete it, or give another file"
            )
        self.field.load_state_dict(state["field"])
        with torch.no_grad():
            self.twists.copy_(state["twists"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.step, self.best, self.since_best = state["progress"]

    def _identity(self) -> dict[str, Any]:
        """What two runs must share to be one."""
        settings = {name: value for name, value in asdict(self.settings).items() if name != "device"}
        poses = np.round(np.stack([view.pose for view in self.views]), 5).tolist()
        return {"settings": settings, "poses": poses, "rays": len(self.rays.depth_m)}
