"""Tables of how near to the truth an overfitted RefineNet brings poses.

Their JSON is what `python -m foundation_pose_ros.training --report` writes (docs/training_pose.md).
"""

from benchmarks.reporting import learned_tables
from benchmarks.reporting.parts import Part

SMALL = Part("overfit", "a RefineNet overfitted at reduced size", "overfit.json", {"overfit": learned_tables.overfit})
FULL_SIZE = Part(
    "overfit_full_size",
    "the same network, trained on at its own size",
    "overfit_full_size.json",
    {"overfit_full_size": learned_tables.overfit},
)
