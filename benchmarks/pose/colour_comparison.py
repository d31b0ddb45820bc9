"""`python -m benchmarks.pose.colour_comparison`: which way of comparing colours tells the turns apart that depth can't.

Every object with colours is put at its true pose and at every turn about its near symmetries; each way of comparing
rendered with observed colours says which looks best. In made-up scenes with their own light, exposure and white
balance, in such scenes with scanned objects, and in recordings. Writes benchmarks/results/colour_comparisons.json.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.calibration.scenes import RECORDINGS, mesh_models
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from benchmarks.reporting.results import data_folder, origin
from foundation_pose_ros import InputRefused, ObjectModel
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.estimation.methods import geometric_registration
from foundation_pose_ros.estimation.render_and_compare import RenderAndCompare
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.selection.colour import ColourComparison
from foundation_pose_ros.synthetic.meshes import DESIGNS, make_mesh
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

_SIZE = 64
_FIRST_SEED = 8100
_FRAMES_OF_RECORDING = 6

# Observed (n, n, 3) and rendered (B, n, n, 3) in 0..1, weights (B, n, n): how well each of B agrees.
Comparison = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def normalised_correlation(observed: np.ndarray, rendered: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return each channel, lightly blurred, less its mean; one correlation over all."""
    return _correlation(_blurred(observed)[None], np.stack([_blurred(image) for image in rendered]), weight)


