"""What scores and covariances were fitted to be, written by `python -m benchmarks.calibration --apply`."""

from .confidence import Confidence
from .covariance import CovarianceModel
from .expected_error import ErrorModel

REGISTERED = Confidence(
    -12.02,
    (
        ("agreement", 3.98, 16.41),
        ("outline", 7.64, 7.87),
        ("visible", 2.41, 6.09),
        ("border", 0.0, 0.96),
        ("likeness", 3.68, 0.0),
    ),
    (0.0, 4.75),
)
FOUND = Confidence(
    -15.35,
    (
        ("agreement", 0.19, 28.16),
        ("visible", 4.17, 7.23),
        ("border", 3.72, 8.36),
        ("likeness", 2.21, 0.0),
    ),
    (0.0, 4.75),
)
TRACKED = Confidence(
    -15.84,
    (
        ("agreement", 0.64, 27.34),
        ("visible", 0.0, 8.07),
        ("border", 11.18, 9.78),
        ("likeness", 1.75, 0.0),
    ),
    (2.45, 3.24),
)
COVARIANCE = CovarianceModel(repeat=2.4, shift_per_m=0.0011, rim_m=0.00093)
ERRORS = ErrorModel(translation=(0.79, 1.03), rotation=(0.91, 1.1))
