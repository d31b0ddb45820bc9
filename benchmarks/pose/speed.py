"""Time of a registration and of a tracking step, and their floor: the same rays with nothing else to do."""

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from foundation_pose_ros import ObjectModel, PoseEstimator, PoseResult
from foundation_pose_ros.arrays import Intrinsics
from foundation_pose_ros.rendering import EmbreeRenderer, Rendering
from foundation_pose_ros.rendering.renderer import Caster
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

OBJECTS = ("mug", "cracker_box", "sticker_cube", "bottle")
THREADS = 2


def measure(rounds: int) -> dict[str, Any]:
    """Measure per object in a rendered scene at 640x480: each round the floor, a registration, a few tracking steps."""
    scenes = {
        name: make_scene(SceneSettings(seed=7, frames=16, objects=[name], clutter=4, rate_hz=30.0)) for name in OBJECTS
    }
    subjects = {name: _TimedObject.of(scene, scene.model(name)) for name, scene in scenes.items()}
    rows: dict[str, list[float]] = {key: [] for key in ("rays", "register", "track", "register_over", "track_over")}
    for step in range(rounds):
        for subject in subjects.values():
            register_floor_s, track_floor_s = subject.register_rays.alone_s(), subject.track_rays.alone_s()
            register_s, track_s = subject.register_and_track(step)
            rows["rays"].append(subject.register_rays.count / register_floor_s)
            rows["register"].append(register_s)
            rows["track"] += track_s
            rows["register_over"].append(register_s / register_floor_s)
            rows["track_over"].append(float(np.median(track_s)) / track_floor_s)
    return {
        "image": "640x480",
        "threads": THREADS,
        "objects": {name: {"faces": len(subject.model.faces)} for name, subject in subjects.items()},
        "floor_rays_per_s": summary(rows["rays"]),
        "register_s": summary(rows["register"])
        | {"rays": int(np.median([subject.register_rays.count for subject in subjects.values()]))},
        "track_s": summary(rows["track"])
        | {"rays": int(np.median([subject.track_rays.count for subject in subjects.values()]))},
        "register_over_floor": summary(rows["register_over"]),
        "track_over_floor": summary(rows["track_over"]),
    }


@dataclass
class _TimedObject:
    """One object in one scene, and the rays that an estimate of it takes."""

    scene: SyntheticScene
    model: ObjectModel
    estimator: PoseEstimator
    register_rays: "_Rays"
    track_rays: "_Rays"

    @classmethod
    def of(cls, scene: SyntheticScene, model: ObjectModel) -> "_TimedObject":
        estimator = PoseEstimator([model], threads=THREADS)
        subject = cls(scene, model, estimator, _Rays(), _Rays())
        registered = subject._register(0)
        with subject.register_rays:
            subject._register(0)
        frame = scene.frame(scene.frame_ids[1])  # rendered by the same renderer: not to be counted
        with subject.track_rays:
            estimator.track(frame, registered)
        return subject

    def register_and_track(self, step: int) -> tuple[float, list[float]]:
        ids = self.scene.frame_ids
        start = step % (len(ids) - 4)
        result = self._register(start)
        register_s, track_s = result.time_s, []
        for frame_id in ids[start + 1 : start + 5]:
            result = self.estimator.track(self.scene.frame(frame_id), result)
            track_s.append(result.time_s)
        return register_s, track_s

    def _register(self, index: int) -> PoseResult:
        frame_id = self.scene.frame_ids[index]
        mask = self.scene.mask(frame_id, self.model.name)
        assert mask is not None, f"{self.model.name} is hidden in frame {frame_id}"
        return self.estimator.register(self.scene.frame(frame_id), mask)


class _Rays:
    """The rays of all renderings while it is entered, to be cast once more with nothing else to do."""

    def __enter__(self) -> None:
        self._casts: list[tuple[Caster, np.ndarray, np.ndarray, tuple[int, int]]] = []
        self._render = EmbreeRenderer.render

        def render(
            renderer: EmbreeRenderer, T: np.ndarray, K: Intrinsics, size: tuple[int, int], **of: bool
        ) -> Rendering:
            self._casts.append((renderer.caster, np.array(T, np.float32), np.array(K, np.float32), size))
            return self._render(renderer, T, K, size, **of)

        EmbreeRenderer.render = render  # type: ignore[method-assign,assignment]

    def __exit__(self, *_: object) -> None:
        EmbreeRenderer.render = self._render  # type: ignore[method-assign]

    @property
    def count(self) -> int:
        return sum(len(T) * size[0] * size[1] for _, T, _, size in self._casts)

    def alone_s(self) -> float:
        """Cast for depth alone; the median of a few times."""
        times = []
        for _ in range(3):
            started = perf_counter()
            for caster, T, K, size in self._casts:
                caster.cast(T, K, size)
            times.append(perf_counter() - started)
        return float(np.median(times))


def summary(values: list[float]) -> dict[str, float | int]:
    """Return n, median and quartiles."""
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75))
    return {"n": len(values), "median": _short(median), "q1": _short(low), "q3": _short(high)}


def _short(value: float) -> float:
    return float(f"{value:.4g}")
