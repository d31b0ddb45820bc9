"""A detector's boxes and its label image of instances, which come as two messages of one stamp. Needs no ROS."""

from dataclasses import replace

from .mask_inputs import DetectedBoxes, LabelImage
from .refusals import RefusalCounter


class InstanceMasks:
    """Joins boxes with the label image of their stamp, whichever comes first. Call it from one thread."""

    def __init__(self, refusals: RefusalCounter) -> None:
        self._refusals = refusals
        self._boxes: DetectedBoxes | None = None
        self._labels: LabelImage | None = None

    def boxes(self, boxes: DetectedBoxes) -> DetectedBoxes | None:
        """Take in boxes; return them once they are joined, None while they wait."""
        if self._boxes is not None:
            self._refusals.count(
                "no_instances",
                "boxes, but no image of instances of their stamp: let the detector give both the image's stamp, or "
                "publish no instances",
            )
        self._boxes = boxes
        return self._joined()

    def labels(self, labels: LabelImage) -> DetectedBoxes | None:
        """Take in a label image; return the boxes that waited for it."""
        self._labels = labels
        return self._joined()

    def _joined(self) -> DetectedBoxes | None:
        boxes, labels = self._boxes, self._labels
        if boxes is None or labels is None or boxes.stamp_ns != labels.stamp_ns:
            return None
        self._boxes = self._labels = None
        return replace(boxes, instances=labels.labels)
