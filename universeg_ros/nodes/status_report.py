"""What segmentation_node says of itself in /diagnostics."""

from collections.abc import Callable

from foundation_pose_ros.nodes.diagnostics import ERROR, OK, STALE, WARN, Report, refusal_values, worst_recent
from foundation_pose_ros.nodes.lifecycle_node import WorkingNode

from .session import SegmentationSession

# Working on the latest only is how the node is meant to run, and not every image shows something.
EXPECTED = ("image_replaced", "nothing_found", "low_confidence")


class SegmentationReport:
    """The sections of a node's diagnostics; session: what there is between configure and cleanup."""

    def __init__(self, node: WorkingNode, session: Callable[[], SegmentationSession | None]) -> None:
        self._node, self._session = node, session

    def segmentation(self) -> Report:
        """Report on sets and requests: ERROR without a set to work with, WARN while something is refused."""
        node, session = self._node, self._session()
        refusals = node.refusals.look()
        values = refusal_values(refusals)
        if session is None or not node.active:
            return Report(WARN, worst_recent(refusals) or "not active: configure and activate the node", values)
        sizes = session.support_sets.sizes
        values |= {
            "segmented": str(session.times.count),
            "last_ms": f"{1000 * session.times.last_s:.0f}",
            "weights": session.weights_note,
        }
        values |= {f"support.{name}": str(size) for name, size in sizes.items()}
        if session.unusable:
            return Report(ERROR, "; ".join(f"{name}: {why}" for name, why in session.unusable.items()), values)
        worst = worst_recent(refusals, EXPECTED)
        if worst:
            return Report(WARN, worst, values)
        if not sizes:
            return Report(OK, "no support set yet: call ~/add_support or ~/load_support", values)
        return Report(OK, f"{len(sizes)} support sets", values)

    def live(self) -> Report:
        """Report on the live mode: STALE without images, ERROR where its set isn't there."""
        node, session = self._node, self._session()
        name = node.value("live_support")
        if session is None or not node.active or not name:
            return Report(OK, "no live mode: set live_support to use it")
        live = session.live
        values = {"images": str(live.images), "masks": str(live.masks), "support": name}
        if name not in session.support_sets.names:
            return Report(
                ERROR, f"support set {name} isn't there: call ~/load_support, or correct live_support", values
            )
        if live.last_s is None or node.now_s() - live.last_s > node.value("stale_after_s"):
            return Report(STALE, f"no images on {node.input_topic()}: remap image to the camera's topic", values)
        return Report(OK, "images come in", values)
