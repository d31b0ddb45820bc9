"""Words that are names of known objects."""

import re
from collections.abc import Iterable, Mapping

from ..errors import InputRefused, shortened

LONGEST_WORDS = 200
_ARTICLES = ("a", "an", "the", "my", "this", "that")


def checked_words(text: str) -> str:
    """Return words in one line; raises InputRefused("bad_words") where there are none, or more than 200 characters."""
    words = " ".join(text.split())
    if not plain(words) or not words.isprintable() or len(words) > LONGEST_WORDS:
        raise InputRefused(
            "bad_words", f"words are 1 to {LONGEST_WORDS} printable characters with a letter or digit, as in 'red mug'"
        )
    return words


def plain(text: str) -> str:
    """Return words in small letters, without articles in front and whatever isn't a letter or a digit."""
    words = re.findall(r"[^\W_]+", text.casefold())
    while len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    return " ".join(words)


class KnownNames:
    """Finds the object that words name, by its own name or another.

    aliases: lines such as `mug: coffee cup, cup`; raises InputRefused("bad_aliases") for others.
    """

    def __init__(self, aliases: Iterable[str] = ()) -> None:
        self._object_of: dict[str, str] = {}
        for line in aliases:
            name, colon, others = line.partition(":")
            said = [plain(other) for other in others.split(",")]
            if not (colon and name.strip() and all(said)):
                raise InputRefused(
                    "bad_aliases", f"aliases {shortened(repr(line))} aren't of the form 'mug: coffee cup, cup'"
                )
            for other in said:
                if self._object_of.setdefault(other, name.strip()) != name.strip():
                    raise InputRefused(
                        "bad_aliases",
                        f"{other!r} stands for both {self._object_of[other]} and {name.strip()}: drop one",
                    )

    def object_of(self, words: str, objects: Mapping[str, str]) -> str | None:
        """Return which of these objects the words name, None for none; raises InputRefused where they name several.

        objects: the names of their models, by object; of several instances of a model its name means the first.
        """
        if words in objects:
            return words
        said = plain(words)
        for named in (
            [id for id in objects if plain(id) == said],
            [id for id, model in objects.items() if said == plain(model) or self._object_of.get(said) in (id, model)],
        ):
            models = {objects[id] for id in named}
            if len(models) > 1:
                raise InputRefused(
                    "ambiguous_words", f"{words!r} could be any of {', '.join(named)}: give the exact name"
                )
            if named:
                return named[0]
        return None
