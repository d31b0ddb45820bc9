"""Tables about pose_node at a camera's rate."""

from typing import Any

from benchmarks.reporting.results import origin

_TREES = {"before": "before", "now": ""}


def latency(report: dict[str, Any]) -> str:
    """Write what a user sees: poses a second, time from stamp to pose, processor time by image sent and answered."""
    columns = "poses a second | stamp to pose, median | 99 % | processor by image | by answer | of a core | n"
    lines = [f"| images | objects | | {columns} |", "|---|---|---|---|---|---|---|---|---|---|"]
    settings = report["settings"]
    sent = settings["rate_hz"] * settings["seconds"] * settings["rounds"]
    for case in report["cases"]:
        taken = case["latency_ms"]
        lines.append(
            f"| {case['size']} | {case['objects']} | {_TREES[case['tree']]} | {case['poses_per_s']:.1f} | "
            f"{taken['median']:.0f} ms | {taken['p99']:.0f} ms | {case['processor_ms']:.1f} ms | "
            f"{case['processor_ms'] * sent / case['n']:.1f} ms | {100 * case['processor_share']:.0f} % | {case['n']} |"
        )
    bare = " and ".join(f"{taken_ms:.1f} ms ({size})" for size, taken_ms in report["bare_ms"].items())
    heard = f"A node of rclpy that hears the same images and does nothing takes {bare} by image."
    return "\n".join([*lines, "", f"{heard} {origin(report)} Load of the machine meanwhile: {report['load']:.1f}."])


def stages(report: dict[str, Any]) -> str:
    """Write the processor time of each stage, in ms for each frame that the camera sent."""
    names = list(report["cases"][0]["stages_ms"])
    lines = ["| images | objects | | " + " | ".join(names) + " |", "|---|---|---|" + "---|" * len(names)]
    for case in report["cases"]:
        taken = " | ".join(f"{case['stages_ms'][stage]:.2f}" for stage in names)
        lines.append(f"| {case['size']} | {case['objects']} | {_TREES[case['tree']]} | {taken} |")
    return "\n".join(lines)


def live_pictures(report: dict[str, Any]) -> str:
    """Write how many pictures of overlay_node come, how long after the image's stamp, and what one costs the node."""
    columns = "pictures a second | stamp to picture, median | 99 % | processor by picture | n"
    lines = [f"| images | objects | {columns} |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {row['size']} | {row['objects']} | {row['pictures_per_s']:.1f} | {row['median_ms']:.0f} ms "
        f"| {row['p99_ms']:.0f} ms | {row['processor_ms']:.1f} ms | {row['n']} |"
        for row in report["rows"]
    ]
    return "\n".join([*lines, "", f"{origin(report)} Load of the machine meanwhile: {report['load']:.1f}."])
