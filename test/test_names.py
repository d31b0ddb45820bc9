"""A name says which class is meant: none is taken twice, in all rooms together."""

import ast
from collections import defaultdict
from pathlib import Path

ROOMS = ("foundation_pose_ros", "universeg_ros", "benchmarks", "environment")


def test_no_two_classes_have_one_name(repository: Path) -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for file in (file for room in ROOMS for file in (repository / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(str(file.relative_to(repository)))
    twice = {name: files for name, files in homes.items() if len(files) > 1}
    assert not twice, "find a word that tells them apart"
