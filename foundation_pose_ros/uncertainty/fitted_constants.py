"""What scores and covariances were fitted to be, written by `python -m benchmarks.calibration --apply`."""

from .confidence import Confidence, Standing
from .covariance import CovarianceModel
from .expected_error import ErrorModel

REGISTERED = Confidence(
    -36.0,
    (
        ("agreement", 5.92, 13.02),
        ("outline", 11.82, 4.29),
        ("visible", 12.25, 4.95),
        ("border", 3.58, 5.93),
        ("likeness", 2.21, 1.7),
        ("separates", 10.22, 20.73),
    ),
    Standing(chosen=0.8, most=0.0, rate=4.42),
)
FOUND = Confidence(
    -22.2,
    (
        ("inliers", 8.86, 20.51),
        ("visible", 0.14, 7.68),
        ("border", 3.85, 7.03),
        ("likeness", 3.16, 1.7),
        ("hue", 6.3, 0.0),
        ("ends", 29.4, 0.0),
        ("flat", 0.0, 7.06),
        ("separates", 9.99, 23.99),
    ),
    Standing(chosen=0.51, most=0.0, rate=8.28),
)
TRACKED = Confidence(
    -11.47,
    (
        ("agreement", 6.51, 18.72),
        ("visible", 0.0, 8.79),
        ("border", 6.45, 12.92),
        ("likeness", 2.8, 1.7),
        ("region", 13.59, 8.0),
    ),
    Standing(chosen=0.4, most=0.65, rate=5.02),
)
COVARIANCE = CovarianceModel(repeat=4.8, shift_per_m=0.0011, rim_m=0.00088)
REGISTERED_ERRORS = ErrorModel(translation=(0.85, 1.17), rotation=(0.98, 1.17))
TRACKED_ERRORS = ErrorModel(translation=(0.87, 1.2), rotation=(0.83, 0.97))
