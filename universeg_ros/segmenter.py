"""Segmenter: a support set once, then masks of any images."""

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from foundation_pose_ros.arrays import Mask, Rgb
from foundation_pose_ros.errors import InputRefused

from .mask_result import LabelResult, MaskResult, expected_dice
from .network.checkpoints import UniverSegWeightsInfo, load_checkpoint
from .network.inference import Inference
from .network.model import UniverSeg
from .segmenter_settings import DEFAULTS, SegmenterSettings
from .support.example_pools import Pool, Pools, close_ups, draw, most_useful, whole_images
from .support.gray_share import ONLY_MAP, ONLY_PICTURE, SHARES, chosen_gray_share, gray_look
from .support.likeness import features
from .support.preparation import Encoding, GrayLook, PreparedPicture
from .support.regions import ImageRegion, around, clipped_box, main_pieces, tiles
from .support.support_set import SupportSet

FLIPS: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-2, -1))

# Of the image; a smaller piece of a mask isn't taken for an object.
_LEAST_OBJECT_SHARE = 0.001


@dataclass(frozen=True, eq=False)
class _Query:
    """A picture at the network's size, with its looks: the same for every draw and label, made once they are needed."""

    picture: PreparedPicture

    @cached_property
    def by_brightness(self) -> np.ndarray:
        return features(self.picture.gray)

    @cached_property
    def by_colours(self) -> np.ndarray:
        assert self.picture.colour is not None
        return features(self.picture.colour)


