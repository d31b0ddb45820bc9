"""Tables of segmentation say what was measured."""

from typing import Any

from benchmarks.reporting import segmentation_tables

ORIGIN = {"command": "measured", "machine": {"cpu": "a processor", "cores": 2}, "created": "2026-01-02", "commit": "c"}


def judged(dice: float, baselines: bool) -> dict[str, Any]:
    methods = {"universeg": dice} | ({"random forest": 0.5, "mean mask": 0.25} if baselines else {})
    row = {
        m: {"mean_dice": d, "mean_dice_95": [d - 0.1, d + 0.1], "mean_dice_over_sources": d} for m, d in methods.items()
    }
    return {"support": 16, "ensemble": 5, "images": 7, "overall": row, "tasks": {"cells": {"n": 7} | methods}}


def report() -> dict[str, Any]:
    parts = ("recorded", "gray", "thorough", "recorded_1", "patients_apart")
    chosen = {"support": 4, "tasks": 3, "random": 0.6, "similar": 0.62}
    return ORIGIN | {
        "weights": {
            name: {part: judged(dice, baselines=name == "default") for part in parts} | {"selection": chosen}
            for name, dice in (("default", 0.71), ("research", 0.78))
        }
    }


def rendered() -> dict[str, Any]:
    ways = {"default": ("colours", "gray"), "research": ("colours",)}
    return ORIGIN | {
        "weights": {
            name: {
                way: {kind: judged(dice, baselines=name == "default") for kind in ("scanned", "made_up")}
                for way in ways[name]
            }
            for name, dice in (("default", 0.71), ("research", 0.78))
        }
    }


def test_all_weights_stand_beside_what_learns_nothing() -> None:
    for table, measured in (
        (segmentation_tables.recorded, report()),
        (segmentation_tables.tasks, report()),
        (segmentation_tables.rendered, rendered()),
    ):
        text = table(measured)
        assert all(figure in text for figure in ("0.710", "0.780", "0.500", "0.250")), text
        assert text.endswith("`measured`, a processor, 2 cores, 2026-01-02, commit c.")
        rows = [line for line in text.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) == 1, text
    assert "| `research` | 4 | 3 | 0.600 | 0.620 |" in segmentation_tables.selection(report())


def test_time_stands_beside_its_floor() -> None:
    row = {"support": 16, "rounds": 3, "macs": 2e9, "plain_macs": 8e9, "largest_difference": 2e-6}
    row |= {"largest_difference_bf16": 0.02, "plain": 4.0, "fp32": 1.0, "bf16": 0.5, "ratio": 4.0, "bf16_ratio": 8.0}
    speed = {"threads": 2, "time": [row | {"over_floor": 1.5}]}
    memory = {"memory": [{"form": "plain", "support": 64, "peak_mib": 3400}]}
    text = segmentation_tables.speed(ORIGIN | {"speed": speed | memory})
    assert "| 16 | 4.00 s | 1.00 s (4.0x) | 0.50 s (8.0x) | 2.0 G of 8.0 G | 1.5 | 2e-06; bf16 2e-02 |" in text
    assert "| plain | 64 | 3,400 MiB |" in segmentation_tables.memory(ORIGIN | {"speed": speed | memory})


def test_under_load() -> None:
    row = {"support": 16, "rounds": 3, "load_average": 0.5}
    times = {"before": {"plain": 1.0, "forward": 0.25}, "loaded": {"plain": 4.0, "forward": 1.0}}
    text = segmentation_tables.load(ORIGIN | {"threads": 2, "cores": 2, "rows": [row | times]})
    assert "| 16 | a busy process more on each core | 4.00 s | 1.00 s (4.0x) |" in text


def test_masks_from_models() -> None:
    view = {"recording": "desk", "object": "mug", "tables": {"iou": 0.1, "right": False}}
    views = [view, view | {"found": {"iou": 0.8, "right": True}}, view | {"found": {"iou": 0.2, "right": False}}]
    text = segmentation_tables.from_models(ORIGIN | {"views": views, "overlaps": 0.25, "examples": 16})
    assert "| one earlier picture in which the search found it | 2 | 1 | 0.50 | 1 |" in text
    assert "| 16 pictures rendered on made-up tables | 3 | 0 | 0.10 | 0 |" in text and "1 objects" in text
