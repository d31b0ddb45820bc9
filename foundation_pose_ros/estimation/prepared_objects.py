"""The objects of an estimator, each made ready once, at its first use or before."""

from ..errors import InputRefused
from ..object_model.model import ObjectModel
from .methods import Methods
from .prepared_object import PreparedObject


class PreparedObjects:
    """Models by name, and what was made of them. Models may be added, replaced and removed at any time.

    Not safe to use from several threads at once, but for `prepare`.
    """

    def __init__(self, models: list[ObjectModel], methods: Methods) -> None:
        """Make all models ready; raises InputRefused where two have one name."""
        self.models = {model.name: model for model in models}
        if len(self.models) < len(models):
            raise InputRefused("object_exists", "several models have the same name: give each ObjectModel its own")
        self._methods = methods
        self._in_use: dict[str, PreparedObject] = {}
        self._waiting: dict[str, PreparedObject] = {}
        for name in self.models:
            self.get(name)

    def prepare(self, model: ObjectModel) -> None:
        """Make a model ready before it goes into `models`, in the place of another of its name if there is one.

        May run in a thread beside the one that does the rest.
        """
        for gone in self._in_use.keys() - self.models.keys():
            del self._in_use[gone]
        self._waiting[model.name] = self._methods.prepare(model)

    def get(self, name: str | None) -> PreparedObject:
        """Return an object by name, or the only one; raises InputRefused where there is none of that name."""
        if name is None and len(self.models) == 1:
            name = next(iter(self.models))
        model = self.models.get(name or "")
        if name is None or model is None:
            known = ", ".join(self.models.copy()) or "none"
            raise InputRefused("unknown_object", f"no object {name!r} here: choose from {known}")
        found = self._in_use.get(name)
        if found is None or found.model is not model:
            waiting = self._waiting.get(name)
            if waiting is None or waiting.model is not model:
                waiting = self._methods.prepare(model)
            found = self._in_use[name] = waiting
            self._waiting.pop(name, None)
        return found
