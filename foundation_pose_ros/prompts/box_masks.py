"""Masks of what a box is drawn around: by a Segment Anything model, or by the colours inside and outside."""

from typing import Protocol

import cv2
import numpy as np

from ..arrays import Mask, Rgb
from ..errors import InputRefused, shortened
from .pretrained import Pretrained
from .region import Region

_GRABCUT_STEPS = 5
# The mask says where to begin.
_NO_RECTANGLE = (0, 0, 0, 0)
# Colours beyond this share of the box's sides aren't looked at; a smaller surrounding is computed sooner.
_SURROUNDING = 0.5
# Of the box; a mask of less isn't what the box was drawn around.
_LEAST_SHARE = 0.05


class BoxMasks(Protocol):
    """Makes masks of boxes."""

    def mask(self, rgb: Rgb, region: Region) -> Mask:
        """Return the mask (H, W) bool of what a box is drawn around in an image (H, W, 3); never an empty one."""
        ...


class ColourMasks:
    """Tells the thing in a box from its surroundings by their colours (GrabCut: Rother, Kolmogorov, Blake 2004)."""

    def mask(self, rgb: Rgb, region: Region) -> Mask:
        """Return the mask; the whole box where colours don't tell."""
        filled = region.filled(rgb.shape)
        beside_x = round(_SURROUNDING * (region.right - region.left)) + 2
        beside_y = round(_SURROUNDING * (region.bottom - region.top)) + 2
        rows = slice(max(region.top - beside_y, 0), region.bottom + beside_y)
        columns = slice(max(region.left - beside_x, 0), region.right + beside_x)
        guess = np.where(filled[rows, columns], cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
        if (guess == cv2.GC_PR_FGD).all():
            return filled  # a box that fills the image has no surroundings
        background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
        part = np.ascontiguousarray(rgb[rows, columns, ::-1])
        cv2.setRNGSeed(0)
        cv2.grabCut(part, guess, _NO_RECTANGLE, background, foreground, _GRABCUT_STEPS, cv2.GC_INIT_WITH_MASK)
        mask = np.zeros_like(filled)
        mask[rows, columns] = (guess == cv2.GC_FGD) | (guess == cv2.GC_PR_FGD)
        return mask if mask.sum() >= _LEAST_SHARE * filled.sum() else filled


class SamMasks:
    """Masks by a Segment Anything model of transformers, read once; raises InputRefused as `Pretrained.read`."""

    def __init__(self, model: Pretrained) -> None:
        self._device = model.device
        self._processor, self._model = model.read("AutoModelForMaskGeneration")
        if not hasattr(self._processor, "post_process_masks"):
            raise InputRefused("bad_model", f"{shortened(model.place)} makes no masks of boxes: SAM's models do")

    def mask(self, rgb: Rgb, region: Region) -> Mask:
        """Return the mask; the whole box where the model marks next to nothing in it."""
        import torch

        box = [float(side) for side in (region.left, region.top, region.right, region.bottom)]
        inputs = self._processor(images=rgb, input_boxes=[[box]], return_tensors="pt").to(self._device)
        with torch.inference_mode():
            outputs = self._model(**inputs, multimask_output=False)
        # SAM's images were resized and padded, SAM 2's only resized.
        sizes = [inputs[name].cpu() for name in ("original_sizes", "reshaped_input_sizes") if name in inputs]
        masks = self._processor.post_process_masks(outputs.pred_masks.cpu(), *sizes)[0]
        filled = region.filled(rgb.shape)
        mask = np.asarray(masks[0, 0], bool) & filled
        return mask if mask.sum() >= _LEAST_SHARE * filled.sum() else filled
