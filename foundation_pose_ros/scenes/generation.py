"""A run: scenes are composed, then made side by side, and what is done is not done again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..errors import InputRefused
from .composer import Composer
from .dataset import MOST_SCENES, DatasetFolder, Renderer
from .libraries import NO_LIBRARIES, Libraries
from .scene_spec import SceneSpec
from .spec_scene import make_described
from .workers import Job, Outcome, made_by_processes, made_by_ray, made_here

RendererName = Literal["fast", "mitsuba"]
# Seeds that are composed at once: some batches of a language model.
_COMPOSED_AT_ONCE = 32


@dataclass(frozen=True)
class SceneJob:
    """Makes the scene of a number, in whichever process it is called."""

    folder: DatasetFolder
    renderer: RendererName
    libraries: Libraries

    def __call__(self, number: int) -> None:
        self.folder.make(number, renderer_of(self.renderer), self.libraries)


@dataclass(frozen=True)
class Hands:
    """Who makes scenes: so many processes of this machine, or Ray where an address of it is given."""

    processes: int = 1
    ray: str | None = None

    def made(self, job: Job, numbers: Sequence[int]) -> Iterator[Outcome]:
        """Yield what comes of each scene."""
        if self.ray is not None:
            return made_by_ray(job, numbers, self.ray)
        if self.processes > 1:
            return made_by_processes(job, numbers, self.processes)
        return made_here(job, numbers)


@dataclass(frozen=True)
class Generation:
    """One run into one folder.

    scenes: how many. first_seed: scene k has seed first_seed + k. asked: what else says which scenes these are, for
    the folder to know its run.
    """

    folder: DatasetFolder
    composer: Composer
    scenes: int
    first_seed: int = 0
    renderer: RendererName = "fast"
    libraries: Libraries = NO_LIBRARIES
    hands: Hands = field(default_factory=Hands)
    asked: dict[str, Any] = field(default_factory=dict)

    def open(self) -> list[int]:
        """Make the folder or go on with it, compose what isn't yet, and return the numbers of scenes to be made.

        Raises InputRefused where the folder holds another run, and as the composer does.
        """
        if not 1 <= self.scenes <= MOST_SCENES:
            raise InputRefused("bad_settings", f"{self.scenes} scenes: give 1 to {MOST_SCENES}")
        self.folder.opened({"first_seed": self.first_seed, "renderer": self.renderer, **self.asked})
        missing = [number for number in range(self.scenes) if not self.folder.spec_path(number).is_file()]
        for start in range(0, len(missing), _COMPOSED_AT_ONCE):
            numbers = missing[start : start + _COMPOSED_AT_ONCE]
            specs = self.composer.compose([self.first_seed + number for number in numbers])
            for number, spec in zip(numbers, specs, strict=True):
                self.folder.keep(number, spec)
        return [number for number in range(self.scenes) if not self.folder.is_done(number)]

    def run(self, numbers: Sequence[int]) -> Iterator[Outcome]:
        """Make scenes, and yield what comes of each."""
        return self.hands.made(SceneJob(self.folder, self.renderer, self.libraries), numbers)


@dataclass(frozen=True)
class GivenScenes:
    """A `Composer` that was given its scenes."""

    specs: Sequence[SceneSpec]
    first_seed: int = 0

    def compose(self, seeds: Sequence[int]) -> list[SceneSpec]:
        """Return the scenes in their order."""
        return [self.specs[seed - self.first_seed] for seed in seeds]


def renderer_of(name: RendererName) -> Renderer:
    """Return a renderer by its name."""
    if name == "mitsuba":
        from .mitsuba_scene import render_mitsuba

        return render_mitsuba
    return make_described


def dataset_in(path: Path) -> DatasetFolder:
    """Return the data set of a folder, wherever processes are started."""
    return DatasetFolder(path.expanduser().resolve())
