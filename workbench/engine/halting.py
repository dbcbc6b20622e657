"""What ends work from the inside: exceptions that no block may catch, for they tell of no failure of its own."""

from __future__ import annotations


class Halt(BaseException):
    """A region was told to stop (a failure beside it, or `return`); no scope may catch it."""


class LogLost(BaseException):
    """The log takes nothing more: the run cannot go on here and is left to recovery."""
