"""`python -m benchmarks.scenes.variety`: how much composed scenes differ, drawn and thought of by a language model.

What the model answered is kept in benchmarks/scenes/answers; with --answers it is the folder `answers` of any run of
`foundation-pose generate --composer llm`. Writes benchmarks/results/variety.json and its table.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import data_folder, origin
from foundation_pose_ros import InputRefused
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.scenes.described import parsed
from foundation_pose_ros.scenes.ideas import SceneIdea, SceneIdeas, described
from foundation_pose_ros.scenes.libraries import Libraries
from foundation_pose_ros.scenes.procedural import ProceduralComposer
from foundation_pose_ros.scenes.variety import variety

ANSWERS = Path(__file__).parent / "answers"
SCENES = 100


def main(
    answers: Annotated[Path, typer.Option(help="Folder of a language model's answers, a JSON file each.")] = ANSWERS,
    data: Annotated[
        Path | None, typer.Option(help="Folder of meshes; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Compose, count, and write JSON and table."""
    report = compared(data_folder(data), answers) | {"command": "python -m benchmarks.scenes.variety"}
    publish(PART, report, output)
    print(PART.markdown(report))


def compared(data: Path, answers: Path = ANSWERS) -> Report:
    """Return what differs in a hundred scenes of each composer."""
    libraries = Libraries(data / "meshes_train", data / "textures_train")
    plain, rich = ProceduralComposer(), ProceduralComposer(libraries=libraries)
    thought_of = [described(idea, seed, plain) for seed, idea in enumerate(_ideas(answers)[:SCENES])]
    scenes = {
        "`procedural`, no libraries": plain.compose(range(SCENES)),
        f"`procedural`, with {len(libraries.mesh_names)} meshes": rich.compose(range(SCENES)),
        "`llm`": thought_of,
    }
    return provenance({"scenes": SCENES}) | {
        "composers": [{"composer": name} | asdict(variety(specs)) for name, specs in scenes.items()]
    }


def _ideas(folder: Path) -> Sequence[SceneIdea]:
    files = sorted(folder.glob("*.json"))
    if not files:
        raise InputRefused("no_answers", f"{folder} has no answers: give the folder `answers` of a run of generate")
    return [idea for file in files for idea in parsed(SceneIdeas, file.read_bytes(), str(file)).scenes]


def variety_table(report: Report) -> str:
    """Return a line for each composer."""
    lines = [
        "| of 100 scenes | bodies | kinds | pairs of material and surface | words on prints | words in themes |",
        "|---|---|---|---|---|---|",
    ]
    for one in report["composers"]:
        cells = (one[key] for key in ("bodies", "kinds", "materials", "words", "theme_words"))
        lines.append(f"| {one['composer']} | {' | '.join(map(str, cells))} |")
    return "\n".join([*lines, "", origin(report)])


PART = Part(
    "variety",
    "how much composed scenes differ, drawn and thought of by a language model",
    "variety.json",
    {"variety": variety_table},
    lambda scope: compared(scope.data),
)


if __name__ == "__main__":
    typer.run(main)
