"""`make bench`: measure all parts, write benchmarks/results/*.json, and fill the tables of the documents from them.

`--list` says which parts there are, `--only NAME` measures some; parts with options of their own have a command each.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Scope, all_parts
from benchmarks.reporting.results import RESULTS, data_folder, write_report
from foundation_pose_ros import InputRefused


def main(
    only: Annotated[list[str] | None, typer.Option(help="A part; may be given several times.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of recordings; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for the JSON files, the documents stay; benchmarks/results.")
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="A tenth of everything, to try it out; writes to --output alone."),
    ] = False,
    names: Annotated[bool, typer.Option("--list", help="Say which parts there are.")] = False,
) -> None:
    """Measure, and write JSON and tables."""
    parts = all_parts()
    if names:
        print(listed(parts))
        return
    command = " ".join(["python -m benchmarks.run", *(f"--only {name}" for name in only)]) if only else "make bench"
    console = Console(stderr=True)
    for part in chosen(parts, only or []):
        console.print(f"{part.name}: {part.about}")
        assert part.measure is not None
        try:
            report = part.measure(Scope(data_folder(data), quick)) | {"command": command}
        except InputRefused as refused:
            console.print(f"{part.name}: left out: {refused}")
            continue
        if output is not None:
            write_report(output / part.result, report)
        elif not quick:
            publish(part, report)
        print(part.markdown(report))
    print("measured" if quick and output is None else f"measured; written to {output or RESULTS}")


def chosen(parts: dict[str, Part], only: list[str]) -> list[Part]:
    """Return the parts that are asked for, all of `make bench` where none is; raises typer.BadParameter for others."""
    measured = {name: part for name, part in parts.items() if part.measure is not None}
    unknown = [name for name in only if name not in measured]
    if unknown:
        raise typer.BadParameter(f"no part is called {', '.join(unknown)}: choose from {', '.join(measured)}")
    return [part for name, part in measured.items() if (name in only if only else part.in_bench)]


def listed(parts: dict[str, Part]) -> str:
    """Return a line for each part that can be measured; what `make bench` leaves out is marked."""
    measured = [part for part in parts.values() if part.measure is not None]
    width = max(len(part.name) for part in measured)
    return "\n".join(
        f"{part.name:{width}}  {part.about}{'' if part.in_bench else ' (only when asked for)'}" for part in measured
    )


if __name__ == "__main__":
    typer.run(main)
