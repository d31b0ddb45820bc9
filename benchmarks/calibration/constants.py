"""All that is fitted, as it is in the code, and the text of the file that holds it."""

from dataclasses import asdict, dataclass

from benchmarks.reporting.results import ROOT
from foundation_pose_ros.uncertainty import fitted_constants
from foundation_pose_ros.uncertainty.confidence import Confidence
from foundation_pose_ros.uncertainty.covariance import CovarianceModel
from foundation_pose_ros.uncertainty.expected_error import ErrorModel

CONSTANTS = ROOT / "foundation_pose_ros" / "uncertainty" / "fitted_constants.py"
# What each probability is called, and its cues: those of a task that has a mask, and those of one that hasn't.
TASKS = {
    "register": ("REGISTERED", ["agreement", "outline", "visible", "border", "likeness", "separates"]),
    "find": ("FOUND", ["inliers", "visible", "border", "likeness", "hue", "ends", "flat", "separates"]),
    "track": ("TRACKED", ["agreement", "visible", "border", "likeness", "region"]),
}
# What the factors of each task's stated errors are called.
ERRORS = {"register": "REGISTERED_ERRORS", "track": "TRACKED_ERRORS"}


@dataclass(frozen=True)
class Constants:
    """All that is fitted: probabilities by task, covariances and stated errors."""

    confidences: dict[str, Confidence]
    covariance: CovarianceModel
    errors: dict[str, ErrorModel]


SHIPPED = Constants(
    {task: getattr(fitted_constants, name) for task, (name, _) in TASKS.items()},
    fitted_constants.COVARIANCE,
    {task: getattr(fitted_constants, name) for task, name in ERRORS.items()},
)


def written(constants: Constants) -> str:
    """Make the text of foundation_pose_ros/uncertainty/fitted_constants.py."""
    lines = [
        '"""What scores and covariances were fitted to be, written by `python -m benchmarks.calibration --apply`."""',
        "",
        "from .confidence import Confidence, Standing",
        "from .covariance import CovarianceModel",
        "from .expected_error import ErrorModel",
        "",
    ]
    for task, (name, _) in TASKS.items():
        fit = constants.confidences[task]
        pairs = [f'        ("{cue}", {below}, {above}),' for cue, below, above in fit.weights]
        lines += [
            f"{name} = Confidence(",
            f"    {fit.intercept},",
            "    (",
            *pairs,
            "    ),",
            f"    {fit.stands},",
            ")",
        ]
    lines.append(f"COVARIANCE = CovarianceModel({_named(constants.covariance)})")
    lines += [f"{name} = ErrorModel({_named(constants.errors[task])})" for task, name in ERRORS.items()]
    return "\n".join(lines) + "\n"


def _named(values: CovarianceModel | ErrorModel) -> str:
    return ", ".join(f"{name}={value}" for name, value in asdict(values).items())
