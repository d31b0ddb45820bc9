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
        poses = _distinct_first(compare, found.refined.T_cam_obj[found.ranked], max(stage.keep, count))
    # What has come to the same place as the right one says nothing beside it.
    return _distinct_first(compare, np.concatenate([first, poses]), count)


def _distinct_first(compare: RenderAndCompare, T_cam_obj: Poses, count: int) -> Poses:
    """Return the first `count` poses that differ from those before; where there are fewer, others fill up."""
    distinct = compare.unique_poses(T_cam_obj, DISTINCT_SHARE, count, DISTINCT_RAD)
    others = np.setdiff1d(np.arange(len(T_cam_obj)), distinct)
    return T_cam_obj[np.concatenate([distinct, others])[:count]]
