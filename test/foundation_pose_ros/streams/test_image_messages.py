"""Every encoding, with padded rows, either byte order and damaged data; messages are plain objects."""

import array
import struct
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.streams.image_messages import (
    COLOUR,
    DEPTH,
    LABELS,
    PIXELS,
    compressed_to_depth_m,
    compressed_to_rgb,
    fill_image,
    fill_jpeg,
    to_array,
    to_depth_m,
    to_labels,
    to_rgb,
)


def message(pixels: np.ndarray, encoding: str, big_endian: bool = False, padding: int = 0) -> SimpleNamespace:
    """An image message, written row by row."""
    wire = pixels.astype(pixels.dtype.newbyteorder(">" if big_endian else "<"))
    rows = b"".join(np.ascontiguousarray(row).tobytes() + b"\xa5" * padding for row in wire)
    step = wire[0].nbytes + padding
    return SimpleNamespace(
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=int(big_endian),
        step=step,
        data=array.array("B", rows),
    )


@st.composite
def images(draw: st.DrawFn, encodings: tuple[str, ...] = tuple(PIXELS)) -> tuple[np.ndarray, SimpleNamespace]:
    encoding = draw(st.sampled_from(encodings))
    kind, channels = PIXELS[encoding]
    height, width = draw(st.integers(1, 7)), draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (height, width) if channels == 1 else (height, width, channels)
    if kind is np.float32:
        pixels = rng.uniform(0, 10, shape).astype(np.float32)
        pixels[rng.random(shape) < 0.2] = draw(st.sampled_from([np.nan, np.inf, -np.inf, 0.0]))
    else:
        pixels = rng.integers(0, np.iinfo(kind).max, shape, kind, endpoint=True)
    return pixels, message(pixels, encoding, draw(st.booleans()), draw(st.integers(0, 5)))


@given(images())
def test_pixels_come_out_as_they_went_in(image: tuple[np.ndarray, SimpleNamespace]) -> None:
    pixels, sent = image
    read = to_array(sent)
    assert read.dtype == pixels.dtype and read.dtype.isnative
    np.testing.assert_array_equal(read, pixels)


@given(images())
def test_fill_image_is_the_inverse(image: tuple[np.ndarray, SimpleNamespace]) -> None:
    pixels, sent = image
    written = fill_image(SimpleNamespace(), pixels, sent.encoding)
    assert (written.height, written.width, written.encoding) == (sent.height, sent.width, sent.encoding)
    assert isinstance(written.data, array.array) and len(written.data) == written.step * written.height
    np.testing.assert_array_equal(to_array(written), pixels)


@given(images(), st.data())
def test_truncated_data_is_refused(image: tuple[np.ndarray, SimpleNamespace], data: st.DataObject) -> None:
    _, sent = image
    sent.data = sent.data[: data.draw(st.integers(0, len(sent.data) - 1))]
    with pytest.raises(InputRefused, match="publisher fills") as refused:
        to_array(sent)
    assert refused.value.reason == "bad_image"


@given(images(), st.sampled_from(["height", "width", "step"]))
def test_sizes_that_cannot_be_are_refused(image: tuple[np.ndarray, SimpleNamespace], field: str) -> None:
    _, sent = image
    setattr(sent, field, 0)
    with pytest.raises(InputRefused) as refused:
        to_array(sent)
    assert refused.value.reason == "bad_image"


@settings(max_examples=300)
@given(
    height=st.integers(0, 2**32 - 1),
    width=st.integers(0, 2**32 - 1),
    step=st.integers(0, 2**32 - 1),
    encoding=st.sampled_from([*PIXELS, "", "bayer_rggb8", "yuv422_yuy2", "rgb16", "32FC3"]),
    big_endian=st.integers(0, 255),
    data=st.binary(max_size=64),
)
def test_any_message_is_read_or_refused(
    height: int, width: int, step: int, encoding: str, big_endian: int, data: bytes
) -> None:
    sent = SimpleNamespace(
        height=height, width=width, step=step, encoding=encoding, is_bigendian=big_endian, data=array.array("B", data)
    )
    for read in (to_array, to_rgb, to_depth_m, to_labels):
        try:
            assert read(sent).shape[:2] == (height, width)
        except InputRefused as refused:
            assert refused.reason in ("bad_encoding", "bad_image") and ": " in str(refused)


