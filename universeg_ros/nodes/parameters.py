"""The parameters of segmentation_node."""

from dataclasses import fields
from typing import Any

from foundation_pose_ros.nodes.parameters import AUTOSTART, ParameterScope, Row

from ..network.inference import PRECISIONS
from ..segmenter_settings import ZOOMS, SegmenterSettings
from ..support.preparation import Preparation
from .support_sets import Limits

SEGMENTATION_NODE = (
    AUTOSTART,
    Row(
        "weights",
        "default",
        "A .pt or .safetensors file; or default or research, where the package ships them.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row("device", "cpu", "Where the network computes.", choices=("cpu", "cuda"), scope=ParameterScope.ON_CONFIGURE),
    Row(
        "precision",
        "fp32",
        "bf16 is faster on processors that have it; fp16 is for CUDA.",
        choices=PRECISIONS,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "compiled", False, "Use torch.compile, which works long on the first image.", scope=ParameterScope.ON_CONFIGURE
    ),
    Row("threads", 2, "Threads of the network; 0 leaves it to the library.", 0, 256, scope=ParameterScope.ON_CONFIGURE),
    Row(
        "support_directories",
        [],
        "Folders of support sets: ~/load_support reads below them and nowhere else, ~/save_support writes below the "
        "first.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "support_sets",
        [],
        "Sets to read at the start: names of folders (or .npz) below support_directories.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row("size", 128, "Side of the square that the network sees, of sets made here.", 8, 1024),
    Row(
        "aspect",
        "stretch",
        "Whether images are stretched to that square or padded, of sets made here.",
        choices=("stretch", "keep"),
    ),
    Row(
        "window_low",
        0.0,
        "Value that becomes black, as for CT, of sets made here; as large as window_high: each image's own least.",
    ),
    Row("window_high", 0.0, "Value that becomes white; as small as window_low: each image's own largest."),
    Row(
        "support_size",
        16,
        "Most examples that are shown to the network at a time.",
        1,
        1024,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "selection",
        "random",
        "How examples are chosen where there are more.",
        choices=("random", "similar"),
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row("ensemble", 1, "Random draws of the support that are averaged.", 1, 64, scope=ParameterScope.ON_CONFIGURE),
    Row("flips", False, "Average over mirror images too: four times the work.", scope=ParameterScope.ON_CONFIGURE),
    Row(
        "zoom",
        "colours",
        "Look once more from closer at what was found, if small; colours: where image and support have some.",
        choices=ZOOMS,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "likeness",
        True,
        "Show the network where pixels look like what is marked, by colours or brightness; false: gray alone.",
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row(
        "tile_px",
        0,
        "Cut larger images into squares of this side, each segmented alone; 0 doesn't, else at least 32.",
        0,
        8192,
        scope=ParameterScope.ON_CONFIGURE,
    ),
    Row("threshold", 0.5, "Least probability of the mask.", 0.01, 0.99, scope=ParameterScope.ON_CONFIGURE),
    Row("live_support", "", "Set that images on the topic are segmented with; empty: no live mode."),
    Row(
        "live_least_confidence",
        0.0,
        "Masks of live images below this confidence aren't published; empty ones never are.",
        0.0,
        1.0,
    ),
    Row(
        "image_transport",
        "raw",
        "Live images as Image on image, or as CompressedImage on image/compressed.",
        choices=("raw", "compressed"),
        scope=ParameterScope.ON_ACTIVATE,
    ),
    Row("max_side_px", 8192, "Images with a longer side are refused.", 32, 65536, scope=ParameterScope.ON_CONFIGURE),
    Row("max_examples", 512, "Most examples in a set.", 1, 100000, scope=ParameterScope.ON_CONFIGURE),
    Row("max_sets", 32, "Most sets at a time.", 1, 10000, scope=ParameterScope.ON_CONFIGURE),
    Row("stale_after_s", 1.0, "Without a live image for this long, diagnostics say STALE.", 0.1, 3600.0),
)


def segmenter_settings(values: dict[str, Any]) -> SegmenterSettings:
    """Take from parameters how images are segmented."""
    own = {field.name for field in fields(SegmenterSettings)}
    return SegmenterSettings(**{name: value for name, value in values.items() if name in own})


def limits(values: dict[str, Any]) -> Limits:
    """Take from parameters what is refused."""
    return Limits(*(values[name] for name in ("max_side_px", "max_examples", "max_sets")))


def preparation(values: dict[str, Any]) -> Preparation:
    """Take from parameters how sets made here prepare images; raises InputRefused."""
    low, high = values["window_low"], values["window_high"]
    return Preparation(values["size"], values["aspect"], (low, high) if low != high else None)
