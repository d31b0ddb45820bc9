"""Wrong poses as registrations propose them: turns that depth's own steps have refined, the best of which stay."""

import numpy as np

from ..arrays import Poses
from ..camera import Camera
from ..errors import InputRefused
from ..estimation.candidates import DISTINCT_RAD, DISTINCT_SHARE, Stage
from ..estimation.render_and_compare import RenderAndCompare
from ..frame import Frame
from ..observation.compared_images import SIZE
from ..observation.crop import Crop
from ..refinement.geometric import GeometricRefiner
from ..runtime.thread_limits import one_blas_thread
from ..selection.geometric import GeometricScorer
from .posed_scene import SeenCrop

# As the later stages of a registration go, on no more pixels than a crop has.
_STAGES = (Stage(24, 4, 12, (0.25, 0.08)), Stage(40, 5, 6, (0.12, 0.03)))


@one_blas_thread()
def kept_side_by_side(seen: SeenCrop, T_cam_obj: Poses, count: int) -> Poses:
    """Return `count` poses (count, 4, 4) that a registration would keep of those it began with (B, 4, 4), B >= count.

    The first of these, which leads to the right pose, is among them wherever its steps end. Where fewer distinct ones
    are left, others fill up.
    """
    model, renderer = seen.known.model, seen.known
    compare = RenderAndCompare(model, renderer, GeometricRefiner(model, renderer), GeometricScorer(model, renderer))
    picture = seen.picture
    rgb = (255 * np.clip(picture.rgb, 0, 1)).astype(np.uint8)
    frame = Frame(rgb, picture.depth_m, Camera.from_K(seen.K.astype(np.float64), SIZE, SIZE))
    try:
        crop = Crop.around_mask(frame, picture.shown, model.diameter_m)
    except InputRefused:  # next to nothing is seen of it
        return T_cam_obj[:count]
    first, poses = T_cam_obj[:1], T_cam_obj[1:]
    for stage in _STAGES:
        observation = crop.observe(stage.size)
        first = compare.moved(observation, first, stage).T_cam_obj
        found = compare.refine(observation, poses, stage)
        ranked = found.refined.T_cam_obj[found.ranked]
        kept = compare.unique_poses(ranked, DISTINCT_SHARE, max(stage.keep, count), DISTINCT_RAD)
        others = np.setdiff1d(np.arange(len(ranked)), kept)
        poses = ranked[np.concatenate([kept, others])[: max(stage.keep, count)]]
    # What has come to the same place as the right one says nothing beside it.
    both = np.concatenate([first, poses])
    apart = compare.unique_poses(both, DISTINCT_SHARE, count, DISTINCT_RAD)
    rest = np.setdiff1d(np.arange(len(both)), apart)
    return both[np.concatenate([apart, rest])[:count]]
