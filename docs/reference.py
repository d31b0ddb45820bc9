"""Writes what config/*.yaml and docs/nodes.md say of parameters, from the tables that declare them.

Run it after a change of a table: sh environment/run --for tests python docs/reference.py
"""

import re
from pathlib import Path

from foundation_pose_ros.nodes.browser.parameters import BROWSER_NODE
from foundation_pose_ros.nodes.collision.parameters import COLLISION_NODE
from foundation_pose_ros.nodes.overlay.parameters import OVERLAY_NODE
from foundation_pose_ros.nodes.parameters import commented_yaml, markdown_table
from foundation_pose_ros.nodes.pose.parameters import POSE_NODE, object_rows
from foundation_pose_ros.nodes.prompt.parameters import PROMPT_NODE
from foundation_pose_ros.nodes.replay.parameters import REPLAY_NODE

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "nodes.md"
TABLES = {
    "pose_node": POSE_NODE,
    "objects": object_rows("<object>"),
    "replay_node": REPLAY_NODE,
    "collision_node": COLLISION_NODE,
    "prompt_node": PROMPT_NODE,
    "overlay_node": OVERLAY_NODE,
    "browser_node": BROWSER_NODE,
}
OBJECT_EXAMPLE = "\n    # For each object, here one of the name mug:\n"


def files() -> dict[Path, str]:
    """What each file should hold; of the document, what stands outside the tables is kept."""
    document = DOCUMENT.read_text(encoding="utf-8")
    for name, rows in TABLES.items():
        begin, end = f"<!-- table: {name} -->\n", "<!-- end -->"
        before, found, after = document.partition(begin)
        if not found:
            raise ValueError(f"{DOCUMENT} lacks the line {begin.strip()}: put it where the table belongs")
        document = before + begin + markdown_table(rows) + "\n" + end + after.partition(end)[2]
    objects = re.sub(r"^    (?=\w)", "    # ", commented_yaml(object_rows("mug")), flags=re.MULTILINE)
    example = OBJECT_EXAMPLE + objects
    return {
        DOCUMENT: document,
        ROOT / "config" / "pose.yaml": _of_node("pose_node", commented_yaml(POSE_NODE) + example),
        ROOT / "config" / "prompts.yaml": _of_node("prompt_node", commented_yaml(PROMPT_NODE)),
        ROOT / "config" / "overlay.yaml": _of_node("overlay_node", commented_yaml(OVERLAY_NODE) + example),
        ROOT / "config" / "browser.yaml": _of_node("browser_node", commented_yaml(BROWSER_NODE) + example),
        ROOT / "config" / "replay.yaml": _of_node("replay_node", commented_yaml(REPLAY_NODE)),
        ROOT / "config" / "collision.yaml": _of_node("collision_node", commented_yaml(COLLISION_NODE)),
    }


def _of_node(name: str, parameters: str) -> str:
    title = f"# Parameters of {name}, with the values that they have where they are left out."
    return f"{title}\n/**:\n  ros__parameters:\n{parameters}"


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
