"""Poses of views that have none: the object turned before the camera, or the camera carried around it.

Each view is aligned to the one before it and to what the last few show together; views that look at the same side again
close the loop, and a pose graph spreads what has added up (Choi, Zhou, Koltun 2015).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ... import se3
from ...arrays import Pose, Poses
from ...errors import InputRefused
from ...runtime import late_open3d as o3d
from ..reference_view import ReferenceView
from ..view_checks import Agreement
from .pairwise_alignment import FINE, Target, ViewCloud, aligned, downsampled, information, matched


@dataclass(frozen=True)
class PoseSettings:
    """When views count as joined, and which are compared.

    least_score: share of a view's points that must be found again in the views before it, in place and colour; a view
    that comes around a corner shows much that is new. loop_score: the same of two views that close a loop.
    least_agreement: of all views with each other, at the end. model_views: so many last key views make the model that a
    new one is aligned to. key_deg: a view turned by this much against the last key view is the next. loop_matches:
    features that two key views must share to be tried as a loop. loop_gap: key views between them, at least.
    """

    least_score: float = 0.25
    # Other things joined by chance agree to 0.5 to 0.62, views of one thing, recorded ones too, to 0.82 or more.
    step_agreement: float = 0.7
    loop_score: float = 0.5
    least_agreement: float = 0.55
    model_views: int = 4
    key_deg: float = 8.0
    loop_matches: int = 14
    loop_gap: int = 3
    prune: float = 0.25


def with_estimated_poses(
    views: Sequence[ReferenceView], settings: PoseSettings = PoseSettings()
) -> tuple[ReferenceView, ...]:
    """Return the same views with poses, in the order in which they were taken; poses that they had aren't looked at.

    The object's frame has the axes of the first camera, and its origin in the middle of what was seen. Raises
    InputRefused, naming the view, where one can't be joined to those before it, or where all don't agree in the end.
    """
    if len(views) < 2:
        raise InputRefused("too_few_views", f"{len(views)} view: poses are estimated from one view to the next, give 2")
    for view in views:
        if view.seen.sum() < 100:
            raise InputRefused(
                "no_depth_under_mask", f"view {view.name}: hardly any depth under its mask, leave it out or mark more"
            )
    chain = _Chain(views, settings)
    for index in range(1, len(views)):
        chain.join(index)
    posed = centred([replace(view, T_cam_obj=T) for view, T in zip(views, chain.optimised(), strict=True)])
    overall = Agreement.of(posed).overall
    if overall < settings.least_agreement:
        raise InputRefused(
            "poses_uncertain",
            f"the estimated poses don't fit each other ({100 * overall:.0f} % of the points agree, "
            f"{100 * settings.least_agreement:.0f} % are needed): turn the object more slowly, put a printed board or "
            "patterned paper under it, or give poses in cam_in_ob/",
        )
    return posed


def centred(views: Sequence[ReferenceView]) -> tuple[ReferenceView, ...]:
    """Return posed views with the frame's origin moved to the middle of what they saw of the object."""
    clouds = [se3.transform_points(se3.inverse(view.pose), view.points_cam(4)) for view in views]
    low, high = np.quantile(np.concatenate(clouds), (0.01, 0.99), axis=0)
    from_middle = se3.from_rotation_translation(np.eye(3), (low + high) / 2)
    return tuple(replace(view, T_cam_obj=view.pose @ from_middle) for view in views)


