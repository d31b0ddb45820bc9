"""A client of segmentation_node for programs of one's own: masks by examples.

from foundation_perception.client import SegmentationClient

with SegmentationClient() as client:
    client.add_support("mug", rgb, mask)
    print(client.segment(another_rgb, "mug").confidence)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from foundation_perception.srv import AddSupport, ListSupport, RemoveSupport, Segment
from rclpy.context import Context
from sensor_msgs.msg import Image

from ...arrays import Rgb
from ...streams.image_messages import fill_image, to_labels
from .pose_client import mask_message
from .service_client import ServiceClient


@dataclass(frozen=True)
class SegmentedImage:
    """labels (H, W) of unsigned integers: 0 is background; 0 and 255 where there is one label.

    confidence: the Dice that is to be expected, 0..1; 0: nothing was found. message: all that was said.
    """

    labels: np.ndarray
    confidence: float
    message: Any


class SegmentationClient(ServiceClient):
    """Asks one segmentation_node; safe to use from several threads, and beside a node of your own.

    segmentation_node: its name, with namespace. context: of rclpy; None: one of its own. All raise NotFound, saying
    why, where something is refused.
    """

    def __init__(self, segmentation_node: str = "/segmentation_node", context: Context | None = None) -> None:
        kinds = {
            "segment": Segment,
            "add_support": AddSupport,
            "list_support": ListSupport,
            "remove_support": RemoveSupport,
        }
        super().__init__(segmentation_node, kinds, context)

    def segment(self, rgb: Rgb, support_set: str = "") -> SegmentedImage:
        """Segment an image (H, W, 3) as the examples of a set show; the name may stay empty where there is one set."""
        answer = self.ask("segment", Segment.Request(support_set=support_set, image=_message(rgb)))
        return SegmentedImage(to_labels(answer.mask), float(answer.confidence), answer)

    def support_sets(self) -> dict[str, int]:
        """Return how many examples there are, by set."""
        return {info.name: len(info.examples) for info in self.ask("list_support", ListSupport.Request()).sets}

    def add_support(self, support_set: str, rgb: Rgb, mask: np.ndarray) -> None:
        """Add an example, an image (H, W, 3) with a mask (H, W), to a set, which is made where there is none."""
        self.ask(
            "add_support", AddSupport.Request(support_set=support_set, image=_message(rgb), mask=mask_message(mask))
        )

    def remove_support(self, support_set: str) -> None:
        """Forget a set; files stay as they are."""
        self.ask("remove_support", RemoveSupport.Request(support_set=support_set))


def _message(rgb: Rgb) -> Image:
    filled: Image = fill_image(Image(), np.ascontiguousarray(rgb), "rgb8")
    return filled
