"""The parameters of collision_node."""

from ..parameters import Row
from .scene import CollisionSettings

_DEFAULTS = CollisionSettings()

COLLISION_NODE = (
    Row("move_mm", _DEFAULTS.move_mm, "An object moves by more than this before the planner is told.", 0.0, 1000.0),
    Row("move_deg", _DEFAULTS.move_deg, "... or turns by more than this.", 0.0, 180.0),
    Row("period_s", _DEFAULTS.period_s, "At most once in this time, for each object.", 0.0, 60.0),
    Row(
        "remove_after_s",
        _DEFAULTS.remove_after_s,
        "An object that hasn't been seen for so long is taken out of the planner's scene; 0: it stays.",
        0.0,
        3600.0,
    ),
)
