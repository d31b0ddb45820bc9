"""What scores and covariances were fitted to be, written by `python -m benchmarks.calibration --apply`."""

from .confidence import Confidence
from .covariance import CovarianceModel
from .expected_error import ErrorModel

REGISTERED = Confidence(
    -25.09,
    (
        ("agreement", 4.39, 16.59),
        ("outline", 10.19, 13.0),
        ("visible", 10.17, 4.62),
        ("border", 4.95, 7.05),
        ("likeness", 2.19, 1.7),
    ),
    (0.0, 5.49),
)
FOUND = Confidence(
    -13.13,
    (
        ("agreement", 8.82, 28.79),
        ("visible", 0.0, 10.25),
        ("border", 1.24, 5.07),
        ("likeness", 0.6, 1.7),
        ("hue", 10.61, 0.0),
        ("ends", 27.52, 1.07),
        ("flat", 1.19, 6.33),
    ),
    (0.0, 9.56),
)
TRACKED = Confidence(
    -11.38,
    (
        ("agreement", 6.35, 18.96),
        ("visible", 0.0, 9.13),
        ("border", 6.27, 12.32),
        ("likeness", 2.48, 1.7),
        ("region", 13.69, 8.0),
    ),
    (0.99, 5.01),
)
COVARIANCE = CovarianceModel(repeat=5.1, shift_per_m=0.0011, rim_m=0.00087)
ERRORS = ErrorModel(translation=(0.86, 1.19), rotation=(0.85, 1.04))
