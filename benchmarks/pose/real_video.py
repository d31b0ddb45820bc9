"""`python -m benchmarks.pose.real_video`: tracks through recordings, of which every 1st to 4th frame is left.

Each object is followed forwards and backwards, from the first true pose and from a registration of the first mask; no
mask is given after that. Writes benchmarks/results/real_video.json and its table; with --charts a strip chart for each
recording, by which a person sees where a track goes wrong and whether it knew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Literal

import cv2
import numpy as np
import typer

from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Scope
from benchmarks.reporting.results import data_folder
from foundation_pose_ros import PoseEstimator
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.replayed import Replayed
from foundation_pose_ros.evaluation.evaluate import JudgedEstimate, evaluate, objects_to_judge
from foundation_pose_ros.evaluation.metrics import RECALL_FRACTION
from foundation_pose_ros.evaluation.report import provenance
from foundation_pose_ros.evaluation.runner import RunSettings
from foundation_pose_ros.tracking import StateSettings

RECORDINGS = ("visp_rbt_desk", "ycbv_0000", "jack_pushed", "pencilbox_handheld")
STEPS = (1, 2, 3, 4)
# A pose that scores less is in doubt: it isn't believed silently.
_SURE = StateSettings().regain_score


@dataclass(frozen=True)
class Play:
    """One track through one recording, frames in order.

    recording, object_name: what was followed.
    step: every so many-th frame.
    start: by what the track began.
    rows: of all frames after the start.
    """

    recording: str
    object_name: str
    step: int
    start: str
    rows: list[JudgedEstimate]


def main(
    data: Annotated[
        Path | None, typer.Option(help="Folder of recordings; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    charts: Annotated[Path | None, typer.Option(help="Folder for a strip chart of each recording.")] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Measure, and write JSON, table and charts."""
    plays = list(all_plays(data_folder(data), STEPS))
    report = report_of(plays) | {"command": "python -m benchmarks.pose.real_video"}
    publish(PART, report, output)
    print(PART.markdown(report))
    if charts is not None:
        charts.mkdir(parents=True, exist_ok=True)
        for recording, group in groupby(plays, lambda play: play.recording):
            cv2.imwrite(str(charts / f"{recording}.png"), strip_chart(list(group))[..., ::-1])


def all_plays(folder: Path, steps: tuple[int, ...]) -> Iterator[Play]:
    """Follow each object of each recording in all ways."""
    for recording in RECORDINGS:
        sequence = open_sequence(folder / "pose" / recording)
        starts: tuple[Literal["gt", "mask"], ...] = ("gt", "mask")
        for name in objects_to_judge(sequence, RunSettings("track")):
            estimator = PoseEstimator([sequence.model(name)])
            for step in steps:
                for backwards in (False, True):
                    for first in range(min(step, 2)):
                        played = Replayed(sequence, step, first, backwards)
                        for start in starts:
                            judged = evaluate(played, estimator, [name], RunSettings("track", init=start))
                            rows = [row for _, frame_rows in judged for row in frame_rows if row.counted]
                            yield Play(recording, name, step, start, rows)


def report_of(plays: list[Play]) -> dict[str, Any]:
    """Return the share of right poses, and of wrong ones that were believed, by object and step."""
    rows: dict[tuple[str, str, int], list[JudgedEstimate]] = {}
    for play in plays:
        rows.setdefault((play.recording, play.object_name, play.step), []).extend(play.rows)
    entries: list[dict[str, Any]] = [
        {"recording": recording, "object": name, "step": step, "n": len(found)} | _shares(found)
        for (recording, name, step), found in rows.items()
    ]
    overall = [
        {"step": step, "n": sum(e["n"] for e in entries if e["step"] == step)}
        | _shares([row for key, found in rows.items() if key[2] == step for row in found])
        for step in sorted({play.step for play in plays})
    ]
    return provenance({"recordings": list(RECORDINGS)}) | {"objects": entries, "overall": overall}


def _shares(rows: list[JudgedEstimate]) -> dict[str, float]:
    wrong = [row for row in rows if not right(row)]
    believed = [row for row in wrong if row.estimate.result is not None and row.estimate.result.score >= _SURE]
    return {"right": round(1 - len(wrong) / len(rows), 4), "wrong_believed": round(len(believed) / len(rows), 4)}


def right(row: JudgedEstimate) -> bool:
    """Tell whether ADD over the object's symmetries is below a tenth of the diameter."""
    return bool(row.add_m < RECALL_FRACTION * row.diameter_m)


def table(report: dict[str, Any]) -> str:
    """Return a line per object, a pair of columns per step."""
    steps = [entry["step"] for entry in report["overall"]]
    lines = ["| | " + " | ".join(f"every {step}" if step > 1 else "all frames" for step in steps) + " |"]
    lines.append("|---|" + "---|" * len(steps))
    named: dict[tuple[str, str], dict[int, Any]] = {(e["recording"], e["object"]): {} for e in report["objects"]}
    for entry in report["objects"]:
        named[entry["recording"], entry["object"]][entry["step"]] = entry
    named["all", ""] = {entry["step"]: entry for entry in report["overall"]}
    for (recording, name), by_step in named.items():
        cells = [f"{e['right']:.3f} ({100 * e['wrong_believed']:.1f} % of {e['n']})" for e in by_step.values()]
        lines.append(f"| {recording} {name}".rstrip() + " | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def strip_chart(plays: list[Play], cell_px: int = 12, label_px: int = 330) -> np.ndarray:
    """Draw (H, W, 3) uint8 RGB: a line per track, a cell per frame, green where it is right, red by how sure it wasn't.

    White: no pose, and the tracker said so. The bar in a cell is the score.
    """
    width = label_px + cell_px * max(len(play.rows) for play in plays)
    image = np.full((len(plays) * (cell_px + 3) + 3, width, 3), 255, np.uint8)
    for k, play in enumerate(plays):
        top = 3 + k * (cell_px + 3)
        label = f"{play.object_name}, every {play.step}, from {play.start}"
        cv2.putText(image, label, (4, top + cell_px - 2), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (40, 40, 40), 1, cv2.LINE_AA)
        for column, row in enumerate(play.rows):
            left, result = label_px + column * cell_px, row.estimate.result
            if result is None:
                cv2.rectangle(image, (left, top), (left + cell_px - 2, top + cell_px - 1), (190, 190, 190), 1)
                continue
            colour = (120, 190, 120) if right(row) else (255, 170, 60) if result.score < _SURE else (215, 50, 40)
            image[top : top + cell_px, left : left + cell_px - 1] = colour
            image[top + round((1 - result.score) * (cell_px - 2)) : top + cell_px, left + cell_px // 2] = (30, 30, 30)
    return image


def _measured(scope: Scope) -> dict[str, Any]:
    plays = list(all_plays(scope.data, STEPS[:1] if scope.quick else STEPS))
    return report_of(plays) | {"command": "make bench"}


PART = Part(
    name="real video",
    about="tracks through recordings, with frames left out",
    result="real_video.json",
    tables={"real_video": table},
    measure=_measured,
)

if __name__ == "__main__":
    typer.run(main)
