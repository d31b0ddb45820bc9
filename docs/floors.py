"""Prints the floors and circles of the code, and draws docs/images/floors.svg: rooms as boxes, imports as arrows.

    sh environment/run --for tests python docs/floors.py

A room is a folder of `foundation_pose_ros`, or a file that lies in none; `universeg_ros` and `benchmarks` are one room
each. It stands one floor above the highest that it imports; a circle is a set of files, or of rooms, that import each
other. All imports count, those in functions and for types too. The exit status is 0 for 13 floors or fewer, no circle.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import grimp
import networkx as nx

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "floors.svg"
PACKAGES = ("foundation_pose_ros", "universeg_ros", "benchmarks")
MOST_FLOORS = 13
# The one arrow that points up: ObjectModel.from_reference_views is public, and imports when it is called.
UPWARDS = ("foundation_pose_ros.object_model.model", "foundation_pose_ros.reconstruction")


@dataclass(frozen=True)
class House:
    """Who imports whom, file by file and room by room; an edge goes from the importer down to the imported."""

    files: nx.DiGraph
    rooms: nx.DiGraph

    @property
    def circles(self) -> list[list[str]]:
        """Names of those that import each other, one list per circle."""
        found = [c for graph in (self.files, self.rooms) for c in nx.strongly_connected_components(graph) if len(c) > 1]
        return sorted(map(sorted, found))


def read_house() -> House:
    """Read the imports of all packages, as they stand in the source; nothing is imported."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    files, rooms = nx.DiGraph(), nx.DiGraph()
    for importer in sorted(graph.modules):
        files.add_node(importer)
        rooms.add_node(room_of(importer))
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            if importer == UPWARDS[0] and imported.startswith(UPWARDS[1]):
                continue
            files.add_edge(importer, imported)
            if room_of(importer) != room_of(imported):
                rooms.add_edge(room_of(importer), room_of(imported))
    # What users import stands above all that it names, and is no room.
    rooms.remove_nodes_from([room for room in [PACKAGES[0]] if room in rooms])
    return House(files, rooms)


def room_of(module: str) -> str:
    """Return the room of a module: the folder or file of the core, the package of the others."""
    package, *inside = module.split(".")
    return inside[0] if package == PACKAGES[0] and inside else package


def floors(graph: nx.DiGraph) -> list[list[str]]:
    """Return names by floor, the lowest first: each above all that it imports; a circle is on one floor."""
    merged = nx.condensation(graph)
    level: dict[int, int] = {}
    for node in reversed(list(nx.topological_sort(merged))):
        level[node] = 1 + max((level[below] for below in merged[node]), default=0)
    rows: list[list[str]] = [[] for _ in range(max(level.values()))]
    for node, floor in level.items():
        rows[floor - 1] += merged.nodes[node]["members"]
    return [sorted(row) for row in rows]


# --- the picture -----------------------------------------------------------------------------------------------------

WIDTH, ROW, BOX_HEIGHT, MARGIN = 1000, 78, 34, 24
LETTER, PADDING = 8.0, 26
STYLE = """
  text { font: 14px ui-sans-serif, system-ui, 'Helvetica Neue', Arial, sans-serif; fill: #1f2937; }
  .floor { font-size: 12px; fill: #9ca3af; }
  .line { stroke: #eef0f3; }
  .room { fill: #ffffff; stroke: #94a3b8; }
  .file { fill: #f8fafc; stroke: #cbd5e1; }
  .arrow { fill: none; stroke: #5b8def; stroke-opacity: .45; stroke-width: 1.2; marker-end: url(#head); }
"""


