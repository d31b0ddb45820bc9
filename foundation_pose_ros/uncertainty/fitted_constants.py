"""What scores and covariances were fitted to be, written by `python -m benchmarks.calibration --apply`."""

from .confidence import Confidence, Standing
from .covariance import CovarianceModel
from .expected_error import ErrorModel

REGISTERED = Confidence(
    -36.63,
    (
        ("agreement", 5.91, 13.3),
        ("outline", 11.92, 5.71),
        ("visible", 12.47, 5.04),
        ("border", 4.14, 6.03),
        ("likeness", 1.79, 1.7),
        ("separates", 10.4, 20.2),
    ),
    Standing(chosen=0.0, most=0.0, rate=5.65),
)
FOUND = Confidence(
    -22.88,
    (
        ("inliers", 8.85, 21.33),
        ("visible", 0.0, 8.92),
        ("border", 3.1, 7.92),
        ("likeness", 1.62, 1.7),
        ("hue", 9.49, 0.0),
        ("ends", 29.52, 0.91),
        ("flat", 0.0, 7.38),
        ("separates", 10.74, 25.84),
    ),
    Standing(chosen=0.0, most=0.0, rate=9.89),
)
TRACKED = Confidence(
    -10.63,
    (
        ("agreement", 6.96, 16.48),
        ("visible", 0.0, 9.06),
        ("border", 5.29, 13.43),
        ("likeness", 2.66, 1.7),
        ("region", 17.71, 8.0),
    ),
    Standing(chosen=0.0, most=1.24, rate=4.88),
)
COVARIANCE = CovarianceModel(repeat=3.9, shift_per_m=0.0011, rim_m=0.0009)
REGISTERED_ERRORS = ErrorModel(translation=(0.86, 1.19), rotation=(0.84, 1.01))
TRACKED_ERRORS = ErrorModel(translation=(0.86, 1.19), rotation=(0.84, 1.01))
