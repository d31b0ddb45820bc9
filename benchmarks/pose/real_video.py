"""`python -m benchmarks.pose.real_video`: tracks through recordings, of which every 1st to 4th frame is left.

Each object is followed forwards and backwards, from the first true pose and from a registration of the first mask; no
mask is given after that. Recordings are played as they are, and with what video gets wrong. Writes
benchmarks/results/real_video.json and its tables; with --charts strips of each recording, by which a person sees where
a track goes wrong and whether it knew.
"""

from collections.abc import Callable, Iterable
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer

from benchmarks.pose.real_video_plays import AS_IT_IS, RECORDINGS, STEPS, VARIANTS, Play, WantedPlays, all_plays
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Scope
from benchmarks.reporting.results import data_folder
from foundation_pose_ros.atomic_file import write_text
from foundation_pose_ros.evaluation.evaluate import JudgedEstimate
from foundation_pose_ros.evaluation.html_report import data_uri
from foundation_pose_ros.evaluation.strip_chart import Strip, add_right, believed, strip_chart
from foundation_pose_ros.runtime.provenance import provenance

# A wrong pose that scores more is one that nobody would doubt.
SURE = 0.8
# For longer than this nothing wrong may be believed.
SILENT_S = 0.1


def main(
    data: Annotated[
        Path | None, typer.Option(help="Folder of recordings; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="A recording, an object, a variant, a step (1 to 4), a start (gt, mask); may come again."),
    ] = None,
    charts: Annotated[
        Path | None, typer.Option(help="Folder for strips of each recording, and a page of them.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Measure, and write JSON, tables and charts."""
    plays = list(all_plays(data_folder(data), wanted(only or [])))
    asked = "".join(f" --only '{word}'" for word in only or [])
    report = report_of(plays) | {"command": f"python -m benchmarks.pose.real_video{asked}"}
    if not only or output is not None:
        publish(PART, report, output)
    print(PART.markdown(report))
    if charts is not None:
        draw(plays, report, charts)


def wanted(words: list[str]) -> WantedPlays:
    """Sort words by what they name; what is neither recording, variant, step nor start is an object."""
    kinds: dict[str, tuple[str, ...]] = {
        "recordings": RECORDINGS,
        "variants": tuple(VARIANTS),
        "steps": tuple(map(str, STEPS)),
        "starts": ("gt", "mask"),
    }
    named: dict[str, Any] = {kind: tuple(word for word in words if word in known) for kind, known in kinds.items()}
    named["objects"] = tuple(word for word in words if not any(word in known for known in kinds.values()))
    named["steps"] = tuple(map(int, named["steps"]))
    return WantedPlays(**{kind: found for kind, found in named.items() if found})


def report_of(plays: list[Play]) -> dict[str, Any]:
    """Return shares of right poses and of wrong ones that were believed, by object, variant and step."""

    def grouped(key: Callable[[Play], dict[str, Any]]) -> list[dict[str, Any]]:
        groups: dict[tuple[Any, ...], list[Play]] = {}
        for play in plays:
            groups.setdefault(tuple(key(play).items()), []).append(play)
        return [dict(name) | shares(group) for name, group in groups.items()]

    return provenance({"recordings": sorted({play.recording for play in plays})}) | {
        "objects": grouped(
            lambda p: {"recording": p.recording, "object": p.object_name, "variant": p.variant, "step": p.step}
        ),
        "overall": grouped(lambda p: {"variant": p.variant, "step": p.step}),
        "starts": grouped(lambda p: {"variant": p.variant, "start": p.start}),
        "silently_wrong": [_said(play, stretch) for play in plays for stretch in silent_stretches(play)],
    }


def shares(plays: Iterable[Play]) -> dict[str, Any]:
    """Sum tracks up.

    right: share of frames by ADD over symmetries; right_mssd: by the largest error of any point; sure: of all frames,
    those that are wrong by ADD and score above SURE; stretches: of more than SILENT_S, wrong by ADD, TRACKING and not
    in doubt; longest_s: the longest of these.
    """
    plays = list(plays)
    rows = [row for play in plays for row in play.rows]
    stretches = [stretch for play in plays for stretch in silent_stretches(play)]
    return {
        "n": len(rows),
        "right": _share(map(add_right, rows)),
        "right_mssd": _share(row.right for row in rows),
        "sure": _share(not add_right(row) and _score(row) > SURE for row in rows),
        "stretches": len(stretches),
        "longest_s": round(max((_lasted_s(*stretch) for stretch in stretches), default=0.0), 3),
    }


Stretch = tuple[list[JudgedEstimate], list[float]]


def silent_stretches(play: Play) -> list[Stretch]:
    """Return rows and times of all stretches in which a track was wrong, and said nothing of it, for too long."""
    found = []
    known = zip(play.rows, play.times_s, strict=True)
    for silent, group in groupby(known, lambda pair: believed(pair[0]) and not add_right(pair[0])):
        rows, times_s = map(list, zip(*group, strict=True))
        if silent and _lasted_s(rows, times_s) > SILENT_S + 1e-6:
            found.append((rows, times_s))
    return found


def _lasted_s(rows: list[JudgedEstimate], times_s: list[float]) -> float:
    return times_s[-1] - times_s[0]


def _said(play: Play, stretch: Stretch) -> dict[str, Any]:
    rows, _ = stretch
    worst = max(rows, key=lambda row: row.add_m)
    return {
        "recording": play.recording,
        "variant": play.variant,
        "track": play.label,
        "frames": [row.estimate.frame_id for row in rows],
        "scores": [round(_score(row), 2) for row in rows],
        "worst": f"{1000 * worst.translation_m:.0f} mm, {worst.rotation_deg:.0f} deg",
        "lasted_s": round(_lasted_s(*stretch), 3),
    }


def _score(row: JudgedEstimate) -> float:
    return 0.0 if row.estimate.result is None else float(row.estimate.result.score)


def _share(values: Iterable[bool]) -> float | None:
    found = [bool(value) for value in values]
    return round(float(np.mean(found)), 4) if found else None


def by_object(report: dict[str, Any]) -> str:
    """Return a line per object of the recordings as they are, a column per step."""
    entries = [e for e in report["objects"] if e["variant"] == AS_IT_IS]
    overall = [e for e in report["overall"] if e["variant"] == AS_IT_IS]
    return _table(
        [(f"{e['recording']} {e['object']}", e) for e in entries] + [("all", e) for e in overall],
        sorted({e["step"] for e in overall}),
    )


def by_variant(report: dict[str, Any]) -> str:
    """Return a line per variant, over all objects, a column per step."""
    return _table([(e["variant"], e) for e in report["overall"]], sorted({e["step"] for e in report["overall"]}))


def _table(entries: list[tuple[str, dict[str, Any]]], steps: list[int]) -> str:
    lines = ["| | " + " | ".join(f"every {step}" if step > 1 else "all frames" for step in steps) + " |"]
    lines.append("|---|" + "---|" * len(steps))
    named: dict[str, dict[int, Any]] = {}
    for name, entry in entries:
        named.setdefault(name, {})[entry["step"]] = entry
    for name, by_step in named.items():
        cells = [_cell(by_step[step]) if step in by_step else "" for step in steps]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(entry: dict[str, Any]) -> str:
    return (
        f"{entry['right']:.3f} ({entry['right_mssd']:.3f}), {100 * entry['sure']:.1f} %, {entry['stretches']} "
        f"of {entry['n']}"
    )


def draw(plays: list[Play], report: dict[str, Any], folder: Path) -> None:
    """Write strips of each recording and variant as PNG, and a page of them all."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [f"<h1>Tracks through recordings</h1><pre>{escape(PART.markdown(report))}</pre>"]
    for (recording, variant), group in groupby(plays, lambda play: (play.recording, play.variant)):
        picture = strip_chart([Strip(play.label, play.rows) for play in group])
        encoded = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
        (folder / f"{recording}_{variant.replace(' ', '_')}.png").write_bytes(encoded)
        parts.append(f"<h2>{escape(recording)}, {escape(variant)}</h2>")
        parts.append(f'<img alt="" src="{data_uri(encoded, "png")}"/>')
    write_text(folder / "index.html", f'<!doctype html><html lang="en"><body>{"".join(parts)}</body></html>\n')


def _measured(scope: Scope) -> dict[str, Any]:
    asked = WantedPlays(variants=(AS_IT_IS,), steps=(1,)) if scope.quick else WantedPlays()
    return report_of(list(all_plays(scope.data, asked))) | {"command": "make bench"}


PART = Part(
    name="real video",
    about="tracks through recordings, with frames left out and with what video gets wrong",
    result="real_video.json",
    tables={"real_video": by_object, "real_video_variants": by_variant},
    measure=_measured,
)

if __name__ == "__main__":
    typer.run(main)
