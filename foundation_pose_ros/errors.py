"""The one exception with which the package refuses an input, in words that carry the fix."""


class InputRefused(ValueError):
    """An input that can't be used.

    `reason` is a short snake_case key under which nodes count refusals (`size_mismatch`, `empty_mask`, ...);
    the message says what is wrong and what to change.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type["InputRefused"], tuple[str, str]]:
        return type(self), (self.reason, str(self))
