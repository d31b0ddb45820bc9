"""One question to an endpoint that speaks OpenAI's chat protocol, with limits on time, size, tokens and cost.

What comes back is untrusted: it is read up to a size, and judged by the caller.
"""

import os
import time
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from ..errors import InputRefused, shortened
from ..input_limits.endpoint_address import check_address
from ..runtime.extras import require
from .wrong_fields import said

# Many times what a batch of scenes needs.
_MOST_BYTES = 1 << 20
_CHARS_PER_TOKEN = 3


@dataclass(frozen=True)
class ChatSettings:
    """Whom to ask, and how much of it.

    model: its name at the endpoint. base_url: of the endpoint; the key is that of OPENAI_API_KEY, sent over https, or
    to this machine, alone. timeout_s: of one answer. answer_tokens: that one answer may have. most_tokens, most_cost:
    of all answers and questions together; cost is counted where prices are given, per million tokens of question and
    answer, in any currency.
    """

    model: str
    base_url: str = "https://api.openai.com/v1"
    timeout_s: float = 120.0
    temperature: float = 1.0
    answer_tokens: int = 12_000
    most_tokens: int = 1_000_000
    most_cost: float = float("inf")
    question_price: float = 0.0
    answer_price: float = 0.0


class Unusable(Exception):
    """An answer that can't be used; `answer` is what there is of it, for a second try."""

    def __init__(self, problem: str, answer: str = "") -> None:
        super().__init__(problem)
        self.answer = answer


@dataclass
class Spending:
    """What was spent so far: tokens as the endpoint counts them, or by their characters where it doesn't."""

    questions: int = 0
    question_tokens: int = 0
    answer_tokens: int = 0

    def cost(self, settings: ChatSettings) -> float:
        """Return it in the currency of the prices."""
        return (self.question_tokens * settings.question_price + self.answer_tokens * settings.answer_price) / 1_000_000


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Reply(BaseModel):
    choices: list[_Choice]
    usage: _Usage | None = None


@dataclass
class Chat:
    """Asks, and keeps count."""

    settings: ChatSettings
    spent: Spending = field(default_factory=Spending)

    def __post_init__(self) -> None:
        require("asking a language model", "llm", otherwise="or take --composer procedural")
        import openai

        key = os.environ.get("OPENAI_API_KEY", "")
        check_address(self.settings.base_url, key)
        # Tries are counted and logged by the caller, so that the library makes none of its own.
        self._client = openai.OpenAI(
            base_url=self.settings.base_url, api_key=key or "none", timeout=self.settings.timeout_s, max_retries=0
        )

    def answer(self, messages: list[dict[str, str]], schema: dict[str, Any], seed: int) -> str:
        """Return the text of the answer to a conversation, which follows a JSON schema if the endpoint does as told.

        Raises Unusable for answers that are late, broken, too long or none; InputRefused where more was spent than
        may be, where the endpoint doesn't take the question, and where the model refuses to answer.
        """
        self._check_spending(messages)
        reply = self._reply(self._asked(messages, schema, seed))
        usage, text = reply.usage or _Usage(), reply.choices[0].message.content or ""
        self.spent.questions += 1
        self.spent.question_tokens += max(usage.prompt_tokens, 0) or _tokens(messages)
        self.spent.answer_tokens += max(usage.completion_tokens, len(text) // (4 * _CHARS_PER_TOKEN))
        message, why = reply.choices[0].message, reply.choices[0].finish_reason
        if message.refusal or why == "content_filter":
            raise InputRefused(
                "llm_refused", f"the model refuses: {shortened(message.refusal or why)}; change the theme or the model"
            )
        if why == "length":
            raise Unusable("it is too long: it was cut off", text)
        return text

    def _check_spending(self, messages: list[dict[str, str]]) -> None:
        settings, spent = self.settings, self.spent
        next_tokens = _tokens(messages) + settings.answer_tokens
        if spent.question_tokens + spent.answer_tokens + next_tokens > settings.most_tokens:
            raise InputRefused(
                "llm_budget",
                f"{spent.question_tokens + spent.answer_tokens} of {settings.most_tokens} tokens are spent, and one "
                f"more answer may take {next_tokens}: raise --most-tokens, or ask for fewer scenes",
            )
        dearest = Spending(0, _tokens(messages), settings.answer_tokens).cost(settings)
        if spent.cost(settings) + dearest > settings.most_cost:
            raise InputRefused(
                "llm_budget",
                f"{spent.cost(settings):.4f} of {settings.most_cost:g} are spent, and one more answer may cost "
                f"{dearest:.4f}: raise --most-cost, or ask for fewer scenes",
            )

    def _asked(self, messages: list[dict[str, str]], schema: dict[str, Any], seed: int) -> bytes:
        import openai

        settings, began = self.settings, time.monotonic()
        received = bytearray()
        # Its types are those of one version.
        create: Any = self._client.chat.completions.with_streaming_response.create
        try:
            with create(
                model=settings.model,
                messages=messages,
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": "scenes", "schema": schema, "strict": True},
                },
                max_completion_tokens=settings.answer_tokens,
                temperature=settings.temperature,
                seed=seed,
            ) as response:
                for part in response.iter_bytes():
                    received += part
                    if len(received) > _MOST_BYTES:
                        raise Unusable(f"it is too long: more than {_MOST_BYTES} bytes")
                    # The library's limit is on each wait; what comes in drops is late as well.
                    if time.monotonic() - began > settings.timeout_s:
                        raise Unusable(f"it is late: more than {settings.timeout_s:g} s")
        except openai.APIStatusError as error:
            if error.status_code == 429 or error.status_code >= 500:
                raise Unusable(f"the endpoint answers {error.status_code}") from None
            raise InputRefused(
                "llm_endpoint",
                f"{settings.base_url} answers {error.status_code} ({shortened(error.message)}): check --llm-url, "
                "--llm-model and OPENAI_API_KEY, and whether it knows response_format json_schema",
            ) from None
        except (Unusable, InputRefused):
            raise
        except Exception as error:  # time-outs and broken connections are the transport's, which changes with versions
            raise Unusable(f"no answer: {shortened(error) or type(error).__name__}") from None
        return bytes(received)

    def _reply(self, received: bytes) -> _Reply:
        try:
            reply = _Reply.model_validate_json(received)
        except ValidationError as error:
            raise Unusable(f"it isn't of the chat protocol: {said(error, _Reply)}") from None
        if not reply.choices:
            raise Unusable("it has no choices")
        return reply


def _tokens(messages: list[dict[str, str]]) -> int:
    return sum(len(message["content"]) for message in messages) // _CHARS_PER_TOKEN
