"""What scores and covariances were fitted to be, written by `python -m benchmarks.calibration --apply`."""

from .confidence import Confidence
from .covariance import CovarianceModel

REGISTERED = Confidence(
    -13.58,
    (
        ("agreement", 1.91, 8.24),
        ("outline", 7.11, 5.96),
        ("visible", 2.64, 6.03),
        ("border", 8.82, 1.36),
        ("likeness", 0.51, 0.0),
    ),
)
FOUND = Confidence(
    -16.46,
    (
        ("agreement", 5.31, 12.11),
        ("visible", 5.43, 0.0),
        ("border", 15.75, 4.68),
        ("likeness", 1.64, 0.0),
    ),
)
TRACKED = Confidence(
    -13.46,
    (
        ("agreement", 8.79, 8.79),
        ("visible", 5.41, 5.41),
        ("border", 7.1, 7.1),
        ("likeness", 1.73, 0.0),
    ),
)
COVARIANCE = CovarianceModel(repeat=16.0, shift_per_m=0.001, rim_m=0.00062)
