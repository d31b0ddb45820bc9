"""The nodes that prompt_node asks, as its search knows them."""

from collections.abc import Callable, Mapping

import numpy as np

from ...arrays import Mask
from ...prompts.word_search import PromptImage
from ..client.object_pose import ObjectPose
from ..client.pose_client import PoseClient
from ..client.refusals import refusing
from ..client.segmentation_client import SegmentationClient


class AskedPoseNode:
    """The objects of a pose_node. known: returns their names with their models', as the node last said them."""

    def __init__(self, client: PoseClient, known: Callable[[], Mapping[str, str]]) -> None:
        self._client, self._known = client, known

    @property
    def known(self) -> Mapping[str, str]:
        """Return the names of all objects, tracked or not, each with that of its model."""
        return self._known()

    def find(self, name: str, timeout_s: float) -> ObjectPose:
        """Return the pose of an object that is tracked, or is found without a mask."""
        with refusing():
            return self._client.find(name, timeout_s=timeout_s)

    def register(self, name: str, mask: Mask, stamp_ns: int) -> ObjectPose:
        """Return the pose that a mask (H, W) leads to."""
        with refusing():
            return self._client.register(name, mask, stamp_ns)


class AskedSegmentationNode:
    """The support sets of a segmentation_node, which need not be there."""

    def __init__(self, client: SegmentationClient) -> None:
        self._client = client

    @property
    def offered(self) -> bool:
        """Return True where the node is there."""
        return self._client.offered

    @property
    def sets(self) -> tuple[str, ...]:
        """Return their names; none where the node isn't there."""
        if not self.offered:
            return ()
        with refusing():
            return tuple(self._client.support_sets())

    def segment(self, name: str, picture: PromptImage) -> tuple[Mask, float]:
        """Return the mask (H, W) of what a set shows, and its confidence."""
        with refusing():
            segmented = self._client.segment(picture.rgb, name)
            return np.asarray(segmented.labels != 0), segmented.confidence

    def add(self, name: str, picture: PromptImage, mask: Mask) -> None:
        """Add an example to a set."""
        with refusing():
            self._client.add_support(name, picture.rgb, mask)
