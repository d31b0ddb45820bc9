"""Training a compact network: batches of sets, a moving average of the weights, a checkpoint to go on from, a log.

What is one network's own is its task.
"""

import copy
import csv
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Generic

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ..errors import InputRefused
from ..networks.compact_facts import CompactFacts
from ..networks.weights_file import read_safetensors
from ..runtime.extras import needed
from ..synthetic.mesh_library import MeshLibrary
from ..synthetic.surface_textures import TextureLibrary
from .compact_settings import SetStage
from .compact_task import Batch, CompactTask, J, Sets
from .run_state import Parts, load_run, save_run

REPORT_EVERY_STEPS = 25
# No set of a run has this seed.
_HELD_OUT_SEED = 1 << 40
_COLUMNS = ("step", "pairs", "processor_s", "wall_s", "loss", "rate")


class CompactTrainer(Generic[J]):
    """One run on the CPU. `run` goes on from the checkpoint in the output folder where there is one."""

    def __init__(self, task: CompactTask[J], say: Callable[[str], None] = print) -> None:
        settings = task.settings
        torch.set_num_threads(settings.threads)
        self.task, self.settings, self.say = task, settings, say
        library = MeshLibrary.from_folder(settings.meshes, left_out=settings.left_out)
        trained, self.held = library.parted(settings.held_out)
        self.meshes = trained.some(settings.most_meshes) if settings.most_meshes else trained
        self._textures = TextureLibrary.from_folder(settings.textures)
        torch.manual_seed(settings.seed)
        self.network: nn.Module = task.network().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._begun = self._begin_with(Path(settings.begin_with)) if settings.begin_with else CompactFacts(task.kind)
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.folder = Path(settings.output)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.checkpoint, self.log = self.folder / "training.pt", self.folder / "log.csv"
        self.step, self.pairs, self.processor_s, self.wall_s = 0, 0, 0.0, 0.0
        self._validation: list[Batch] = []

    def run(self, until: int | None = None) -> Path:
        """Train to the last step, or to step `until`; returns the averaged weights for onnxruntime.

        Without onnx it is the checkpoint, which holds them as well.
        """
        if self._load():
            self.say(f"going on from step {self.step}, {self.pairs} pairs")
        last = self.settings.steps if until is None else min(until, self.settings.steps)
        losses: list[float] = []
        saved = time.monotonic()
        begun = (self.processor_s - time.process_time(), self.wall_s - time.monotonic())
        while self.step < last:
            stage, end = self._stage_and_end(last)
            for batch in self._batches(stage, end):
                losses.append(self._learned(batch, stage))
                self.processor_s = begun[0] + time.process_time()
                self.wall_s = begun[1] + time.monotonic()
                if self.step % REPORT_EVERY_STEPS == 0:
                    self._note(float(np.mean(losses)))
                    losses.clear()
                if time.monotonic() - saved > self.settings.save_every_s:
                    self._save()
                    saved = time.monotonic()
        self._save()
        return self._exported()

    def validated(self) -> J:
        """Judge the averaged weights on drawn sets of held-out meshes, the same ones each time."""
        settings = self.settings
        if not self._validation:
            last = settings.stages[-1]
            # Of held-out meshes there may be no pictures.
            drawn = replace(last, drawn=replace(last.drawn, pictured=0.0))
            sets = self.task.sets(self.held, self._textures, drawn, settings.validation_seed + _HELD_OUT_SEED)
            self._validation = list(self._laid_together(sets, settings.validation_sets))
        return self._judged(self._validation)

    def judged_on(self, sets: Sets, count: int) -> J:
        """Judge the averaged weights on the first so many of any sets."""
        return self._judged(self._laid_together(sets, count))

    def _laid_together(self, sets: Sets, count: int) -> Iterator[Batch]:
        for part in np.array_split(np.arange(count), -(-count // 16)):
            yield self.task.batch([sets[k] for k in part.tolist()])

    @torch.no_grad()
    def _judged(self, batches: Iterable[Batch]) -> J:
        return self.task.judged(self.average, batches)

    def _stage_and_end(self, last: int) -> tuple[SetStage, int]:
        """The stage under way, and the step at which it, or the run, ends."""
        end = 0
        for stage in self.settings.stages:
            end += stage.steps
            if self.step < end:
                return stage, min(end, last)
        return self.settings.stages[-1], last

    def _batches(self, stage: SetStage, end: int) -> Iterator[Batch]:
        sets = self.task.sets(self.meshes, self._textures, stage, self.settings.seed)
        batches = _Batches(self.task, sets, stage.sets, self.step, end)
        return iter(DataLoader(batches, batch_size=None, shuffle=False, num_workers=self.settings.workers))

    def _learned(self, batch: Batch, stage: SetStage) -> float:
        settings = self.settings
        rate = settings.learning_rate * stage.rate * min(1.0, (self.step + 1) / settings.warm_up_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.network.train()
        loss = self.task.loss(self._forward, batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        # One bad batch must not spoil hours of work.
        if torch.isfinite(nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip)):
            self.optimizer.step()
        self.step += 1
        self.pairs += self.task.pairs(batch)
        self._averaged()
        return float(loss.detach())

    def _forward(self, *inputs: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.precision == "bf16"):
            said: Tensor = self.network(*inputs)
        return said

    @torch.no_grad()
    def _averaged(self) -> None:
        """Move the average on; early on it is that of few steps."""
        left = min(self.settings.average, self.step / (self.step + 10))
        for kept, new in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if kept.is_floating_point():
                kept.lerp_(new, 1 - left)
            else:
                kept.copy_(new)

    def _note(self, loss: float) -> None:
        judged = self.validated() if self.step % self.settings.validate_every == 0 else None
        rate = self.optimizer.param_groups[0]["lr"]
        known = judged.logged if judged is not None else (float("nan"),) * len(self.task.columns)
        row = (self.step, self.pairs, round(self.processor_s, 1), round(self.wall_s, 1), loss, rate, *known)
        new = not self.log.is_file()
        with self.log.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(_COLUMNS + self.task.columns)
            writer.writerow([f"{value:.5g}" if isinstance(value, float) else value for value in row])
        shown = "" if judged is None else f", {judged}"
        self.say(f"step {self.step}, {self.pairs} pairs, {self.processor_s / 60:.1f} min, loss {loss:.4f}{shown}")

    def _exported(self) -> Path:
        if find_spec("onnx") is None:
            self.say(needed("writing the network for onnxruntime", "onnx", "the checkpoint holds it as well"))
            return self.checkpoint
        path = self.folder / self.task.file
        facts = CompactFacts(
            self.task.kind,
            licence=self.settings.licence,
            date=datetime.now(timezone.utc).date().isoformat(),
            steps=self._begun.steps + self.step,
            pairs=self._begun.pairs + self.pairs,
            meshes=max(self._begun.meshes, len(self.meshes)),
            minutes=self._begun.minutes + round(self.processor_s / 60),
        )
        self.task.export(self.average, path, facts.as_metadata)
        return path

    @property
    def _parts(self) -> Parts:
        return {"network": self.network, "average": self.average, "optimizer": self.optimizer}

    def _save(self) -> None:
        counts = {
            "counts": {"step": self.step, "pairs": self.pairs},
            "times_s": {"processor_s": self.processor_s, "wall_s": self.wall_s},
        }
        save_run(self.checkpoint, self._parts, counts)

    def _begin_with(self, path: Path) -> CompactFacts:
        tensors, metadata = read_safetensors(path)
        try:
            self.network.load_state_dict(tensors)
        except RuntimeError:
            raise InputRefused(
                "bad_weights", f"{path} holds another network: begin with a {self.task.title}'s"
            ) from None
        return CompactFacts.from_metadata(metadata)

    def _load(self) -> bool:
        content = load_run(self.checkpoint, self._parts)
        if content is None:
            return False
        self.step, self.pairs = content["counts"]["step"], content["counts"]["pairs"]
        self.processor_s, self.wall_s = content["times_s"]["processor_s"], content["times_s"]["wall_s"]
        return True


class _Batches(Dataset[Batch], Generic[J]):
    """The batches of steps first to end, each made from its number alone."""

    def __init__(self, task: CompactTask[J], sets: Sets, size: int, first: int, end: int) -> None:
        self._task, self._sets, self._size, self._first, self._end = task, sets, size, first, end

    def __len__(self) -> int:
        return self._end - self._first

    def __getitem__(self, index: int) -> Batch:
        if index >= len(self):
            raise IndexError(index)
        begin = (self._first + index) * self._size
        return self._task.batch([self._sets[number] for number in range(begin, begin + self._size)])
