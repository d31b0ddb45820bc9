"""Where samples are taken, and taking them there in processes side by side, so that a run can be cut off and go on."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.calibration.sample import Sample
from benchmarks.calibration.samples import Looks
from benchmarks.calibration.scenes import RECORDINGS, mesh_models, pieces, real_samples, rendered_samples
from benchmarks.calibration.searched import models_to_fit, searched_samples
from benchmarks.calibration.workers import worker_processes
from foundation_pose_ros import ObjectModel

# A group, and in it a scene's seed, or the first frame of a recording's piece.
Place = tuple[str, int]
# The first eight crowded tables are those of `first_poses --fit`.
_FIRST_SEED = {"fit": 5000, "library": 5500, "crowded": 9008, "rendered": 9000, "scanned": 9500}


def places(fit: int, held_out: int, data: Path) -> list[Place]:
    """List where samples are taken: pieces of recordings, and as many scenes of each group as are asked for."""
    scanned = 2 * held_out // 3 if _meshes(data / "meshes") else 0
    library, crowded = (fit // 3, fit // 2) if (data / "meshes_train").is_dir() else (0, 0)
    counts = {"fit": fit, "library": library, "crowded": crowded, "rendered": held_out, "scanned": scanned}
    recorded = [name for name in RECORDINGS if (data / "pose" / name).is_dir()]
    recordings = [(name, start) for name in recorded for start in pieces(data / "pose", name)]
    return recordings + [(group, _FIRST_SEED[group] + k) for group, count in counts.items() for k in range(count)]


def spread(wanted: list[Place]) -> list[Place]:
    """Order places so that a run which is cut off has got about as far in every group."""
    groups: dict[str, list[Place]] = {}
    for place in wanted:
        groups.setdefault(place[0], []).append(place)
    reached = {place: (k + 0.5) / len(part) for part in groups.values() for k, place in enumerate(part)}
    return sorted(wanted, key=lambda place: reached[place])


def samples_of(data: Path, looks: Looks, place: Place) -> list[Sample]:
    """Sample a piece of a recording, or a scene by its group and seed."""
    group, key = place
    if group in RECORDINGS:
        return real_samples(data / "pose", group, key, looks)
    if group == "crowded":
        return searched_samples(key, models_to_fit(data / "meshes_train"))
    models = {"library": partial(models_to_fit, data / "meshes_train"), "scanned": partial(_meshes, data / "meshes")}
    return rendered_samples(key, looks, models[group]() if group in models else None)


def gathered(
    missing: list[Place], take: Callable[[Place], list[Sample]], kept: dict[Place, list[Sample]], processes: int
) -> Iterator[Place]:
    """Put samples of each place into `kept`, one place after the other."""
    with worker_processes(processes) as pool:
        found = zip(missing, pool.map(take, missing), strict=True)
        for place, part in track(found, "samples", total=len(missing), console=Console(stderr=True)):
            kept[place] = part
            yield place


@lru_cache(maxsize=1)
def _meshes(folder: Path) -> list[ObjectModel]:
    return mesh_models(folder)
