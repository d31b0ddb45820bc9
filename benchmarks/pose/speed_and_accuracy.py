"""How long registration and tracking take, how right they are, and what the ray caster alone could do.

Everything is measured in one run on one machine; times are to be compared as ratios to the floor that is measured
between them.
"""

from rich.console import Console

from benchmarks.pose import accuracy, speed
from benchmarks.reporting import overview_tables
from benchmarks.reporting.parts import Part, Report, Scope
from foundation_pose_ros.runtime.provenance import provenance


def measure(scope: Scope) -> Report:
    """Measure time on rendered scenes, accuracy on rendered scenes and on the recordings that are there."""
    console = Console(stderr=True)
    console.print("speed: registration, tracking and the ray caster, on rendered scenes")
    measured_speed = speed.measure(rounds=1 if scope.quick else 8)
    console.print(f"accuracy: rendered scenes, and recordings in {scope.data / 'pose'}")
    judged = accuracy.on_rendered_scenes(seeds=1 if scope.quick else 4)
    judged += accuracy.on_recordings(scope.data / "pose", scope.quick)
    return provenance({"quick": scope.quick}) | {"speed": measured_speed, "accuracy": judged}


PART = Part(
    name="pose",
    about="how long registration and tracking take, and how right they are",
    result="cpu.json",
    tables={
        "summary": overview_tables.summary,
        "speed": overview_tables.speed,
        "accuracy": overview_tables.accuracy,
    },
    measure=measure,
)
