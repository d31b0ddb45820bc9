"""Training a network: batches of sets, a moving average of the weights, a checkpoint to go on from, a log.

What is one network's own is its task.
"""

import copy
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any, Generic

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ..errors import InputRefused
from ..networks.training_facts import TrainingFacts
from ..networks.weights_file import read_safetensors
from ..runtime.extras import needed
from ..synthetic.mesh_library import MeshLibrary
from ..synthetic.surface_textures import TextureLibrary
from .mixed_scenes import Scenes, scenes_of
from .network_task import Batch, J, NetworkTask, Sets
from .ranks import Ranks
from .recorded_scenes import recorded_scenes
from .run_log import RunLog
from .run_state import Parts, load_run, save_run
from .settings import RunStage

REPORT_EVERY_STEPS = 25
# No set of a run has this seed.
_HELD_OUT_SEED = 1 << 40
_COLUMNS = ("step", "pairs", "processor_s", "wall_s", "loss", "rate")
# Where a rate falls, so much of it is left in the end.
_LEFT_RATE = 0.02


class Trainer(Generic[J]):
    """One run, of one process or of those that torchrun starts.

    `run` goes on from the checkpoint in the output folder where there is one; all processes see the same folder.
    """

    def __init__(self, task: NetworkTask[J], say: Callable[[str], None] = print) -> None:
        settings = task.settings
        torch.set_num_threads(settings.threads)
        self.task, self.settings = task, settings
        self.ranks = Ranks(settings.device)
        self.say = say if self.ranks.first else lambda _line: None
        library = MeshLibrary.from_folder(settings.meshes, left_out=settings.left_out)
        trained, self.held = library.parted(settings.held_out)
        self.meshes = trained.some(settings.most_meshes) if settings.most_meshes else trained
        self.textures = TextureLibrary.from_folder(settings.textures)
        self._recorded = recorded_scenes(settings.recordings, self.say) if self.ranks.first else None
        torch.manual_seed(settings.seed)
        network = task.network().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network: nn.Module = network.to(self.ranks.device)
        self._begun = self._begin_with(Path(settings.begin_with)) if settings.begin_with else TrainingFacts(task.kind)
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.folder = Path(settings.output)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.checkpoint = self.folder / "training.pt"
        self.step, self.sets, self.pairs, self.processor_s, self.wall_s = 0, 0, 0, 0.0, 0.0
        self._judged_on: dict[str, list[Batch]] = {}

    def run(self, until: int | None = None) -> Path:
        """Train to the last step, or to step `until`; returns the file of averaged weights.

        Where the library that writes it is missing, it is the checkpoint, which holds them as well.
        """
        if self._load():
            self.say(f"going on from step {self.step}, {self.pairs} pairs")
        log = self._log() if self.ranks.first else None
        self._train(self.settings.steps if until is None else min(until, self.settings.steps), log)
        if log is not None:
            log.close()
            self._save()
        written = self._exported() if self.ranks.first else self.checkpoint
        self.ranks.close()
        return written

    def _train(self, last: int, log: RunLog | None) -> None:
        """Learn from batches up to the last step. log: of the process that writes."""
        trained = self.ranks.parallel(self.network)
        losses: list[float] = []
        saved = time.monotonic()
        begun = (self.processor_s - time.process_time(), self.wall_s - time.monotonic())
        while self.step < last:
            stage, end = self._stage_and_end(last)
            for batch in self._batches(stage, end):
                losses.append(self._learned(trained, batch, stage))
                self.processor_s = begun[0] + time.process_time()
                self.wall_s = begun[1] + time.monotonic()
                if log is None:
                    continue
                if self._is_due or self.step % REPORT_EVERY_STEPS == 0:
                    self._note(log, float(np.mean(losses)))
                    losses.clear()
                if time.monotonic() - saved > self.settings.save_every_s:
                    self._save()
                    saved = time.monotonic()

    def validated(self) -> J:
        """Judge the averaged weights on drawn sets of held-out meshes, the same ones each time."""
        settings, last = self.settings, self.settings.stages[-1]
        # Of held-out meshes there may be no pictures, and figures of runs with and without made objects compare.
        drawn = replace(last.drawn, pictured=0.0, made=0.0)
        scenes = scenes_of(self.held, self.textures, drawn, settings.validation_seed + _HELD_OUT_SEED)
        return self._judged("held out", self.task.sets(scenes, replace(last, drawn=drawn)), settings.validation_sets)

    def validated_on_recordings(self) -> J | None:
        """Judge the averaged weights on views of recordings, the same ones each time; None where there are none."""
        if self._recorded is None:
            return None
        sets = self.task.sets(self._recorded, self.settings.stages[-1])
        return self._judged("recorded", sets, self.settings.recorded_sets)

    def judged_on(self, scenes: Scenes, count: int) -> J:
        """Judge the averaged weights on sets of the first so many of any scenes."""
        return self._judge(self._laid_together(self.task.sets(scenes, self.settings.stages[-1]), count))

    def _judged(self, name: str, sets: Sets, count: int) -> J:
        """Judge on sets that are made once."""
        if name not in self._judged_on:
            self._judged_on[name] = list(self._laid_together(sets, count))
        return self._judge(self._judged_on[name])

    def _laid_together(self, sets: Sets, count: int) -> Iterator[Batch]:
        for part in np.array_split(np.arange(count), -(-count // 16)):
            yield self.task.batch([sets[k] for k in part.tolist()])

    @torch.no_grad()
    def _judge(self, batches: Iterable[Batch]) -> J:
        return self.task.judged(self.average, (self._here(batch) for batch in batches))

    def _here(self, batch: Batch) -> Batch:
        return tuple(tensor.to(self.ranks.device) for tensor in batch)

    def _stage_and_end(self, last: int) -> tuple[RunStage, int]:
        """The stage under way, and the step at which it, or the run, ends."""
        end = 0
        for stage in self.settings.stages:
            end += stage.steps
            if self.step < end:
                return stage, min(end, last)
        return self.settings.stages[-1], last

    def _batches(self, stage: RunStage, end: int) -> Iterator[Batch]:
        settings = self.settings
        scenes = scenes_of(self.meshes, self.textures, stage.drawn, settings.seed, settings.pictures)
        batches = _Batches(
            self.task,
            self.task.sets(scenes, stage),
            size=stage.sets,
            first=self.sets + self.ranks.rank * stage.sets,
            apart=self.ranks.count * stage.sets,
            count=end - self.step,
        )
        return iter(DataLoader(batches, batch_size=None, shuffle=False, num_workers=settings.workers))

    def _learned(self, network: nn.Module, batch: Batch, stage: RunStage) -> float:
        rate = self._rate(stage)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.network.train()
        loss = self.task.loss(lambda *inputs: self._forward(network, inputs), self._here(batch))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        # One bad batch must not spoil hours of work.
        if torch.isfinite(nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip)):
            self.optimizer.step()
        self.step += 1
        self.sets += self.ranks.count * stage.sets
        self.pairs += self.ranks.count * self.task.pairs(batch)
        self._averaged()
        return float(loss.detach())

    def _rate(self, stage: RunStage) -> float:
        settings = self.settings
        rate = settings.learning_rate * stage.rate * min(1.0, (self.step + 1) / settings.warm_up_steps)
        if not settings.falling:
            return rate
        return rate * (_LEFT_RATE + (1 - _LEFT_RATE) * (1 + math.cos(math.pi * self.step / settings.steps)) / 2)

    def _forward(self, network: nn.Module, inputs: tuple[Tensor, ...]) -> Any:
        kind = torch.device(self.ranks.device).type
        with torch.autocast(kind, torch.bfloat16, enabled=self.settings.precision == "bf16"):
            return network(*inputs)

    @torch.no_grad()
    def _averaged(self) -> None:
        """Move the average on; early on it is that of few steps."""
        left = min(self.settings.average, self.step / (self.step + 10))
        for kept, new in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if kept.is_floating_point():
                kept.lerp_(new, 1 - left)
            else:
                kept.copy_(new)

    def _log(self) -> RunLog:
        recorded = tuple(f"recorded_{name}" for name in self.task.columns)
        return RunLog(self.folder, (*_COLUMNS, *self.task.columns, *recorded), self.step, self.say)

    @property
    def _is_due(self) -> bool:
        """Whether the weights are judged after this step."""
        return self.step % self.settings.validate_every == 0 or self.step == self.settings.steps

    def _note(self, log: RunLog, loss: float) -> None:
        judged = self.validated() if self._is_due else None
        recorded = self.validated_on_recordings() if self._is_due else None
        unknown = (float("nan"),) * len(self.task.columns)
        found = (unknown if one is None else one.logged for one in (judged, recorded))
        times_s = round(self.processor_s, 1), round(self.wall_s, 1)
        log.write((self.step, self.pairs, *times_s, loss, self.optimizer.param_groups[0]["lr"], *chain(*found)))
        shown = "" if judged is None else f", {judged}"
        shown += "" if recorded is None else f"; recordings: {recorded}"
        self.say(f"step {self.step}, {self.pairs} pairs, {self.processor_s / 60:.1f} min, loss {loss:.4f}{shown}")

    def _exported(self) -> Path:
        library = self.task.written_with
        if library is not None and find_spec(library) is None:
            self.say(needed("writing the network for onnxruntime", library, "the checkpoint holds it as well"))
            return self.checkpoint
        path = self.folder / self.task.file
        facts = TrainingFacts(
            self.task.kind,
            licence=self.settings.licence,
            date=datetime.now(timezone.utc).date().isoformat(),
            steps=self._begun.steps + self.step,
            pairs=self._begun.pairs + self.pairs,
            meshes=max(self._begun.meshes, len(self.meshes)),
            minutes=self._begun.minutes + round(self.processor_s / 60),
        )
        self.task.export(copy.deepcopy(self.average).cpu(), path, facts)
        return path

    @property
    def _parts(self) -> Parts:
        return {"network": self.network, "average": self.average, "optimizer": self.optimizer}

    def _save(self) -> None:
        counts = {
            "counts": {"step": self.step, "sets": self.sets, "pairs": self.pairs},
            "times_s": {"processor_s": self.processor_s, "wall_s": self.wall_s},
        }
        save_run(self.checkpoint, self._parts, counts)

    def _begin_with(self, path: Path) -> TrainingFacts:
        tensors, metadata = read_safetensors(path)
        try:
            self.network.load_state_dict(tensors)
        except RuntimeError:
            raise InputRefused(
                "bad_weights", f"{path} holds another network: begin with a {self.task.title}'s"
            ) from None
        return TrainingFacts.from_metadata(metadata)

    def _load(self) -> bool:
        content = load_run(self.checkpoint, self._parts)
        if content is None:
            return False
        try:
            self.step, self.sets, self.pairs = (content["counts"][name] for name in ("step", "sets", "pairs"))
            self.processor_s, self.wall_s = (content["times_s"][name] for name in ("processor_s", "wall_s"))
        except KeyError:
            raise InputRefused(
                "bad_checkpoint",
                f"{self.checkpoint} is of an earlier version: give this run an output folder of its own",
            ) from None
        return True


class _Batches(Dataset[Batch], Generic[J]):
    """`count` batches of `size` sets, each made from its number, and beginning `apart` after the one before."""

    def __init__(self, task: NetworkTask[J], sets: Sets, size: int, first: int, apart: int, count: int) -> None:
        self._task, self._sets, self._size = task, sets, size
        self._first, self._apart, self._count = first, apart, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Batch:
        if index >= len(self):
            raise IndexError(index)
        begin = self._first + index * self._apart
        return self._task.batch([self._sets[number] for number in range(begin, begin + self._size)])
