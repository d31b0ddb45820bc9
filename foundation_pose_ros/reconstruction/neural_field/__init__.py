"""Neural object field: signed distance and colour, trained per object from a few posed views."""

from ...errors import InputRefused
from ...runtime.extras import needed

try:
    from .settings import FieldSettings
    from .surface import field_surface
    from .training import TrainedField, train_field
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise InputRefused("missing_package", needed("the neural object field", "learned")) from None

__all__ = ["FieldSettings", "TrainedField", "field_surface", "train_field"]
