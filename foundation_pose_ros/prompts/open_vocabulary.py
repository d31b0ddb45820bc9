"""Open-vocabulary detectors of `transformers`: OWL-ViT, OWLv2, Grounding DINO and the like."""

from dataclasses import dataclass

from ..arrays import Rgb
from ..errors import InputRefused, shortened
from .pretrained import Pretrained
from .region import Region, best_of_each, clipped

_AUTO_CLASS = "AutoModelForZeroShotObjectDetection"


@dataclass(frozen=True)
class OpenVocabularySettings:
    """least_score: of regions that count, 0..1, by the detector's own measure. most_regions: of one image."""

    least_score: float = 0.2
    most_regions: int = 10


class OpenVocabularyDetector:
    """Finds regions by words, with a model that is read once.

    Raises InputRefused where it can't be read (`Pretrained.read`), or isn't a detector that takes words.
    """

    def __init__(self, model: Pretrained, settings: OpenVocabularySettings | None = None) -> None:
        self._device, self._settings = model.device, settings or OpenVocabularySettings()
        self._processor, self._model = model.read(_AUTO_CLASS)
        if not hasattr(self._processor, "post_process_grounded_object_detection"):
            raise InputRefused(
                "bad_model",
                f"{shortened(model.place)} isn't a detector that takes words: OWLv2 and Grounding DINO are",
            )

    def find(self, rgb: Rgb, words: str) -> tuple[Region, ...]:
        """Return regions of an image (H, W, 3), the likeliest first."""
        import torch

        # Lower case is what Grounding DINO was trained on; its processor adds the full stop.
        asked = [[words.lower()]]
        inputs = self._processor(images=rgb, text=asked, truncation=True, return_tensors="pt").to(self._device)
        with torch.inference_mode():
            outputs = self._model(**inputs)
        found = self._processor.post_process_grounded_object_detection(
            outputs, threshold=self._settings.least_score, target_sizes=[rgb.shape[:2]], text_labels=asked
        )[0]
        boxes, scores = found["boxes"].float().tolist(), found["scores"].float().tolist()
        regions = [clipped(words, box, rgb.shape, score) for box, score in zip(boxes, scores, strict=True)]
        return best_of_each([region for region in regions if region is not None], self._settings.most_regions)