@pytest.mark.parametrize("encoding", COLOUR)
def test_colour_has_red_first(encoding: str) -> None:
    order = {"rgb8": [10, 20, 30], "rgba8": [10, 20, 30, 40], "bgra8": [30, 20, 10, 40], "mono8": [20]}
    pixel = np.array(order.get(encoding, [30, 20, 10]), np.uint8)
    pixels = np.tile(pixel, (2, 3, 1)) if len(pixel) > 1 else np.full((2, 3), 20, np.uint8)
    rgb = to_rgb(message(pixels, encoding, padding=1))
    assert rgb.dtype == np.uint8 and rgb.flags.c_contiguous
    np.testing.assert_array_equal(rgb, np.tile([20] * 3 if encoding == "mono8" else [10, 20, 30], (2, 3, 1)))


@pytest.mark.parametrize("big_endian", [False, True])
def test_depth_is_metres_by_its_encoding(big_endian: bool) -> None:
    metres = np.array([[0.5, np.nan, np.inf]], np.float32)
    np.testing.assert_array_equal(to_depth_m(message(metres, "32FC1", big_endian)), metres)
    for encoding in ("16UC1", "mono16"):
        millimetres = np.array([[1234, 0, 65535]], np.uint16)
        depth_m = to_depth_m(message(millimetres, encoding, big_endian, padding=2))
        assert depth_m.dtype == np.float32
        np.testing.assert_allclose(depth_m, [[1.234, 0, 65.535]], rtol=1e-6)


@given(images(LABELS))
def test_labels_keep_their_values(image: tuple[np.ndarray, SimpleNamespace]) -> None:
    pixels, sent = image
    np.testing.assert_array_equal(to_labels(sent), pixels)


@pytest.mark.parametrize(
    ("read", "accepted", "advice"),
    [(to_rgb, COLOUR, "publish rgb8"), (to_depth_m, DEPTH, "publish 32FC1"), (to_labels, LABELS, "publish mono8")],
)
def test_encodings_of_another_kind_are_refused_by_name(read, accepted: tuple[str, ...], advice: str) -> None:
    for encoding in {*PIXELS, "bayer_rggb8"} - set(accepted):
        kind, channels = PIXELS.get(encoding, (np.uint8, 1))
        shape = (2, 2) if channels == 1 else (2, 2, channels)
        with pytest.raises(InputRefused, match=advice) as refused:
            read(message(np.zeros(shape, kind), encoding))
        assert refused.value.reason == "bad_encoding" and repr(encoding) in str(refused.value)


@pytest.mark.parametrize("pixels", [np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.float32)])
def test_fill_image_wants_the_encodings_pixels(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="rgb8 needs"):
        fill_image(SimpleNamespace(), pixels, "rgb8")


def test_compressed_colour() -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (8, 9, 3), np.uint8)
    data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes()
    sent = SimpleNamespace(format="rgb8; png compressed bgr8", data=array.array("B", data))
    np.testing.assert_array_equal(compressed_to_rgb(sent), rgb)


def test_jpeg_keeps_colours_and_is_small() -> None:
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[:, :32], rgb[:, 32:] = (200, 30, 60), (20, 150, 220)
    sent = fill_jpeg(SimpleNamespace(), rgb, quality=90)
    assert sent.format == "rgb8; jpeg compressed bgr8" and isinstance(sent.data, array.array)
    assert len(sent.data) < len(fill_jpeg(SimpleNamespace(), rgb, quality=100).data) < rgb.nbytes
    assert np.abs(compressed_to_rgb(sent).astype(int) - rgb).mean() < 3


@pytest.mark.parametrize("data", [b"", b"\x00" * 40, b"\xff\xd8\xff\xe0 no image"])
def test_compressed_colour_that_is_none(data: bytes) -> None:
    with pytest.raises(InputRefused) as refused:
        compressed_to_rgb(SimpleNamespace(format="jpeg", data=array.array("B", data)))
    assert refused.value.reason == "bad_image"


