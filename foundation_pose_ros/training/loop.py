"""The training loop: stages, a checkpoint to go on from, and a log."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from ..networks import RefineNet, ScoreNet
from ..networks.checkpoints import NETWORKS, save_checkpoint
from .batches import RankingBatches, StepBatches, pair_renderers
from .losses import TRANSLATION_WEIGHT, ranking_loss, step_loss
from .pairs import training_models
from .reduced_resolution import scores, steps_per_token
from .run_state import RunState
from .settings import ResolutionStage, TrainSettings

REPORT_EVERY_STEPS = 50


class Trainer:
    """One run on the CPU. `run` goes on from the checkpoint in the output folder where there is one."""

    def __init__(self, settings: TrainSettings, say: Callable[[str], None] = print) -> None:
        torch.set_num_threads(settings.threads)
        self.settings = settings
        self.say = say
        self.objects = pair_renderers(training_models(settings.objects), settings.kind, settings.threads)
        torch.manual_seed(settings.seed)
        self.network: RefineNet | ScoreNet = NETWORKS[settings.kind]().train()
        _begin_simple(self.network)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), settings.learning_rate, betas=(0.9, 0.99), weight_decay=settings.weight_decay
        )
        folder = Path(settings.output)
        folder.mkdir(parents=True, exist_ok=True)
        self.state = RunState(self.network, self.optimizer, folder / "training.pt")
        self.weights = folder / "weights.safetensors"

    def run(self, until: int | None = None) -> Path:
        """Train to the last step, or to step `until`; returns the file of weights."""
        if self.state.load():
            self.say(f"going on from step {self.state.step}, {self.state.processor_s / 60:.1f} min of processor time")
        last = self.settings.steps if until is None else min(until, self.settings.steps)
        saved = time.monotonic()
        before_s = self.state.processor_s - time.process_time()
        while self.state.step < last:
            self._step()
            self.state.processor_s = before_s + time.process_time()
            if time.monotonic() - saved > self.settings.save_every_s:
                self.state.save()
                saved = time.monotonic()
        self.state.save()
        note = f"overfitted to {', '.join(self.settings.objects)} in {self.state.step} steps"
        info = replace(self.network.info, licence="Apache-2.0", note=note)
        save_checkpoint(self.network, self.weights, info)
        return self.weights

    def _step(self) -> None:
        stage = self._stage()
        self._set_learning_rate(stage)
        self.network.train()
        loss = self._loss(self.state.step, stage)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip)
        # One bad batch must not spoil hours of work.
        if torch.isfinite(norm):
            self.optimizer.step()
        self.state.step += 1
        self.state.note(float(loss.detach()))
        if self.state.step % REPORT_EVERY_STEPS == 0:
            self.say(
                f"step {self.state.step}, {stage.size} px, {self.state.processor_s / 60:.1f} min, "
                f"loss {self.state.recent_loss:.4f}"
            )

    def _stage(self) -> ResolutionStage:
        done = self.state.step
        for stage in self.settings.stages:
            if done < stage.steps:
                break
            done -= stage.steps
        return stage

    def _loss(self, number: int, stage: ResolutionStage) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.precision == "bf16"):
            if isinstance(self.network, ScoreNet):
                groups = RankingBatches(self.objects, self.settings.pairs, stage, self.settings.seed)[number]
                said = scores(self.network, groups.rendered, groups.observed, groups.error_m.shape[1])
                return ranking_loss(said.float(), groups.error_m, groups.angle_rad)
            batch = StepBatches(self.objects, self.settings.pairs, stage, self.settings.seed)[number]
            tokens = steps_per_token(self.network, batch.rendered, batch.observed)
        translation, rotation = (said.float() for said in tokens)  # (B, N, 3)
        weights = (TRANSLATION_WEIGHT, self.settings.rotation_weight)
        loss = step_loss(translation.mean(dim=1), rotation.mean(dim=1), batch.translation, batch.rotation, weights)
        if self.settings.per_token:
            true = batch.translation[:, None], batch.rotation[:, None]
            loss = loss + self.settings.per_token * step_loss(translation, rotation, true[0], true[1], weights)
        return loss

    def _set_learning_rate(self, stage: ResolutionStage) -> None:
        progress = self.state.step / self.settings.steps
        warm = min(1.0, (self.state.step + 1) / self.settings.warm_up_steps)
        rate = self.settings.learning_rate * stage.rate * warm
        for group in self.optimizer.param_groups:
            group["lr"] = rate * (0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2)


def _begin_simple(network: nn.Module) -> None:
    """Residual branches and last layers that say nothing at first, so that training begins with a shallow network.

    After Goyal et al. (2017). Dropout is left out: what is to be overfitted needs none.
    """
    for name, module in network.named_modules():
        if name.endswith("bn2") or name in ("trans_head.1", "rot_head.1"):
            for parameter in module.parameters():
                nn.init.zeros_(parameter)
        if isinstance(module, nn.TransformerEncoderLayer):
            for last in (module.self_attn.out_proj, module.linear2):
                nn.init.zeros_(last.weight)
        if isinstance(module, nn.Dropout):
            module.p = 0.0
