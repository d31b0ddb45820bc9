"""What scores and covariances were fitted to be, written by `python -m benchmarks.calibration --apply`."""

from .confidence import Confidence, Standing
from .covariance import CovarianceModel
from .expected_error import ErrorModel

REGISTERED = Confidence(
    -33.86,
    (
        ("agreement", 6.64, 12.76),
        ("outline", 11.0, 3.85),
        ("visible", 10.47, 5.67),
        ("border", 3.08, 5.21),
        ("likeness", 2.18, 1.7),
        ("separates", 10.3, 19.34),
    ),
    Standing(chosen=0.8, most=0.0, rate=4.49),
)
FOUND = Confidence(
    -25.17,
    (
        ("inliers", 8.88, 20.94),
        ("visible", 0.0, 5.48),
        ("border", 10.04, 7.07),
        ("likeness", 2.56, 1.7),
        ("hue", 6.73, 0.0),
        ("ends", 29.42, 0.0),
        ("flat", 0.0, 7.07),
        ("separates", 10.61, 24.61),
    ),
    Standing(chosen=0.61, most=0.0, rate=8.72),
)
TRACKED = Confidence(
    -7.65,
    (
        ("agreement", 0.66, 15.29),
        ("visible", 0.0, 7.85),
        ("border", 6.24, 10.52),
        ("likeness", 2.04, 1.7),
        ("region", 16.27, 8.0),
    ),
    Standing(chosen=0.8, most=0.58, rate=4.02),
)
COVARIANCE = CovarianceModel(repeat=2.2, shift_per_m=0.0012, rim_m=0.00098)
REGISTERED_ERRORS = ErrorModel(translation=(1.13, 1.18), rotation=(0.95, 1.1))
TRACKED_ERRORS = ErrorModel(translation=(1.09, 1.03), rotation=(1.07, 1.18))
