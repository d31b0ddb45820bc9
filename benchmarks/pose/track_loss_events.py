"""Events after which a track must not go on as if nothing had happened, put together from pieces of recordings."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import cv2
import numpy as np

from foundation_pose_ros import Frame, InputRefused
from foundation_pose_ros.arrays import Mask, Pose
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.synthetic.events import covered, jumped, looked_away, removed, swapped
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.trajectory import Motion
from foundation_pose_ros.synthetic.video_defects import NO_DEFECTS, VideoDefects

RATE_HZ = 15.0
# Frames before an event, while it lasts, and after it.
BEFORE, DURING, AFTER = 5, 12, 18
_PIECE = 10
DESIGNS = ("mug", "cracker_box", "soda_can", "sticker_cube", "bottle", "book", "bracket", "bowl")


@dataclass(frozen=True, eq=False)
class Moment:
    """A frame and what is true then: T_cam_obj (4, 4), the share of the object that is seen, and its mask (H, W)."""

    frame: Frame
    T_cam_obj: Pose
    visible: float
    mask: Mask | None


@dataclass(frozen=True, eq=False)
class LossEvent:
    """moments in order; begins: index of the first that is changed; returns: of the first after which all is well."""

    kind: str
    object_name: str
    moments: list[Moment]
    begins: int
    returns: int


Piece = list[Moment]


def rendered_pieces(
    seed: int, blurred: bool, size: tuple[int, int] = (320, 240)
) -> tuple[SyntheticScene, str, dict[str, Piece]]:
    """Render a scene with one object, and by kind of event the same frames while it lasts; `""`: as they were.

    blurred: filmed by a hand that moves thrice as fast, with what video gets wrong.
    """
    rng = np.random.default_rng([seed, 31])
    name = DESIGNS[seed % len(DESIGNS)]
    scene = make_scene(
        SceneSettings(
            seed=700 + seed,
            frames=_PIECE,
            objects=[name],
            clutter=4,
            rate_hz=RATE_HZ,
            width=size[0],
            height=size[1],
            supersample=1,
            motion=Motion(0.45, 75.0) if blurred else Motion(),
            video=VideoDefects.drawn(np.random.default_rng([seed, 32])) if blurred else NO_DEFECTS,
        )
    )
    others = [other for other in scene.clutter_names if scene.body_model(other).name != name]
    cover, other = rng.choice(others, 2)
    changed: dict[str, Callable[[], SyntheticScene]] = {
        "": lambda: scene,
        "leaves the view": lambda: looked_away(scene, 0, float(rng.choice([-60.0, 60.0]))),
        "taken away": lambda: removed(scene, name, 0),
        "covered": lambda: covered(scene, name, str(cover), 0, along=0.25),
        "swapped": lambda: swapped(scene, name, str(other), 0),
        "jumps": lambda: jumped(scene, name, 0, rng),
    }
    pieces: dict[str, Piece] = {}
    for kind, make in changed.items():
        with suppress(InputRefused):  # no free place to jump to
            pieces[kind] = _moments(make(), name)
    return scene, name, pieces | _sensor_failures(pieces[""], rng)


def recorded_pieces(sequence: Sequence, name: str, start: int) -> dict[str, Piece]:
    """Cut the same from a recording with true poses, as far as that can be made without rendering."""
    rng = np.random.default_rng(start)
    ids = sequence.frame_ids[start : start + _PIECE]
    plain = []
    for frame_id in ids:
        T_cam_obj = sequence.truth(frame_id, name)
        if T_cam_obj is None:
            return {}
        plain.append(Moment(sequence.frame(frame_id), T_cam_obj, 1.0, sequence.mask(frame_id, name)))
    return {"": plain, "leaves the view": _shifted(plain)} | _sensor_failures(plain, rng)


def possible_kinds(pieces: dict[str, Piece]) -> list[str]:
    """List those of KINDS for which there is a piece."""
    return [kind for kind in KINDS if kind in pieces or (kind == "nothing" and pieces)]


def spliced(kind: str, name: str, pieces: dict[str, Piece], rng: np.random.Generator) -> LossEvent:
    """Splice an event: the plain piece, the changed one, the plain one again, played to and fro from a random frame.

    A jump lasts for good, and is its own return. The kind `nothing` changes nothing.
    """
    plain = pieces[""]
    changed = pieces.get(kind, plain)
    order = _to_and_fro(len(plain), rng)
    during = DURING + AFTER if kind == "jumps" else DURING
    moments = [
        replace(moment, frame=replace(moment.frame, stamp_ns=round((k + 1) * 1e9 / RATE_HZ)))
        for k in range(BEFORE + DURING + AFTER)
        for moment in [(changed if BEFORE <= k < BEFORE + during else plain)[next(order)]]
    ]
    seen_throughout = kind in ("jumps", "nothing")
    return LossEvent(kind, name, moments, BEFORE, BEFORE if seen_throughout else BEFORE + DURING)


def _moments(scene: SyntheticScene, name: str) -> Piece:
    # Visible is what is left of the outline of the object in the place where it is.
    return [
        Moment(scene.frame(i), scene.truth(i, name), scene.visible_fraction(i, name), scene.mask(i, name))
        for i in scene.frame_ids
    ]


def _sensor_failures(plain: Piece, rng: np.random.Generator) -> dict[str, Piece]:
    """Make the camera covered by a hand (dark, and too near to measure), and depth that fails while colour goes on."""
    dark, without = [], []
    for moment in plain:
        frame = moment.frame
        nothing_m = np.zeros_like(frame.depth_m)
        noise = np.clip(rng.normal(9, 3, frame.rgb.shape), 0, 255).astype(np.uint8)
        dark.append(Moment(replace(frame, rgb=noise, depth_m=nothing_m), moment.T_cam_obj, 0.0, None))
        without.append(replace(moment, frame=replace(frame, depth_m=nothing_m), mask=None))
    return {"camera covered": dark, "depth fails": without}


def _shifted(plain: Piece) -> Piece:
    """Move the picture sideways until the object is outside: what comes in is a plain wall 1.5 m away."""
    moved = []
    for moment in plain:
        frame = moment.frame
        width = frame.camera.width
        u = float(frame.camera.project(moment.T_cam_obj[None, :3, 3])[0, 0])
        shift = round(-0.95 * width) if u < width / 2 else round(0.95 * width)
        M = np.array([[1, 0, shift], [0, 1, 0]], np.float32)
        size = (width, frame.camera.height)
        rgb: np.ndarray = cv2.warpAffine(
            frame.rgb, M, size, borderMode=cv2.BORDER_CONSTANT, borderValue=(120, 118, 112)
        )
        depth_m: np.ndarray = cv2.warpAffine(frame.depth_m, M, size, flags=cv2.INTER_NEAREST, borderValue=1.5)
        moved.append(Moment(replace(frame, rgb=rgb, depth_m=depth_m), moment.T_cam_obj, 0.0, None))
    return moved


def _to_and_fro(count: int, rng: np.random.Generator) -> Iterator[int]:
    at, step = int(rng.integers(count)), int(rng.choice([-1, 1]))
    while True:
        yield at
        if not 0 <= at + step < count:
            step = -step
        at += step


KINDS = (
    "leaves the view",
    "taken away",
    "covered",
    "swapped",
    "jumps",
    "camera covered",
    "depth fails",
    "nothing",
)
