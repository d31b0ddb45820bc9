"""What an estimator says about one object in one frame."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from . import se3
from .arrays import Covariance, Pose
from .observation.learned_colours import LearnedColours
from .observation.track_memory import NOTHING_REMEMBERED, TrackMemory


@dataclass(frozen=True)
class Alternative:
    """A runner-up pose: T_cam_obj (4, 4) in the mesh's own frame, and how likely it is the right one, 0..1."""

    T_cam_obj: Pose
    score: float


@dataclass(frozen=True)
class AmbiguousTurn:
    """Turns of the object which what was seen doesn't tell from its pose.

    axis_obj (3,): unit, through point_obj (3,), metres, both in the mesh's own frame. from_deg, to_deg: the least and
    the largest of them, right-handed about the axis, from the pose: -180..180, but that a range across the half turn
    goes on past it. probability: 0..1, that the object is turned so far from the pose that the pose is wrong; 0 for the
    turn of a symmetric object, which is never wrong.
    """

    axis_obj: np.ndarray
    point_obj: np.ndarray
    from_deg: float
    to_deg: float
    probability: float


def presence(score: float, ambiguous: tuple[AmbiguousTurn, ...]) -> float:
    """Return how likely an object is there, 0..1: in a pose of this score, or in a turn that can't be told from it."""
    return min(1.0, score + sum(turn.probability for turn in ambiguous))


@dataclass(frozen=True)
class PoseResult:
    """Pose of one object.

    T_cam_obj (4, 4) float32 maps points of the mesh's own frame to the camera, metres, OpenCV axes. score in 0..1: how
    likely it is right, no point of the surface off by a tenth of the diameter (see confidence). covariance (6, 6): x,
    y, z in m^2, then rotations about the camera's x, y, z axes in rad^2 (REP-103 order). translation_error_mm,
    rotation_error_deg: where the pose is right, the errors of its centre and of its rotation are below them in 68 and
    in 95 % of cases; 0 where that isn't known. ambiguous: turns that can't be told from the pose. alternatives:
    runners-up, best first. visible_fraction: share of the model's silhouette that the camera sees.
    depth_inlier_fraction: share of the seen surface whose depth agrees. colour_agreement: -1..1, correlation of
    rendered and observed colours, 0 for a plain model. silhouette_agreement: 0..1, share of the outline beside which
    the observed depth leaves the surface, 0.5 where nothing is known. region_agreement: 0..1, how well the outline
    separates the colours that were learned of the object from those beside it, NaN where they don't tell. margin: by
    how much more depth, colour and print speak for it than for the best pose that would put the surface elsewhere, as
    of compared_ns, the stamp of the frame in which they were last compared; negative where more speaks for that one, 2
    where there is none. earlier_margin: the largest that it was in looks before that, since the registration, less what
    has spoken against the pose since. ways: for how many rivals as likely the best one stands, as where a mug's handle
    may be anywhere behind it; 1: for itself. velocity (6,): of the object's centre in m/s and about the camera's axes
    in rad/s, 0 where it isn't known. switched: it isn't the pose that was followed, but a rival of that which leads by
    far. memory: what tracking goes on with, of this frame and of those before. centre_obj (3,): middle of the model in
    its own frame, whose origin may be anywhere. diameter_m: the model's largest extent, 0 where it isn't known. time_s:
    wall time of the estimate.
    """

    object_name: str
    T_cam_obj: Pose
    score: float
    covariance: Covariance
    alternatives: tuple[Alternative, ...] = ()
    translation_error_mm: tuple[float, float] = (0.0, 0.0)
    rotation_error_deg: tuple[float, float] = (0.0, 0.0)
    ambiguous: tuple[AmbiguousTurn, ...] = ()
    visible_fraction: float = 1.0
    depth_inlier_fraction: float = 1.0
    colour_agreement: float = 0.0
    silhouette_agreement: float = 0.5
    region_agreement: float = math.nan
    margin: float = 0.0
    earlier_margin: float = 0.0
    ways: float = 1.0
    compared_ns: int | None = None
    stamp_ns: int = 0
    frame_id: str = ""
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(6))
    switched: bool = False
    memory: TrackMemory = field(default=NOTHING_REMEMBERED, repr=False, compare=False)
    centre_obj: np.ndarray = field(default_factory=lambda: np.zeros(3))
    diameter_m: float = 0.0
    time_s: float = field(default=0.0, compare=False)

    @property
    def presence(self) -> float:
        """Return how likely the object is there in this pose or in a turn that can't be told from it, 0..1."""
        return presence(self.score, self.ambiguous)

    def with_colours(self, learned: LearnedColours | None) -> "PoseResult":
        """Return it with other colours in memory; None: with none."""
        return replace(self, memory=replace(self.memory, learned=learned))

    @property
    def centre_m(self) -> np.ndarray:
        """Return where the object's middle is, (3,) in the camera's frame."""
        return se3.transform_points(self.T_cam_obj, self.centre_obj[None])[0]
