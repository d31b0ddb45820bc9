"""`python -m benchmarks.pose.learned`: what learned registration and tracking take, stage by stage, beside their floor.

The floor is the networks' floating point operations over the rate of a large product of matrices, measured on the same
device in the same run and at the same precision. Without --weights the networks are made up, as time doesn't hang on
their values. Writes benchmarks/results/learned_<device>.json, and the table in docs/learned.md from it.
"""

import resource
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import torch
import typer
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.pose.speed import summary
from benchmarks.reporting import learned_tables
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from foundation_pose_ros import PoseEstimator
from foundation_pose_ros.learned.methods import LearnedMethods, LearnedMethodsSettings
from foundation_pose_ros.learned.observed_image import ObservedImage
from foundation_pose_ros.learned.refiner import LearnedRefiner
from foundation_pose_ros.learned.registration import LearnedRegistration, LearnedRegistrationSettings
from foundation_pose_ros.learned.scorer import LearnedScorer
from foundation_pose_ros.learned.start_poses import masked_translation, published_rotations, start_poses
from foundation_pose_ros.networks import RefineNet, ScoreNet
from foundation_pose_ros.networks.inference import PRECISIONS, InferenceSettings
from foundation_pose_ros.networks.weights_folder import load_from_folder
from foundation_pose_ros.rendering.factory import check_device
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

OBJECT = "cracker_box"
ITERATIONS, TRACK_ITERATIONS = 5, 2


def main(
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    hypotheses: Annotated[int | None, typer.Option(show_default="252 on cuda, 8 on cpu")] = None,
    precision: Annotated[str | None, typer.Option(help="fp32, fp16 or bf16.", show_default="by device")] = None,
    rounds: Annotated[int | None, typer.Option(show_default="20 on cuda, 2 on cpu")] = None,
    weights: Annotated[Path | None, typer.Option(help="Folder of weights.")] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file.", show_default="benchmarks/results/...")] = None,
) -> None:
    """Measure, and write JSON."""
    on_cuda = device.startswith("cuda")
    precision = precision or ("fp16" if on_cuda else "fp32")
    report = measure(
        device, hypotheses or (252 if on_cuda else 8), precision, rounds or (20 if on_cuda else 2), weights
    )
    report["command"] = f"python -m benchmarks.pose.learned --device {device} --hypotheses {report['hypotheses']}"
    publish(ON_CUDA if on_cuda else ON_CPU, report, output)
    print(learned_tables.stages(report))


