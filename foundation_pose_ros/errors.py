"""The one exception with which the package refuses an input, in words that carry the fix."""

# Messages go to logs, diagnostics and service responses: the input that they are about is shown, not repeated.
_LONGEST_ECHO, _LONGEST_MESSAGE = 200, 1000


def shortened(value: object, longest: int = _LONGEST_ECHO) -> str:
    """Return a value's text in one line of at most so many characters; of a longer one the middle is left out."""
    text = str(value)
    if len(text) > longest:
        head = 3 * longest // 4
        text = f"{text[: head - 3]}...{text[head - longest :]}"
    return " ".join(text.split())


class InputRefused(ValueError):
    """An input that can't be used.

    `reason` is a short snake_case key under which nodes count refusals (`size_mismatch`, `empty_mask`, ...);
    the message says what is wrong and what to change; it is shortened where it repeats too much of the input.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message if len(message) <= _LONGEST_MESSAGE else shortened(message, _LONGEST_MESSAGE))
        self.reason = reason

    def __reduce__(self) -> tuple[type["InputRefused"], tuple[str, str]]:
        return type(self), (self.reason, str(self))
