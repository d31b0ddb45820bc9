"""What every part of a description is made of: checked fields, numbers and text within bounds."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function

from ..errors import InputRefused
from .wrong_fields import said

Part = TypeVar("Part", bound="Described")


class Described(BaseModel):
    """A part of a description: nothing unknown in it, no infinities, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True)


Seed = Annotated[int, Field(ge=0, le=2**31 - 1, description="chooses what nothing else says; no unit")]


@dataclass(frozen=True)
class Characters:
    """What text is made of: a pattern for the schema, and words for people, whom a pattern tells little."""

    pattern: str
    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"pattern": self.pattern}

    def _checked(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise PydanticCustomError("characters", "Text should consist of {words}", {"words": self.words})
        return text


def parsed(kind: type[Part], text: str | bytes, where: str, reason: str = "bad_scene_spec") -> Part:
    """Return what JSON describes; raises InputRefused with where it stands, each wrong field, and what fits there."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise InputRefused(reason, f"{where}: {said(error, kind)}") from None
