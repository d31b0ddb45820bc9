"""`python -m benchmarks.pose.compact_choice`: whether a compact scorer chooses better turns.

Among the poses that registrations keep, of scanned objects in rendered scenes and of recordings, none of which it was
trained on: how often the right one comes first by the learning-free ranks, by the network, and by both together.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.pose.choice_fit import JudgedSet, fitted_choice
from benchmarks.pose.compact_weights import measured_weights, weights_in_words
from benchmarks.pose.runner_ups import MOST, Look, RunnersUp, in_scenes, of_sequence
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import data_folder, origin
from foundation_pose_ros import ObjectModel
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.networks.compact_session import CompactScorerSession
from foundation_pose_ros.networks.shipped_weights import COMPACT_SCORER, FOLDER
from foundation_pose_ros.object_model.surface_distance import RIGHT_SHARE
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.selection.compact_scorer import ChoiceSettings, weighed

SCENES, FRAMES, VIEWS = 40, 3, 30
RECORDINGS = ("jack_pushed", "pencilbox_handheld", "visp_rbt_desk", "ycbv_0000")
_CHOICES = ("learning_free", "network", "both")


def main(
    weights: Annotated[Path, typer.Option(help=f"Folder that holds {COMPACT_SCORER}.")] = FOLDER,
    looks: Annotated[Path, typer.Option(help="Folder to keep registrations in, for other weights.")] = Path(
        "runs/looks"
    ),
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Register what isn't kept yet, judge the weights, and write JSON and table."""
    session = CompactScorerSession(weights / COMPACT_SCORER, threads=1)
    scanned, recorded = (
        judged_sets(_kept(looks / f"{name}.npz", made), session.scores)
        for name, made in (("scanned", _scanned), ("recordings", _recorded))
    )
    report = provenance({"scenes": SCENES, "frames": FRAMES, "views": VIEWS})
    report |= measured_weights("compact_choice", weights / COMPACT_SCORER, session.metadata) | {
        "sources": {"scanned objects": summed_up(scanned), "recordings": summed_up(recorded)},
        "fit": {
            name: round(value, 4) for name, value in asdict(fitted_choice(scanned, ChoiceSettings().largest)).items()
        },
    }
    publish(PART, report, output)
    print(PART.markdown(report))


def judged_sets(kept: RunnersUp, scores: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> list[JudgedSet]:
    """Return the decidable registrations with what a network says of them. scores: as `SetScorer` has them."""
    sets = []
    for i in np.flatnonzero(kept.decidable):
        among = slice(0, int(kept.count[i]))
        said = scores(kept.rendered[i, among].astype(np.float32), kept.observed[i, None].astype(np.float32))
        sets.append(JudgedSet(kept.rank[i, among], said, kept.error[i, among] < RIGHT_SHARE))
    return sets


def summed_up(sets: list[JudgedSet]) -> dict[str, Any]:
    """Return the shares of sets whose first pose is right, by each choice, and what the network mends and breaks of the
    learning-free choice.
    """
    first: dict[str, list[bool]] = {name: [] for name in _CHOICES}
    for one in sets:
        choices = one.rank, one.score, weighed(one.rank, one.score, ChoiceSettings())
        for name, by in zip(_CHOICES, choices, strict=True):
            first[name].append(bool(one.right[int(np.argmax(by))]))
    free, both = np.array(first["learning_free"]), np.array(first["both"])
    return {
        "decidable": len(free),
        **{name: round(float(np.mean(values)), 4) for name, values in first.items()},
        "mended": int((both & ~free).sum()),
        "broken": int((free & ~both).sum()),
    }


def table(report: Report) -> str:
    """Return how often the right pose comes first."""
    lines = ["| | n | learning-free | the network alone | both | mended | broken |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {source} | {row['decidable']} | {row['learning_free']:.3f} | {row['network']:.3f} | {row['both']:.3f} "
        f"| {row['mended']} | {row['broken']} |"
        for source, row in report["sources"].items()
    ]
    fit = report["fit"]
    return "\n".join(
        [
            *lines,
            "",
            f"Fitted on the scanned objects a unit of the network's scores is worth {fit['weight']:.3f} of a rank: "
            f"both together are then {fit['unlikely']:.3f} nats from the truth, ranks alone {fit['without']:.3f}. "
            f"{weights_in_words(report)}. {origin(report)}",
        ]
    )


def _kept(path: Path, looks: Callable[[], Iterator[Look]]) -> RunnersUp:
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        RunnersUp.collected(list(looks())).save(path)
    return RunnersUp.load(path)


def _scanned() -> Iterator[Look]:
    folders = sorted(folder for folder in (data_folder() / "meshes").iterdir() if folder.is_dir())
    models = [ObjectModel.from_mesh(folder / "model.obj", name=folder.name) for folder in folders]
    return in_scenes(models, range(SCENES), "scanned", FRAMES)


def _recorded() -> Iterator[Look]:
    for name in RECORDINGS:
        sequence = open_sequence(data_folder() / "pose" / name)
        frame_ids = list(sequence.frame_ids)
        yield from of_sequence(sequence, name, frame_ids[:: max(1, len(frame_ids) // VIEWS)])


PART = Part(
    "compact_choice",
    f"which of at most {MOST} poses a compact scorer would choose",
    "compact_choice.json",
    {"compact_choice": table},
)


if __name__ == "__main__":
    typer.run(main)