class Segmenter:
    """A network and a support set.

    weights: as load_checkpoint takes them, or a network. Raises InputRefused where there are none, or no such device.
    """

    def __init__(
        self, weights: str | Path | UniverSeg = "default", device: str = "cpu", settings: SegmenterSettings = DEFAULTS
    ) -> None:
        self.settings = settings
        model, self.info = (
            (weights, UniverSegWeightsInfo()) if isinstance(weights, UniverSeg) else load_checkpoint(weights)
        )
        self._logits = Inference(model, device, settings.precision, settings.compiled, settings.memory_budget)
        self._support: SupportSet | None = None
        self._pools: Pools = {}
        self._close_pools: Pools | None = None
        self._gray_shares: dict[int, float] = {}

    @property
    def support(self) -> SupportSet:
        """Return the support set; raises InputRefused where there is none, or an empty one."""
        if self._support is None or not len(self._support):
            raise InputRefused("empty_support", "the support set is empty: add at least one image with its mask")
        return self._support

    def set_support(self, support: SupportSet) -> "Segmenter":
        """Say what to segment from now on; returns itself. A set that is changed afterwards must be set again."""
        stride = self._logits.model.stride
        if support.preparation.size % stride:
            raise InputRefused(
                "bad_size", f"images of {support.preparation.size} don't suit the network: multiples of {stride}"
            )
        self._support = support
        self._pools = whole_images(support)
        self._close_pools = None
        self._gray_shares = {}
        return self

    def segment(
        self, image: np.ndarray, encoding: Encoding | None = None, region: tuple[int, int, int, int] | None = None
    ) -> MaskResult:
        """Segment an image (H, W) or (H, W, 3) of any size.

        region: x, y, width, height in pixels; the rest of the image counts as background, and isn't looked at.
        Raises InputRefused for an empty support, an image without contrast or a region outside of it.
        """
        begin = time.monotonic()
        preparation = self.support.preparation
        image = np.asarray(image)
        shape = (image.shape[0], image.shape[1]) if image.ndim >= 2 else (0, 0)
        whole = ImageRegion(0, 0, shape[1], shape[0]) if region is None else clipped_box(region, shape)
        picture = preparation.picture(whole.cut(image) if region is not None else image, encoding)
        rng = np.random.default_rng(self.settings.seed)
        used: set[str] = set()
        if self.settings.tile_px and max(picture.shape) > self.settings.tile_px:
            members = self._in_tiles(picture, rng, used)
        else:
            members = self._predicted(picture, self._pools, rng, used)
        if self._looks_closer(picture):
            members = self._zoomed(picture, members, rng, used)
        return self._result(members, whole, shape, used, begin)

    def gray_look(self) -> GrayLook:
        """Return what of gray pictures suits the support by held-out examples, to be declared in its preparation."""
        return gray_look(self._chosen_gray_share(label) for label in self.support.labels)

    def _looks_closer(self, picture: PreparedPicture) -> bool:
        coloured = picture.colour is not None and all(pool.by_colours is not None for pool in self._pools.values())
        by_colours = self.settings.likeness and coloured
        return self.settings.zoom == "always" or (self.settings.zoom == "colours" and by_colours)

    def _in_tiles(self, picture: PreparedPicture, rng: np.random.Generator, used: set[str]) -> np.ndarray:
        """Probabilities (M, L, h, w), each tile's counting less towards its border."""
        total: np.ndarray | None = None
        weights = np.zeros(picture.shape, np.float32)
        for box, weight in tiles(picture.shape, self.settings.tile_px):
            piece = picture.cut(box.slices)
            weights[box.slices] += weight
            if piece.flat:
                continue
            found = self._predicted(piece, self._pools, rng, used)
            if total is None:
                total = np.zeros((*found.shape[:2], *picture.shape), np.float32)
            total[(..., *box.slices)] += found * weight
        assert total is not None
        return total / weights

    def _zoomed(
        self, picture: PreparedPicture, members: np.ndarray, rng: np.random.Generator, used: set[str]
    ) -> np.ndarray:
        """What was found, segmented once more from closer by; the same where it fills the image, or isn't there."""
        box = around(main_pieces(members.mean(axis=0).sum(axis=0)))
        if box is None or picture.cut(box.slices).flat:
            return members
        if self._close_pools is None:
            self._close_pools = close_ups(self.support)
        piece = self.support.preparation.closer(picture.cut(box.slices))
        again = self._predicted(piece, self._close_pools, rng, used)
        result = np.zeros((*again.shape[:2], *picture.shape), np.float32)
        result[(..., *box.slices)] = again
        return result

    def _predicted(
        self, picture: PreparedPicture, pools: Pools, rng: np.random.Generator, used: set[str]
    ) -> np.ndarray:
        """Probabilities (M, L, H, W) for a picture: members of the ensemble times labels."""
        query = _Query(self.support.preparation.sized_picture(picture))
        of_labels = [self._label_members(query, label, pool, rng, used) for label, pool in pools.items()]
        # A label with too few examples to draw from has fewer members: they are taken again.
        most = max(len(members) for members in of_labels)
        logits = np.stack([np.resize(members, (most, *query.picture.shape)) for members in of_labels], axis=1)
        # Background has logit 0: with one label the softmax is the sigmoid that the network was trained with.
        powers = np.exp(np.minimum(logits, 50.0))
        probabilities = powers / (1 + powers.sum(axis=1, keepdims=True))
        return self.support.preparation.back(probabilities, picture.shape)

    def _label_members(
        self, query: _Query, label: int, pool: Pool, rng: np.random.Generator, used: set[str]
    ) -> np.ndarray:
        """Logits (M, size, size) of one label."""
        logits = []
        for indices in self._draws(query.picture.gray, pool.images, rng):
            used.update(pool.names[i] for i in indices)
            shown = self._shown(query, label, pool, indices)
            for axes in FLIPS if self.settings.flips else FLIPS[:1]:
                said = np.zeros(query.picture.shape, np.float32)
                for share, image, images in shown:
                    given = [np.flip(array, axes).copy() for array in (image, images, pool.masks[indices])]
                    said += np.float32(share) * np.flip(self._logits(*given), axes)
                logits.append(said)
        return np.stack(logits)

    def _shown(
        self, query: _Query, label: int, pool: Pool, indices: np.ndarray
    ) -> list[tuple[float, np.ndarray, np.ndarray]]:
        """What the network is shown of a query and of examples, and how much what it says of that counts."""
        if self.settings.likeness and query.picture.colour is not None and pool.by_colours is not None:
            return [(1.0, *pool.by_colours.maps(query.by_colours, indices))]
        shown = []
        gray_share = self._gray_share(label)
        if gray_share > ONLY_MAP:
            shown.append((gray_share, query.picture.gray, pool.images[indices]))
        if gray_share < ONLY_PICTURE:
            shown.append((1 - gray_share, *pool.by_brightness.maps(query.by_brightness, indices)))
        return shown

    def _gray_share(self, label: int) -> float:
        declared = self.support.preparation.gray
        if not self.settings.likeness:
            return ONLY_PICTURE
        return self._chosen_gray_share(label) if declared is None else SHARES[declared]

    def _chosen_gray_share(self, label: int) -> float:
        """Chosen once, with the first gray query, by examples as they are, for close-ups too."""
        if label not in self._gray_shares:
            share = chosen_gray_share(self._pools[label], self._logits, self.settings.support_size)
            self._gray_shares[label] = share
        return self._gray_shares[label]

    def _draws(self, query: np.ndarray, images: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        size = self.settings.support_size
        if self.settings.selection == "similar" or len(images) <= size:
            return [most_useful(query, images, size)]
        return [draw(rng, len(images), size) for _ in range(self.settings.ensemble)]

    def _result(
        self, members: np.ndarray, whole: ImageRegion, shape: tuple[int, int], used: set[str], begin: float
    ) -> MaskResult:
        support = self.support
        by_label = np.zeros((members.shape[1], *shape), np.float32)
        by_label[(..., *whole.slices)] = members.mean(axis=0)
        spread = np.zeros(shape, np.float32)
        spread[whole.slices] = members.sum(axis=1).std(axis=0)
        probability = by_label.sum(axis=0).clip(0, 1)
        labels = np.array(support.labels, np.uint8)
        mask = np.where(probability >= self.settings.threshold, labels[by_label.argmax(axis=0)], 0).astype(np.uint8)
        results = tuple(
            LabelResult(label, support.label_name(label), expected_dice(p, mask == label), int((mask == label).sum()))
            for label, p in zip(support.labels, by_label, strict=True)
        )
        return MaskResult(
            mask,
            probability,
            2 * np.sqrt(probability * (1 - probability)),
            spread,
            results,
            by_label,
            tuple(name for name in support.names if name in used),
            len(members),
            time.monotonic() - begin,
        )


def object_mask(segmenter: Segmenter, rgb: Rgb) -> Mask:
    """Return the largest piece (H, W) bool of what a segmenter finds in a picture (H, W, 3).

    Raises InputRefused("object_not_found") where that is next to nothing. That a mask is there doesn't mean that it is
    the object's: registration's score says whether the object fits it.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats((segmenter.segment(rgb).mask > 0).astype(np.uint8))
    sizes = stats[1:, cv2.CC_STAT_AREA]
    if count < 2 or sizes.max() < _LEAST_OBJECT_SHARE * labels.size:
        raise InputRefused(
            "object_not_found",
            "the support set finds nothing of the object in this picture: move the camera nearer, add examples from "
            "this place, or give a mask",
        )
    return labels == 1 + int(sizes.argmax())
