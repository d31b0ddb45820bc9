"""Half precision and compilation give the same masks; what a device doesn't have is refused."""

from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.errors import InputRefused
from universeg_ros import UniverSeg
from universeg_ros.network.checkpoints import load_checkpoint
from universeg_ros.network.inference import Inference

Task = tuple[np.ndarray, np.ndarray, np.ndarray]


def discs(size: int, count: int) -> Task:
    """A query and its examples: bright discs on noise."""
    rng = np.random.default_rng(4)
    ys, xs = np.mgrid[:size, :size]
    centres = rng.uniform(0.3 * size, 0.7 * size, (count + 1, 2))
    radii = rng.uniform(0.1 * size, 0.2 * size, count + 1)
    masks = np.stack([np.hypot(xs - x, ys - y) < r for (x, y), r in zip(centres, radii, strict=True)])
    images = np.where(masks, 0.7, 0.3) + rng.normal(0, 0.05, masks.shape)
    images = images.clip(0, 1).astype(np.float32)
    return images[0], images[1:], masks[1:].astype(np.float32)


def test_bf16_gives_nearly_the_same_mask() -> None:
    model, _ = load_checkpoint("default")
    exact, half = (Inference(model, precision=precision)(*discs(128, 6)) for precision in ("fp32", "bf16"))  # type: ignore[arg-type]
    assert exact.dtype == half.dtype == np.float32 and not np.array_equal(exact, half)
    found, wanted = half > 0, exact > 0
    assert wanted.sum() > 500 and 2 * (found & wanted).sum() / (found.sum() + wanted.sum()) > 0.99
    probabilities = [1 / (1 + np.exp(-logits.clip(-30, 30))) for logits in (exact, half)]
    assert np.abs(probabilities[0] - probabilities[1]).mean() < 0.002


def test_compiled_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph is captured whole; making machine code of it is PyTorch's business, and takes minutes."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager", fullgraph=True))
    torch.manual_seed(0)
    model = UniverSeg([4, 4])
    task = discs(16, 2)
    assert np.abs(Inference(model, compiled=True)(*task) - Inference(model)(*task)).max() < 1e-4


def test_what_a_device_lacks_is_refused() -> None:
    model = UniverSeg([2])
    with pytest.raises(InputRefused, match="fp16 is for CUDA"):
        Inference(model, precision="fp16")
    if not torch.cuda.is_available():
        with pytest.raises(InputRefused, match="use device cpu"):
            Inference(model, device="cuda")
