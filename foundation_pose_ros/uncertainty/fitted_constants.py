"""What scores and covariances were fitted to be, written by `python -m benchmarks.calibration --apply`."""

from .confidence import Confidence
from .covariance import CovarianceModel
from .expected_error import ErrorModel

REGISTERED = Confidence(
    -26.57,
    (
        ("agreement", 6.76, 13.76),
        ("outline", 9.95, 8.12),
        ("visible", 9.67, 8.25),
        ("border", 8.78, 8.62),
        ("likeness", 2.72, 1.7),
    ),
    (0.0, 4.34),
)
FOUND = Confidence(
    -9.21,
    (
        ("agreement", 8.68, 18.46),
        ("visible", 0.0, 3.05),
        ("border", 8.85, 11.03),
        ("likeness", 3.72, 1.7),
        ("hue", 20.0, 0.0),
        ("ends", 30.0, 0.0),
        ("flat", 0.0, 8.0),
    ),
    (0.0, 7.82),
)
TRACKED = Confidence(
    -11.52,
    (
        ("agreement", 8.63, 10.37),
        ("visible", 0.0, 8.4),
        ("border", 9.45, 10.12),
        ("likeness", 2.5, 1.7),
        ("region", 21.99, 8.0),
    ),
    (1.21, 5.14),
)
COVARIANCE = CovarianceModel(repeat=5.0, shift_per_m=0.001, rim_m=0.00085)
ERRORS = ErrorModel(translation=(0.91, 1.04), rotation=(0.93, 1.12))
