"""What scores and covariances were fitted to be, written by `python -m benchmarks.calibration --apply`."""

from .confidence import Confidence
from .covariance import CovarianceModel
from .expected_error import ErrorModel

REGISTERED = Confidence(
    -25.29,
    (
        ("agreement", 10.14, 11.73),
        ("outline", 8.89, 5.1),
        ("visible", 10.31, 6.31),
        ("border", 8.82, 7.18),
        ("likeness", 2.41, 1.7),
    ),
    (0.0, 4.32),
)
FOUND = Confidence(
    -17.26,
    (
        ("agreement", 9.52, 22.4),
        ("visible", 0.0, 5.39),
        ("border", 8.59, 12.22),
        ("likeness", 1.22, 1.7),
    ),
    (0.0, 4.32),
)
TRACKED = Confidence(
    -13.46,
    (
        ("agreement", 8.79, 8.79),
        ("visible", 5.41, 5.41),
        ("border", 7.1, 7.1),
        ("likeness", 1.73, 0.0),
    ),
    (1.36, 2.54),
)
COVARIANCE = CovarianceModel(repeat=4.4, shift_per_m=0.0011, rim_m=0.00081)
ERRORS = ErrorModel(translation=(0.89, 1.46), rotation=(0.88, 1.07))