class _Chain:
    """Views joined one by one; poses (n, 4, 4) map the first camera's frame, in which the object stands still."""

    def __init__(self, views: Sequence[ReferenceView], settings: PoseSettings) -> None:
        self.views, self.settings = views, settings
        sizes = [np.linalg.norm(np.ptp(np.quantile(v.points_cam(2), (0.03, 0.97), axis=0), axis=0)) for v in views]
        self.size_m = float(np.median(sizes))
        self.clouds = [ViewCloud.of(view, self.size_m) for view in views]
        self.poses: list[Pose] = [np.eye(4)]
        self.keys = [0]

    def join(self, index: int) -> None:
        """Align a view to the model of the last key views; raises InputRefused where it isn't found in it."""
        source, last = self.clouds[index], self.poses[-1]
        starts, matches = [last], []
        if len(self.poses) > 1:
            starts.append(last @ np.linalg.inv(self.poses[-2]) @ last)
        for other in dict.fromkeys((index - 1, *self.keys[:-3:-1])):
            found = matched(source, self.clouds[other], self.size_m)
            if found is not None:
                T_first_other = np.linalg.inv(self.poses[other])
                starts.append(np.linalg.inv(T_first_other @ found.T_to_from))
                matches.append(found.placed(T_first_other))
        motion = aligned(source, self._model(), [np.linalg.inv(T) for T in starts], matches, self.size_m)
        pose = np.linalg.inv(motion.T_to_from)
        agreement = Agreement.of(self.views[index - 1 : index + 1], np.stack([last, pose])).overall
        for share, least, what in (
            (motion.score, self.settings.least_score, "of its points are found again"),
            (agreement, self.settings.step_agreement, "of the last view and it agree"),
        ):
            if share < least:
                raise InputRefused(
                    "pose_lost",
                    f"view {self.views[index].name} can't be joined to those before it ({100 * share:.0f} % {what}, "
                    f"{100 * least:.0f} % are needed): take more views in between, hide less of the object, leave out "
                    "what shows another, or give poses in cam_in_ob/",
                )
        self.poses.append(pose)
        turned = se3.rotation_angle_rad(self.poses[-1][:3, :3], self.poses[self.keys[-1]][:3, :3])
        if turned > np.deg2rad(self.settings.key_deg):
            self.keys.append(index)

    def _model(self) -> Target:
        """What the last key views and the last view show, in the first camera's frame."""
        whole = o3d.geometry.PointCloud()
        for member in dict.fromkeys([*self.keys[-self.settings.model_views :], len(self.poses) - 1]):
            cloud = o3d.geometry.PointCloud(self.clouds[member].fine)
            cloud.transform(np.linalg.inv(self.poses[member]))
            whole += cloud
        return Target(downsampled(whole, FINE * self.size_m))

    def optimised(self) -> Poses:
        """Return poses (n, 4, 4) after loops are closed."""
        graph = o3d.pipelines.registration.PoseGraph()
        for pose in self.poses:
            graph.nodes.append(o3d.pipelines.registration.PoseGraphNode(np.linalg.inv(pose)))
        for index in range(1, len(self.poses)):
            self._add(graph, index - 1, index, self.poses[index] @ np.linalg.inv(self.poses[index - 1]), False)
        loops = [pair for pair in self._loop_candidates() if self._close(graph, *pair)]
        if loops:
            option = o3d.pipelines.registration.GlobalOptimizationOption(
                2 * 0.03 * self.size_m, self.settings.prune, 1.0, 0
            )
            o3d.pipelines.registration.global_optimization(
                graph,
                o3d.pipelines.registration.GlobalOptimizationLevenbergMarquardt(),
                o3d.pipelines.registration.GlobalOptimizationConvergenceCriteria(),
                option,
            )
        T_first_cam = np.stack([np.asarray(node.pose) for node in graph.nodes])
        return np.linalg.inv(np.linalg.inv(T_first_cam[0]) @ T_first_cam)

    def _loop_candidates(self) -> list[tuple[int, int]]:
        gap = self.settings.loop_gap
        return [(a, b) for i, a in enumerate(self.keys) for b in self.keys[i + gap :]]

    def _close(self, graph: "o3d.pipelines.registration.PoseGraph", a: int, b: int) -> bool:
        found = matched(self.clouds[a], self.clouds[b], self.size_m)
        if found is None or found.count < self.settings.loop_matches:
            return False
        motion = aligned(self.clouds[a], Target(self.clouds[b].fine), [found.T_to_from], [found], self.size_m)
        if motion.score < self.settings.loop_score:
            return False
        self._add(graph, a, b, motion.T_to_from, True)
        return True

    def _add(self, graph: "o3d.pipelines.registration.PoseGraph", a: int, b: int, T_b_a: Pose, uncertain: bool) -> None:
        known = information(self.clouds[a], self.clouds[b], T_b_a, self.size_m)
        graph.edges.append(o3d.pipelines.registration.PoseGraphEdge(a, b, T_b_a, known, uncertain))
