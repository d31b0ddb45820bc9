"""Where weights of the two networks are published, and under which licence. Needs no PyTorch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WeightsSource:
    """One place that publishes weights of both networks.

    form: of its files, as `weights_file.FileFormat` calls it. files: what to fetch, RefineNet's first. licence: in
    words; terms: where they stand.
    """

    name: str
    form: str
    where: str
    files: tuple[str, str]
    licence: str
    terms: str


SOURCES = (
    WeightsSource(
        name="NVIDIA's ONNX files",
        form="ONNX",
        where="https://huggingface.co/nvidia/foundationpose",
        files=("refiner_net.onnx (68 MB)", "score_net.onnx (64 MB)"),
        licence="NVIDIA Open Model License, commercial use allowed",
        terms="https://www.nvidia.com/en-us/agreements/enterprise-software/nvidia-open-model-license/",
    ),
    WeightsSource(
        name="the authors' checkpoints",
        form="PyTorch",
        where="https://github.com/NVlabs/FoundationPose (its readme links the folder)",
        files=(
            "2023-10-28-18-33-37/ with model_best.pth (65 MiB) and config.yml",
            "2024-01-11-20-02-45/ with model_best.pth (181 MiB) and config.yml",
        ),
        licence="NVIDIA Source Code License, research and evaluation only",
        terms="https://github.com/NVlabs/FoundationPose/blob/main/LICENSE",
    ),
)


def licence_of(form: str) -> str:
    """Return the licence under which weights in this format are published; empty for our own format."""
    return next((source.licence for source in SOURCES if source.form == form), "")


def in_words() -> str:
    """Return all sources, for a terminal."""
    lines = ["Fetch both networks of one kind into one folder:"]
    for source in SOURCES:
        lines += [f"{source.name}: {source.where}", f"  {source.licence} ({source.terms})"]
        lines += [f"  {files}" for files in source.files]
    return "\n".join(lines)