def compressed_depth(format_: str, raw: np.ndarray, a: float = 0.0, b: float = 0.0) -> SimpleNamespace:
    header = struct.pack("<Iff", 0, a, b)
    return SimpleNamespace(format=format_, data=array.array("B", header + cv2.imencode(".png", raw)[1].tobytes()))


@pytest.mark.parametrize("format_", ["16UC1; compressedDepth png", "16UC1; compressedDepth"])
def test_compressed_depth_of_millimetres(format_: str) -> None:
    raw = np.array([[0, 1234], [65535, 1]], np.uint16)
    np.testing.assert_allclose(compressed_to_depth_m(compressed_depth(format_, raw)), raw / 1000.0, rtol=1e-6)


def test_compressed_depth_of_floats_is_quantised_inverse_depth() -> None:
    depth_m = np.array([[0.0, 0.5], [1.0, 4.0]])
    quantisation, max_m = 100.0, 10.0
    a = quantisation * (quantisation + 1.0)
    b = 1.0 - a / max_m
    raw = np.where(depth_m > 0, a / np.where(depth_m > 0, depth_m, 1.0) + b, 0).astype(np.uint16)
    read = compressed_to_depth_m(compressed_depth("32FC1; compressedDepth png", raw, a, b))
    np.testing.assert_allclose(read, depth_m, rtol=2e-3)
    assert read[0, 0] == 0.0


@pytest.mark.parametrize(
    ("sent", "reason", "fix"),
    [
        (
            compressed_depth("16UC1; compressedDepth rvl", np.zeros((2, 2), np.uint16)),
            "image_too_large",
            "says that it",
        ),
        (
            SimpleNamespace(format="16UC1; compressedDepth rvl", data=array.array("B", bytes(12) + b"\2\0\0\0" * 2)),
            "bad_image",
            "2x2",
        ),
        (compressed_depth("8UC3; compressedDepth png", np.zeros((2, 2), np.uint16)), "bad_encoding", "publish 32FC1"),
        (compressed_depth("16UC1; compressedDepth png", np.zeros((2, 2, 3), np.uint8)), "bad_image", "not 16 bits"),
        (SimpleNamespace(format="16UC1; compressedDepth png", data=array.array("B", b"123")), "bad_image", "no image"),
        (
            SimpleNamespace(format="16UC1; compressedDepth png", data=array.array("B", bytes(50))),
            "bad_image",
            "decoded",
        ),
    ],
)
def test_compressed_depth_that_cannot_be_used(sent: SimpleNamespace, reason: str, fix: str) -> None:
    with pytest.raises(InputRefused, match=fix) as refused:
        compressed_to_depth_m(sent)
    assert refused.value.reason == reason


def test_rvl_is_read_with_any_unit_and_quantised() -> None:
    # 3 columns, 2 rows; 0 0 1000 1001 999 0 as in test_rvl.py.
    payload = np.array([3, 2, 0x238AF323, 0x10000000], "<u4").tobytes()
    values = np.array([[0, 0, 1000], [1001, 999, 0]])

    def sent(encoding: str, a: float = 0.0, b: float = 0.0) -> SimpleNamespace:
        header = np.array([0, a, b], "<f4").tobytes()
        return SimpleNamespace(format=f"{encoding}; compressedDepth rvl", data=array.array("B", header + payload))

    np.testing.assert_allclose(compressed_to_depth_m(sent("16UC1"), 0.0001), values * 0.0001, rtol=1e-6)
    read = compressed_to_depth_m(sent("32FC1", 900.0, 1.0))
    np.testing.assert_allclose(read, np.where(values > 0, 900.0 / np.maximum(values - 1, 1), 0), rtol=1e-6)


def test_sixteen_bits_count_in_the_unit_that_is_said() -> None:
    steps = np.array([[0, 5000], [65535, 1]], np.uint16)
    np.testing.assert_allclose(to_depth_m(message(steps, "16UC1", False), 0.0001), steps * 0.0001, rtol=1e-6)
