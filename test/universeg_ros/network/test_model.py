"""The network is the published one: names, shapes and outputs, and it depends on its support as it should."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.errors import InputRefused
from universeg_ros import UniverSeg

PLAIN_TOLERANCE = 2e-5
SHORTCUT_TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def spec_folder(data_folder: Path) -> Path:
    folder = data_folder.parent / "spec" / "universeg"
    if not folder.is_dir():
        pytest.skip(f"no reference outputs at {folder}")
    return folder


@pytest.fixture(scope="module")
def parity(spec_folder: Path) -> dict[str, np.ndarray]:
    with np.load(spec_folder / "parity.npz") as file:
        return dict(file)


def with_reference_weights(model: UniverSeg) -> UniverSeg:
    """Fill in the weights that the reference outputs were computed with."""
    random = np.random.RandomState(20230413)
    tensors = {}
    for name, tensor in sorted(model.state_dict().items()):
        values = random.normal(size=tuple(tensor.shape))
        if name.endswith("bias"):
            scale = 0.1
        else:
            gain = 1.0 if ".cross." in name or name.startswith("out_conv") else math.sqrt(2)
            scale = gain / math.sqrt(math.prod(tensor.shape[1:]))
        tensors[name] = torch.from_numpy((values * scale).astype(np.float32))
    model.load_state_dict(tensors, strict=True)
    return model.eval()


@pytest.fixture(scope="module")
def reference() -> UniverSeg:
    return with_reference_weights(UniverSeg())


def inputs(parity: dict[str, np.ndarray], case: str) -> tuple[torch.Tensor, ...]:
    names = ("target", "support_images", "support_labels")
    return tuple(torch.from_numpy(parity[f"{case}_{name}"]).float() for name in names)


def random_task(rng: np.random.Generator, batch: int, count: int, size: tuple[int, int]) -> tuple[torch.Tensor, ...]:
    target = rng.random((batch, 1, *size), np.float32)
    images = rng.random((batch, count, 1, *size), np.float32)
    labels = (rng.random((batch, count, 1, *size)) > 0.6).astype(np.float32)
    return tuple(torch.from_numpy(array) for array in (target, images, labels))


def test_state_dict_has_the_published_names_and_shapes(spec_folder: Path) -> None:
    published = json.loads((spec_folder / "state_dict.json").read_text())
    model = UniverSeg()
    assert {name: list(tensor.shape) for name, tensor in model.state_dict().items()} == published["keys"]
    assert sum(parameter.numel() for parameter in model.parameters()) == published["total_params"]


def test_reference_weights_are_those_of_the_outputs(reference: UniverSeg, parity: dict[str, np.ndarray]) -> None:
    tensors = reference.state_dict()
    digest = hashlib.sha256(b"".join(tensors[name].numpy().tobytes() for name in sorted(tensors)))
    assert digest.hexdigest() == str(parity["weights_sha256"])


@pytest.mark.parametrize("case", ["a", "b", "c"])
@torch.no_grad()
def test_outputs_are_the_reference_s(reference: UniverSeg, parity: dict[str, np.ndarray], case: str) -> None:
    task = inputs(parity, case)
    assert np.abs(reference.plain(*task).numpy() - parity[f"{case}_logits"]).max() < PLAIN_TOLERANCE
    assert np.abs(reference(*task).numpy() - parity[f"{case}_logits"]).max() < SHORTCUT_TOLERANCE


@torch.no_grad()
def test_every_block_puts_out_what_the_reference_s_does(reference: UniverSeg, parity: dict[str, np.ndarray]) -> None:
    seen: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    handles = [
        block.register_forward_hook(lambda _module, _inputs, outputs, name=f"{kind}{i}": seen.update({name: outputs}))
        for kind, blocks in (("enc", reference.enc_blocks), ("dec", reference.dec_blocks))
        for i, block in enumerate(blocks)
    ]
    try:
        reference.plain(*inputs(parity, "b"))
    finally:
        for handle in handles:
            handle.remove()
    assert len(seen) == 7
    for name, (target, support) in seen.items():
        for kind, output, first in (("target", target, target[0, :4]), ("support", support, support[0, 0, :4])):
            assert np.abs(first.numpy() - parity[f"b_{name}_{kind}_00"]).max() < PLAIN_TOLERANCE, (name, kind)
            mean, std = parity[f"b_{name}_{kind}_mean_std"]
            # The reference's standard deviation may be with or without Bessel's correction: too many values to matter.
            assert float(output.double().mean()) == pytest.approx(mean, abs=1e-5)
            assert float(output.double().std()) == pytest.approx(std, rel=1e-3)


def test_initial_weights_have_the_stated_spread() -> None:
    torch.manual_seed(0)
    tensors = UniverSeg().state_dict()
    assert all(not tensor.any() for name, tensor in tensors.items() if name.endswith("bias"))
    for name, spread in (
        ("enc_blocks.0.cross.cross_conv.weight", 0.1925),
        ("enc_blocks.1.cross.cross_conv.weight", 0.0295),
        ("dec_blocks.1.cross.cross_conv.weight", 0.0208),
        ("enc_blocks.2.target.vmapped.conv.weight", 0.0589),
        ("dec_blocks.0.support.vmapped.conv.weight", 0.0589),
    ):
        assert float(tensors[name].std()) == pytest.approx(spread, rel=0.04), name


@torch.no_grad()
def test_order_of_the_support_does_not_matter_but_its_content_does(rng: np.random.Generator) -> None:
    model = UniverSeg([8, 8, 8])
    target, images, labels = random_task(rng, 2, 5, (16, 24))
    logits = model(target, images, labels)
    order = torch.tensor([3, 0, 4, 2, 1])
    assert torch.allclose(model(target, images[:, order], labels[:, order]), logits, atol=1e-5)
    assert not torch.allclose(model(target, images, labels[:, order]), logits, atol=1e-3)


@torch.no_grad()
def test_what_becomes_of_each_example_keeps_its_place(rng: np.random.Generator) -> None:
    """A block is invariant in its target and equivariant in its support."""
    block = UniverSeg([8, 8]).decoder[0]
    target, support = (torch.from_numpy(rng.random(shape, np.float32)) for shape in ((1, 16, 8, 8), (1, 4, 16, 8, 8)))
    order = torch.tensor([2, 0, 3, 1])
    new_target, new_support = block(target, support)
    same_target, moved = block(target, support[:, order])
    assert torch.allclose(same_target, new_target, atol=1e-5)
    assert torch.allclose(moved, new_support[:, order], atol=1e-5)
    assert not torch.allclose(moved, new_support, atol=1e-3)


@torch.no_grad()
def test_items_of_a_batch_do_not_mix(rng: np.random.Generator) -> None:
    model = UniverSeg([8, 8, 8])
    target, images, labels = random_task(rng, 3, 2, (16, 16))
    together = model(target, images, labels)
    for i in range(3):
        alone = model(target[i : i + 1], images[i : i + 1], labels[i : i + 1])
        assert torch.allclose(alone[0], together[i], atol=1e-5)


@pytest.mark.parametrize(
    ("target", "images", "labels", "reason"),
    [
        ((1, 16, 16), (1, 2, 1, 16, 16), (1, 2, 1, 16, 16), "bad_shape"),
        ((1, 1, 16, 16), (1, 0, 1, 16, 16), (1, 0, 1, 16, 16), "empty_support"),
        ((1, 1, 16, 16), (1, 2, 1, 16, 16), (1, 3, 1, 16, 16), "bad_shape"),
        ((2, 1, 16, 16), (1, 2, 1, 16, 16), (1, 2, 1, 16, 16), "bad_shape"),
        ((1, 3, 16, 16), (1, 2, 1, 16, 16), (1, 2, 1, 16, 16), "bad_shape"),
        ((1, 1, 18, 16), (1, 2, 1, 18, 16), (1, 2, 1, 18, 16), "bad_size"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(
    target: tuple[int, ...], images: tuple[int, ...], labels: tuple[int, ...], reason: str
) -> None:
    with pytest.raises(InputRefused) as refusal:
        UniverSeg([4, 4, 4])(torch.zeros(target), torch.zeros(images), torch.zeros(labels))
    assert refusal.value.reason == reason