def draw(house: House) -> str:
    """Return the picture as SVG: floors from the ground up; an arrow that others imply is left out."""
    rows = floors(house.rooms)
    arrows = sorted(nx.transitive_reduction(house.rooms).edges)
    middle = _columns(rows, arrows)
    height = 2 * MARGIN + ROW * len(rows)
    top = {room: height - MARGIN - ROW * (i + 1) + (ROW - BOX_HEIGHT) / 2 for i, row in enumerate(rows) for room in row}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f"<title>Floors of the code, with {len(house.rooms)} rooms and the imports between them</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#5b8def" fill-opacity=".7"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for i in range(len(rows)):
        y = height - MARGIN - ROW * i
        parts.append(f'<line class="line" x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="floor" x="8" y="{y - ROW / 2 + 4:g}">{i + 1}</text>')
    for upper, lower in arrows:
        x1, y1, x2, y2 = middle[upper], top[upper] + BOX_HEIGHT, middle[lower], top[lower] - 1
        bend = min((y2 - y1) / 2, ROW)
        parts.append(
            f'<path class="arrow" d="M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + bend:.0f} '
            f'{x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}"/>'
        )
    for room in sorted(middle):
        width, kind = _width(room), "room" if _is_folder(room) else "file"
        parts.append(
            f'<rect class="{kind}" x="{middle[room] - width / 2:.0f}" y="{top[room]:.0f}" width="{width:.0f}" '
            f'height="{BOX_HEIGHT}" rx="7"/>'
            f'<text x="{middle[room]:.0f}" y="{top[room] + 22:.0f}" text-anchor="middle">{escape(_label(room))}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _columns(rows: Sequence[Sequence[str]], arrows: Iterable[tuple[str, str]]) -> dict[str, float]:
    """Return the middle of each box: spread evenly, in the order of what they are joined to.

    Rows are ordered by barycentres, down and up in turn (Sugiyama et al. 1981); the order with the shortest arrows
    is kept.
    """
    joined: dict[str, list[str]] = {room: [] for row in rows for room in row}
    for upper, lower in arrows:
        joined[upper].append(lower)
        joined[lower].append(upper)

    def length(middle: dict[str, float]) -> float:
        return sum(abs(middle[room] - middle[other]) for room in joined for other in joined[room])

    middle = {room: x for row in rows for room, x in _spread(row).items()}
    best = dict(middle)
    for sweep in range(40):
        for row in rows if sweep % 2 else reversed(rows):
            centre = {r: sum(middle[o] for o in joined[r]) / max(len(joined[r]), 1) for r in row}
            middle.update(_spread(sorted(row, key=centre.__getitem__)))
        best = min(best, dict(middle), key=length)
    return best


def _spread(row: Sequence[str]) -> dict[str, float]:
    """Return the middle of each box of a row, in this order, with equal gaps between boxes and beside them."""
    gap = (WIDTH - sum(map(_width, row))) / (len(row) + 1)
    middle, left = {}, gap
    for room in row:
        middle[room] = left + _width(room) / 2
        left += _width(room) + gap
    return middle


def _is_folder(room: str) -> bool:
    return room in PACKAGES or (ROOT / PACKAGES[0] / room).is_dir()


def _label(room: str) -> str:
    return f"{room}/" if _is_folder(room) else room


def _width(room: str) -> float:
    return LETTER * len(_label(room)) + PADDING


def main() -> int:
    """Print floors and circles, write the picture, and return the exit status."""
    house = read_house()
    rows = floors(house.rooms)
    for number, row in reversed(list(enumerate(rows, start=1))):
        print(f"{number:3d}  {'  '.join(map(_label, row))}")
    for circle in house.circles:
        print(f"circle: {', '.join(circle)}")
    print(
        f"{len(rows)} floors of rooms, {len(house.circles)} circles; "
        f"{house.files.number_of_nodes()} files, the longest chain of imports has {len(floors(house.files))} of them"
    )
    PICTURE.write_text(draw(house), encoding="utf-8")
    good = len(rows) <= MOST_FLOORS and not house.circles
    print(f"{MOST_FLOORS} floors or fewer, 0 circles: {'yes' if good else 'no'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
