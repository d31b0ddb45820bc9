"""What scores and covariances were fitted to be, written by `python -m benchmarks.calibrate --apply`."""

from .confidence import Confidence
from .covariance import CovarianceModel

REGISTERED = Confidence(
    -15.42,
    (
        ("agreement", 1.95, 10.87),
        ("outline", 6.28, 3.39),
        ("visible", 3.72, 5.8),
        ("border", 12.37, 1.36),
        ("likeness", 0.78, 0.0),
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
COVARIANCE = CovarianceModel(repeat=12.0, shift_per_m=0.001, rim_m=0.00068)
