"""What segmentation_node says of itself in /diagnostics."""

from typing import TYPE_CHECKING

from foundation_pose_ros.nodes.diagnostics import ERROR, OK, STALE, WARN, Report, refusal_values, worst_recent

if TYPE_CHECKING:
    from .segmentation_node import SegmentationNode

# Working on the latest only is how the node is meant to run, and not every image shows something.
EXPECTED = ("image_replaced", "nothing_found", "low_confidence")


class SegmentationReport:
    """The sections of a node's diagnostics."""

    def __init__(self, node: "SegmentationNode") -> None:
        self._node = node

    def segmentation(self) -> Report:
        """Sets and requests: ERROR without a set to work with, WARN while something is refused."""
        node = self._node
        refusals = node.refusals.look()
        values = refusal_values(refusals)
        if not node.active:
            return Report(WARN, worst_recent(refusals) or "not active: configure and activate the node", values)
        values |= {
            "segmented": str(node.count),
            "last_ms": f"{1000 * node.last_time_s:.0f}",
            "weights": node.weights_note,
        }
        values |= {f"support.{name}": str(len(node.shelf[name])) for name in node.shelf.names}
        if node.unusable:
            return Report(ERROR, "; ".join(f"{name}: {why}" for name, why in node.unusable.items()), values)
        worst = worst_recent(refusals, EXPECTED)
        if worst:
            return Report(WARN, worst, values)
        if not node.shelf.names:
            return Report(OK, "no support set yet: call ~/add_support or ~/load_support", values)
        return Report(OK, f"{len(node.shelf.names)} support sets", values)

    def live(self) -> Report:
        """The live mode: STALE without images, ERROR where its set isn't there."""
        node = self._node
        name = node.live_support()
        if not node.active or not name:
            return Report(OK, "no live mode: set live_support to use it")
        values = {"images": str(node.live_images), "masks": str(node.live_masks), "support": name}
        if name not in node.shelf.names:
            return Report(
                ERROR, f"support set {name} isn't there: call ~/load_support, or correct live_support", values
            )
        now_s = node.get_clock().now().nanoseconds * 1e-9
        if node.last_image_s is None or now_s - node.last_image_s > node.get_parameter("stale_after_s").value:
            return Report(STALE, f"no images on {node.image_topic()}: remap image to the camera's topic", values)
        return Report(OK, "images come in", values)
