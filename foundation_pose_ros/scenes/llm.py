"""Scenes that a language model thinks of, in batches, through any endpoint that speaks OpenAI's protocol."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from ..atomic_file import write_text
from ..errors import InputRefused, shortened
from .chat import Chat, Unusable
from .described import parsed
from .ideas import SceneIdeas, described
from .procedural import ProceduralComposer
from .scene_spec import SceneSpec
from .words import drawn_places

_REPAIRS = 2
_SYSTEM = (
    "You invent still lifes for pictures that teach a computer to see. Each scene is a table on which a few real "
    "things stand that belong together in one place. Choose sizes, materials, colours and words as such things "
    "really have them. Where a thing shows what it is made of rather than a print, give it the finish texture, and "
    "say in two or three plain words what that looks like: brushed oak, red brick, woven linen. Invent brands, use no "
    "real ones. Vary kinds of things, materials, colours and words from scene to scene. Answer with JSON of the given "
    "schema only."
)


@dataclass(frozen=True)
class LlmComposer:
    """A `Composer` that asks for scenes in batches of consecutive seeds.

    chat: whom it asks. drawn: what an idea doesn't say is as this one draws it. cache: folder of answers that were
    used, so that no question is paid for twice, and a seed's scene stays what it was; also of `log.jsonl`, every
    question and what came of it. batch: scenes for one question, 1 to 32.
    """

    chat: Chat
    drawn: ProceduralComposer
    cache: Path
    batch: int = 8

    def compose(self, seeds: Sequence[int]) -> list[SceneSpec]:
        """Return one scene for each seed.

        Raises InputRefused where an answer can't be used after two repairs, and as `Chat.answer` does; what was
        answered before stays in the cache.
        """
        batches = {seed // self.batch for seed in seeds}
        ideas = {batch: self._ideas(batch) for batch in sorted(batches)}
        return [described(ideas[seed // self.batch].scenes[seed % self.batch], seed, self.drawn) for seed in seeds]

    def _ideas(self, batch: int) -> SceneIdeas:
        messages = [
            {"role": "system", "content": _SYSTEM},
            {"role": "user", "content": self._question(batch)},
        ]
        schema = SceneIdeas.model_json_schema()
        stored = self.cache / f"{self._key(messages, schema)}.json"
        if stored.is_file():
            # What somebody has changed there is asked for anew.
            with suppress(Unusable):
                return self._checked(stored.read_text(encoding="utf-8"))
        for attempt in self._attempts(messages):
            try:
                text = self.chat.answer(attempt, schema, batch)
                ideas = self._checked(text)
            except Unusable as unusable:
                self._log(batch, attempt, str(unusable), unusable.answer)
                problem = unusable
                if unusable.answer:
                    messages += [{"role": "assistant", "content": shortened(unusable.answer, 8000)}]
                messages += [
                    {"role": "user", "content": f"That can't be used: {unusable}. Give the whole answer again."}
                ]
                continue
            except InputRefused as refused:
                self._log(batch, attempt, str(refused), "")
                raise
            self._log(batch, attempt, "used", text)
            self.cache.mkdir(parents=True, exist_ok=True)
            write_text(stored, text)
            return ideas
        raise InputRefused(
            "llm_answer",
            f"batch {batch}: no usable answer in {1 + _REPAIRS} tries; the last: {problem}. All are in "
            f"{self.cache / 'log.jsonl'}: try another model",
        )

    def _question(self, batch: int) -> str:
        """Name a place for each scene: left to itself a model thinks of the same few for every batch."""
        rng = np.random.default_rng([batch, 79])
        places = "; ".join(f"{k + 1}. {place}" for k, place in enumerate(drawn_places(rng, self.batch)))
        return f"Invent {self.batch} scenes, one for each of these: {places}."

    def _attempts(self, messages: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
        for _ in range(1 + _REPAIRS):
            yield list(messages)

    def _checked(self, text: str) -> SceneIdeas:
        try:
            ideas = parsed(SceneIdeas, text, "the answer")
        except InputRefused as refused:
            raise Unusable(str(refused), text) from None
        if len(ideas.scenes) < self.batch:
            raise Unusable(f"the answer has {len(ideas.scenes)} scenes, not {self.batch}", text)
        return ideas

    def _key(self, messages: list[dict[str, str]], schema: dict[str, Any]) -> str:
        settings = self.chat.settings
        asked = [settings.base_url, settings.model, settings.temperature, messages, schema]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]

    def _log(self, batch: int, messages: list[dict[str, str]], outcome: str, answer: str) -> None:
        spent = self.chat.spent
        line = {
            "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "model": self.chat.settings.model,
            "batch": batch,
            "messages": messages,
            "outcome": outcome,
            "answer": shortened(answer, 20_000),
            "tokens": [spent.question_tokens, spent.answer_tokens],
            "cost": spent.cost(self.chat.settings),
        }
        self.cache.mkdir(parents=True, exist_ok=True)
        with (self.cache / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