def measure(device: str, hypotheses: int, precision: str, rounds: int, weights: Path | None = None) -> dict[str, Any]:
    """Measure on one rendered scene at 640x480; raises InputRefused where the device isn't there."""
    check_device(device)
    scene = make_scene(SceneSettings(seed=7, frames=2, objects=[OBJECT], clutter=4, rate_hz=30.0))
    model, frame, mask = scene.model(OBJECT), scene.frame("000000"), scene.mask("000000", OBJECT)
    assert mask is not None
    refine_net, score_net = _networks(weights, device)
    settings = LearnedMethodsSettings(
        device=device,
        inference=InferenceSettings(precision),
        registration=LearnedRegistrationSettings(iterations=ITERATIONS, most=hypotheses),
    )
    methods = LearnedMethods(refine_net, score_net, settings)
    estimator = PoseEstimator([model], methods=methods)
    prepared = methods.prepare(model)
    registration, scorer = prepared.registration, prepared.scorer
    assert isinstance(registration, LearnedRegistration) and isinstance(scorer, LearnedScorer)
    refiner = registration.refiner
    image = ObservedImage.of(frame, device)
    rotations = published_rotations()[:: -(-252 // hypotheses)]
    starts = start_poses(rotations, masked_translation(image, mask))
    entering = tuple(max(1, round(share * len(starts))) for share in settings.registration.entering)
    found = estimator.assess(frame, scene.truth("000000", OBJECT))
    batch = 64 if device.startswith("cuda") else 8

    stages: dict[str, Callable[[], Any]] = {
        "upload and depth filter": lambda: ObservedImage.of(frame, device),
        "pairs of one iteration": lambda: [None for _ in refiner.pairs.in_parts(image, starts, batch)],
        "one iteration": lambda: refiner.moved(image, starts, 1),
        "one iteration, shared picture": lambda: refiner.moved(image, starts, 1, shared=True),
        "all iterations": lambda: refiner.moved(image, starts, ITERATIONS, shared=True),
        "all iterations, pruned": lambda: refiner.moved(image, starts, ITERATIONS, True, entering),
        "scores": lambda: scorer.logits(image, starts),
        "register": lambda: estimator.register(frame, mask),
        "track, network alone": lambda: refiner.moved(image, starts[:1], TRACK_ITERATIONS),
        "track": lambda: estimator.track(frame, found),
    }
    _reset_peak(device)
    seconds = {name: summary(_timed(stage, device, rounds)) for name, stage in stages.items()}
    operations = _operations()
    rate = _matrix_rate(device, precision)
    passes = len(starts) * ITERATIONS
    floor_s = {
        "register": (passes * operations["refine"] + len(starts) * operations["score"]) / rate,
        "track": TRACK_ITERATIONS * operations["refine"] / rate,
    }
    return provenance({"rounds": rounds}) | {
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else "cpu",
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "renderer": type(refiner.pairs.renderer).__name__,
        "precision": precision,
        "weights": "made up" if weights is None else str(refine_net.info.source),
        "hypotheses": len(starts),
        "iterations": ITERATIONS,
        "image": "640x480",
        "seconds": seconds,
        "operations_per_pair": operations,
        "matrix_rate_per_s": rate,
        "floor_s": floor_s,
        "over_floor": {name: seconds[name]["median"] / floor for name, floor in floor_s.items()},
        "pruning": _pruning_difference(refiner, scorer, image, starts, entering),
        "peak_memory_bytes": _peak(device),
    }


def _networks(weights: Path | None, device: str) -> tuple[Any, Any]:
    if weights is not None:
        return load_from_folder(weights, "refine", device), load_from_folder(weights, "score", device)
    torch.manual_seed(0)
    refine_net = RefineNet()
    heads: Any = (refine_net.trans_head, refine_net.rot_head)
    for head in heads:
        head[1].weight.data *= 0.1  # poses stay where they are in sight
    return refine_net, ScoreNet()


def _timed(stage: Callable[[], Any], device: str, rounds: int) -> list[float]:
    """Seconds of each round, after one that isn't counted."""
    seconds = []
    for _ in range(rounds + 1):
        _synchronize(device)
        started = perf_counter()
        stage()
        _synchronize(device)
        seconds.append(perf_counter() - started)
    return seconds[1:]


def _operations() -> dict[str, int]:
    """Of one pair, multiplications and additions counted each."""
    pair = torch.zeros(1, 6, 160, 160), torch.zeros(1, 6, 160, 160)
    counts = {}
    for name, network, group in (("refine", RefineNet(), ()), ("score", ScoreNet(), (1,))):
        # Counted in training mode, in which no layer takes a fused form that the counter doesn't know.
        with FlopCounterMode(display=False) as counter, torch.enable_grad():
            network.train()(*pair, *group)
        counts[name] = counter.get_total_flops()
    return counts


def _matrix_rate(device: str, precision: str) -> float:
    """Operations per second of a product of square matrices."""
    size = 8192 if device.startswith("cuda") else 1024
    matrix = torch.randn(size, size, device=device).to(PRECISIONS[precision])
    return 2 * size**3 / min(_timed(lambda: matrix @ matrix, device, 10))


def _pruning_difference(
    refiner: LearnedRefiner,
    scorer: LearnedScorer,
    image: ObservedImage,
    starts: torch.Tensor,
    entering: tuple[int, ...],
) -> dict[str, float]:
    """How far the best pose of the pruned form lies from that of the exact one."""
    best = []
    for form in (None, entering):
        poses = refiner.moved(image, starts, ITERATIONS, shared=True, entering=form)
        best.append(poses[scorer.logits(image, poses).argmax()].cpu().numpy())
    R = best[0][:3, :3].T @ best[1][:3, :3]
    return {
        "translation_m": float(np.linalg.norm(best[0][:3, 3] - best[1][:3, 3])),
        "rotation_deg": float(np.rad2deg(np.arccos(np.clip((np.trace(R) - 1) / 2, -1, 1)))),
    }


def _synchronize(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def _reset_peak(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)


def _peak(device: str) -> int:
    """On CUDA what tensors took at most, on the CPU what the process did."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


ON_CPU = Part(
    name="learned_cpu",
    about="learned registration and tracking, stage by stage, on the CPU",
    result="learned_cpu.json",
    tables={"learned": learned_tables.stages},
    measure=lambda scope: measure("cpu", 2, "fp32", 1 if scope.quick else 2),
    in_bench=False,
)
ON_CUDA = Part(
    name="learned_cuda",
    about="the same on CUDA, with 252 hypotheses; left out without it",
    result="learned_cuda.json",
    measure=lambda scope: measure("cuda", 252, "fp16", 2 if scope.quick else 20),
)


if __name__ == "__main__":
    typer.run(main)
