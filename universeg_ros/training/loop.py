"""The training loop: stages, moving average, checkpoints to go on from, log and picture."""

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.training.ranks import Ranks

from ..network.checkpoints import UniverSegWeightsInfo, load_checkpoint, save_checkpoint
from ..network.model import UniverSeg
from .batches import Batch, TaskBatches, batches_from, mixture
from .collage_tasks import CollageTasks
from .likeness_maps import likeness_tasks
from .rendered import object_tasks
from .run_state import Log, UniverSegRunState, save_picture
from .settings import UniverSegTrainSettings
from .tasks import RecordedTask
from .validation import Validation, hard_dice, segmentation_loss

REPORT_EVERY_STEPS = 50


class UniverSegTrainer:
    """One run. `run` goes on from the checkpoint in the output folder where there is one."""

    def __init__(
        self,
        settings: UniverSegTrainSettings,
        recorded: list[RecordedTask],
        held_apart: list[RecordedTask],
        say: Callable[[str], None] = print,
        info: UniverSegWeightsInfo | None = None,
    ) -> None:
        torch.set_num_threads(settings.threads)
        cv2.setNumThreads(1)
        self.settings = settings
        self.ranks = Ranks(settings.device)
        self.folder = Path(settings.output)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.say = say if self.ranks.first else lambda _line: None
        self.info = info or UniverSegWeightsInfo(licence=settings.licence, note=settings.note)
        self.source = mixture(settings.mix, recorded, self._maps(recorded), self._objects(), self._collages())
        self.validation = Validation(held_apart)
        torch.manual_seed(settings.seed)
        self.model = initial_model(settings).to(self.ranks.device)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, betas=(0.9, 0.99)
        )
        self.average = UniverSeg(settings.features).to(self.ranks.device).eval()
        self.average.load_state_dict(self.model.state_dict())
        self.state = UniverSegRunState(self.model, self.average, self.optimizer, self.folder / "training.pt")
        self.log = Log(self.folder / "log.csv") if self.ranks.first else None

    def run(self) -> Path:
        """Train until the budget is spent; returns the file of weights (the moving average)."""
        if self.state.load(self.ranks.device):
            self.say(f"going on from step {self.state.step}, {self.state.elapsed_s / 60:.1f} min")
        self._train()
        return self._finish()

    def _train(self) -> None:
        # Nobody reads what the last block makes of the support set.
        trained = self.ranks.parallel(self.model, unused=True)
        saved = validated = begin = time.monotonic()
        before_s = self.state.elapsed_s
        stage_number = -1
        batches: Iterator[Batch] = iter(())
        while (progress := self.ranks.agreed(self._progress())) < 1:
            if self.settings.stage_at(progress) != stage_number:
                stage_number = self.settings.stage_at(progress)
                batches = self._batches(stage_number)
            self._step(trained, next(batches), progress)
            self.state.elapsed_s = before_s + time.monotonic() - begin
            now = time.monotonic()
            if self.ranks.first and now - saved > self.settings.save_every_s:
                self.state.save()
                saved = now
            if self.ranks.first and now - validated > self.settings.validate_every_s:
                self._validate()
                validated = now

    def _maps(self, recorded: list[RecordedTask]) -> list[RecordedTask]:
        return likeness_tasks(recorded, self.settings.seed, self.say) if self.settings.mix.likeness else []

    def _objects(self) -> list[RecordedTask]:
        """Rendered objects; one process renders them for all."""
        if not self.settings.mix.rendered:
            return []
        if not self.ranks.first:
            self.ranks.wait()
        objects = object_tasks(self.settings.objects, self.folder / "rendered", self.say)
        if self.ranks.first:
            self.ranks.wait()
        return objects

    def _collages(self) -> list[CollageTasks]:
        """Things thrown together, rendered on the way; each process renders and keeps its own."""
        if not self.settings.mix.collages:
            return []
        return [CollageTasks(self.settings.collages, self.folder / f"collages_{self.ranks.rank}")]

    def _progress(self) -> float:
        if self.settings.steps:
            return self.state.step / self.settings.steps
        return self.state.elapsed_s / (60 * self.settings.minutes)

    def _batches(self, number: int) -> Iterator[Batch]:
        stage = self.settings.stages[number]
        self.say(f"stage {number + 1}: {stage.size}x{stage.size}, support {stage.support[0]} to {stage.support[1]}")
        seed = (self.settings.seed, self.ranks.rank, number)
        batches = TaskBatches(self.source, self.settings.augmentation.milder(stage.augmented), stage, seed)
        return batches_from(batches, self.state.step, self.settings.workers)

    def _step(self, network: torch.nn.Module, batch: Batch, progress: float) -> None:
        target, images, labels, wanted = (tensor.to(self.ranks.device) for tensor in batch)
        self._set_learning_rate(progress)
        with self._autocast():
            logits = network(target, images, labels)
        loss = segmentation_loss(logits, wanted)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        # One bad batch must not spoil hours of work.
        if torch.isfinite(norm):
            self.optimizer.step()
        self.state.step += 1
        self._move_average()
        self.state.note(float(loss.detach()), float(hard_dice(logits.detach(), wanted).mean()))
        if self.state.step % REPORT_EVERY_STEPS == 0 and self.log is not None:
            self.log.write(self.state.row(self.optimizer.param_groups[0]["lr"]))

    def _autocast(self) -> AbstractContextManager[None]:
        kind = torch.device(self.ranks.device).type
        return torch.autocast(kind, torch.bfloat16, enabled=self.settings.precision == "bf16")

    def _set_learning_rate(self, progress: float) -> None:
        s = self.settings
        rate = (
            s.final_learning_rate + (s.learning_rate - s.final_learning_rate) * (1 + math.cos(math.pi * progress)) / 2
        )
        for group in self.optimizer.param_groups:
            group["lr"] = rate * min(1.0, (progress + 1e-4) / max(s.warm_up, 1e-4))

    @torch.no_grad()
    def _move_average(self) -> None:
        # Early on the average forgets faster, or it would hold on to where training began.
        keep = min(self.settings.ema, (1 + self.state.step) / (10 + self.state.step))
        for mean, value in zip(self.average.parameters(), self.model.parameters(), strict=True):
            mean.lerp_(value, 1 - keep)

    def _validate(self) -> None:
        dice, shown = self.validation(self.average, self.ranks.device)
        if shown is not None:
            save_picture(self.folder / "sample.png", *shown)
        if self.log is not None:
            self.log.write(self.state.row(self.optimizer.param_groups[0]["lr"], dice))
        self.say(
            f"step {self.state.step}, {self.state.elapsed_s / 60:.1f} min, training Dice {self.state.recent_dice:.3f}"
            + ("" if np.isnan(dice) else f", Dice on {len(self.validation.tasks)} tasks held apart {dice:.3f}")
        )

    def _finish(self) -> Path:
        weights = self.folder / "weights.safetensors"
        if self.ranks.first:
            self.state.save()
            self._validate()
            minutes, machines = self.state.elapsed_s / 60, f"{self.ranks.count} x {self.ranks.device}"
            worked = f"{self.state.step} steps in {minutes:.0f} min on {machines}"
            info = replace(self.info, note=f"{self.info.note} {worked}".strip())
            save_checkpoint(self.average, weights, info)
        self.ranks.close()
        return weights


def initial_model(settings: UniverSegTrainSettings) -> UniverSeg:
    """Return the network that training begins with; raises InputRefused where the initial weights have other widths."""
    if not settings.initial_weights:
        return UniverSeg(settings.features)
    model, _ = load_checkpoint(os.path.expandvars(settings.initial_weights))
    if model.features != settings.features:
        raise InputRefused(
            "bad_settings",
            f"initial_weights {settings.initial_weights} have features {list(model.features)}, "
            f"the run {list(settings.features)}: give the run the same",
        )
    return model.train()
