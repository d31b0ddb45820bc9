"""Choices that are words, for settings and options."""

from enum import Enum


class StrEnum(str, Enum):
    """Makes members that print and format as their value, like enum.StrEnum, which Python 3.10 lacks."""

    __str__ = str.__str__