def gradients(observed: np.ndarray, rendered: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the gray image's gradients, which an offset of brightness doesn't change."""
    return _correlation(_gradient(observed)[None], np.stack([_gradient(image) for image in rendered]), weight)


def census(observed: np.ndarray, rendered: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return share of equal signs of the differences to 8 neighbours (Zabih and Woodfill 1994), a local descriptor."""
    own = _signs(observed)
    equal = np.stack([(_signs(image) == own).mean(axis=-1) for image in rendered])  # (B, n, n)
    return (weight * equal).sum(axis=(1, 2)) / np.maximum(weight.sum(axis=(1, 2)), 1e-6)


def chroma_and_levelled_brightness(observed: np.ndarray, rendered: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return logarithms of colour ratios, and of brightness less its local mean: what the package uses."""
    return ColourComparison(observed).correlation(rendered, weight)[0]


def both(observed: np.ndarray, rendered: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the last with half as much of the gradients."""
    first = chroma_and_levelled_brightness(observed, rendered, weight)
    return first + 0.5 * gradients(observed, rendered, weight)


def and_what_sets_turns_apart(observed: np.ndarray, rendered: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Add the correlation of what is left of each turn and of the picture less the turns' mean."""
    return chroma_and_levelled_brightness(observed, rendered, weight) + ColourComparison(observed).distinguishable(
        rendered, weight
    )


COMPARISONS: dict[str, Comparison] = {
    "normalised correlation": normalised_correlation,
    "gradients": gradients,
    "census": census,
    "chroma and levelled brightness": chroma_and_levelled_brightness,
    "the same and gradients": both,
    "the same and what sets the turns apart": and_what_sets_turns_apart,
}


@dataclass(frozen=True)
class ComparedLook:
    """One object in one frame at its true pose, first, and at turns that depth may mistake for it."""

    source: str
    observed: np.ndarray
    rendered: np.ndarray
    weight: np.ndarray


def main(
    scenes: Annotated[int, typer.Option(help="Made-up scenes, and as many with scanned objects.")] = 16,
    data: Annotated[
        Path | None, typer.Option(help="Folder of recordings; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Measure, write the JSON, print the table."""
    report = measure(scenes, data_folder(data)) | {
        "command": f"python -m benchmarks.pose.colour_comparison --scenes {scenes}"
    }
    publish(PART, report, output)
    print(table(report))


def measure(scenes: int, data: Path) -> dict[str, Any]:
    """Measure figures by way of comparing and source of images."""
    looks = list(track(_looks(scenes, data), description="looks", console=Console(stderr=True)))
    sources = sorted({look.source for look in looks})
    return provenance({"scenes": scenes}) | {
        "comparisons": {
            name: {source: judged(compare, [look for look in looks if look.source == source]) for source in sources}
            for name, compare in COMPARISONS.items()
        },
    }


def judged(compare: Comparison, looks: list[ComparedLook]) -> dict[str, float]:
    """Return share of looks in which the true pose agrees best, and by how much in the middle."""
    margins = []
    for look in looks:
        said = compare(look.observed, look.rendered, look.weight)
        margins.append(float(said[0] - said[1:].max()))
    return {
        "n": len(margins),
        "right": round(float(np.mean(np.array(margins) > 0)), 3),
        "median_margin": round(float(np.median(margins)), 3),
    }


def table(report: dict[str, Any]) -> str:
    """Return shares by way of comparing and source of images."""
    sources = list(next(iter(report["comparisons"].values())))
    counts = next(iter(report["comparisons"].values()))
    lines = [
        "| | " + " | ".join(f"{source} (n = {counts[source]['n']})" for source in sources) + " |",
        "|---" * (len(sources) + 1) + "|",
    ]
    for name, rows in report["comparisons"].items():
        cells = [f"{100 * rows[source]['right']:.0f} %, {rows[source]['median_margin']:.2f}" for source in sources]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", origin(report)])


def _looks(scenes: int, data: Path) -> Iterator[ComparedLook]:
    meshes = [model for model in mesh_models(data / "meshes") if model.has_colour]
    for source, most in (("made-up objects", scenes), ("scanned objects", scenes if meshes else 0)):
        for seed in range(_FIRST_SEED, _FIRST_SEED + most):
            rng = np.random.default_rng(seed)
            if source == "scanned objects":
                models = [meshes[k] for k in rng.choice(len(meshes), 2, replace=False)]
            else:
                chosen = rng.choice(sorted(DESIGNS), 2, replace=False)
                models = [ObjectModel.from_mesh(make_mesh(name, seed), name=name) for name in chosen]
            scene = make_scene(SceneSettings(seed=seed, frames=2, objects=models, clutter=3, supersample=1))
            yield from _looks_of(scene, source, scene.frame_ids)
    for name in RECORDINGS:
        try:
            recording = open_sequence(data / "pose" / name)
        except InputRefused:
            continue
        ids = recording.frame_ids
        yield from _looks_of(
            recording, name, [ids[k] for k in np.linspace(0, len(ids) - 1, _FRAMES_OF_RECORDING, dtype=int)]
        )


def _looks_of(sequence: Sequence, source: str, frame_ids: list[str]) -> Iterator[ComparedLook]:
    for name in sequence.object_names:
        model = sequence.model(name)
        if not model.has_colour:
            continue
        compare = RenderAndCompare.on_cpu(model, 1)
        turns = geometric_registration(compare).turns
        if len(turns) < 2:
            continue
        for frame_id in frame_ids:
            truth = sequence.truth(frame_id, name)
            if truth is None:
                continue
            frame = sequence.frame(frame_id)
            try:
                observation = Crop.around_pose(frame, model, truth, 1.15).observe(_SIZE)
            except InputRefused:
                continue
            poses = truth @ turns.astype(np.float32)
            rendering = compare.renderer.render(poses, observation.K, (_SIZE, _SIZE), colour=True)
            off_m = rendering.depth_m - observation.depth_m.reshape(_SIZE, _SIZE)
            agrees = (rendering.depth_m > 0) & (np.abs(off_m) < 0.03 * model.diameter_m + 0.003)
            if agrees[0].sum() > 0.1 * (rendering.depth_m[0] > 0).sum() and rendering.rgb is not None:
                observed = observation.rgb.reshape(_SIZE, _SIZE, 3)
                yield ComparedLook(source, observed, rendering.rgb, agrees.astype(np.float32))


def _correlation(observed: np.ndarray, rendered: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Of features (1, n, n, C) and (B, n, n, C) over weights (B, n, n), each channel less its weighted mean."""
    w = weight[..., None] / np.maximum(weight.sum(axis=(1, 2)), 1e-6)[:, None, None, None]
    first, second = (x - (w * x).sum(axis=(1, 2), keepdims=True) for x in (observed, rendered))
    product, own, other = ((w * x).sum(axis=(1, 2, 3)) for x in (first * second, first**2, second**2))
    return product / np.sqrt(np.maximum(own * other, 1e-12))


def _blurred(rgb: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(rgb, (5, 5), 1.0)


def _gradient(rgb: np.ndarray) -> np.ndarray:
    gray = cv2.cvtColor(_blurred(rgb), cv2.COLOR_RGB2GRAY)
    return np.stack([cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)], axis=-1)


def _signs(rgb: np.ndarray) -> np.ndarray:
    gray = cv2.cvtColor(_blurred(rgb), cv2.COLOR_RGB2GRAY)
    shifts = [(dy, dx) for dy in (-2, 0, 2) for dx in (-2, 0, 2) if dy or dx]
    return np.stack([np.roll(gray, shift, (0, 1)) > gray for shift in shifts], axis=-1)


PART = Part(
    name="colour_comparison",
    about="which way of comparing colours tells turns apart that depth can't",
    result="colour_comparisons.json",
    tables={"colour_comparison": table},
    measure=lambda scope: measure(1 if scope.quick else 16, scope.data),
    in_bench=False,
)


if __name__ == "__main__":
    typer.run(main)
