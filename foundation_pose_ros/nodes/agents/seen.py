"""A tracked object's message, as agents are told it."""

from typing import Any, cast

from foundation_perception.msg import TrackedObject

from ...agents.perception import SeenObject
from ..client.object_pose import ObjectPose

Vector3 = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]

_STATES = {getattr(TrackedObject, state): state for state in ("SEARCHING", "TRACKING", "LOST")}


def seen(message: Any, now_ns: int) -> SeenObject:
    """Return what a TrackedObject says; now_ns: by the clock of its stamps."""
    pose = ObjectPose.of_message(message)
    state = _STATES.get(message.state, "SEARCHING")
    believed = state == "TRACKING" and not message.in_doubt and message.score > 0.0
    age_s = max((now_ns - pose.stamp_ns) * 1e-9, 0.0)
    error_mm, error_deg = float(message.translation_error_mm[0]), float(message.rotation_error_deg[0])
    if believed:
        position_m: Vector3 | None = cast(Vector3, tuple(float(p) for p in pose.position_m))
        quaternion: Quaternion | None = cast(Quaternion, tuple(float(q) for q in pose.quaternion_xyzw))
        x, y, z = pose.position_m
        turned = ", ".join(f"{q:.3f}" for q in pose.quaternion_xyzw)
        words = (
            f"{message.id} is at x {x:.3f} m, y {y:.3f} m, z {z:.3f} m in {pose.frame_id}, quaternion x y z w "
            f"({turned}), score {message.score:.2f}, {age_s:.2f} s old"
        )
        if error_mm > 0.0:
            words += f"; if right, off by less than {error_mm:.1f} mm and {error_deg:.1f} degrees in 68 % of cases"
    else:
        position_m, quaternion = None, None
        doubt = "in doubt" if state == "TRACKING" else state
        words = f"{message.id} is {doubt}, without a pose to act on: {message.reason or 'nothing is known yet'}"
    return SeenObject(
        name=message.id,
        model=message.class_id,
        state=state,
        believed=believed,
        score=float(message.score),
        frame_id=pose.frame_id,
        position_m=position_m,
        quaternion_xyzw=quaternion,
        age_s=age_s,
        error_mm=error_mm,
        error_deg=error_deg,
        words=words,
    )
