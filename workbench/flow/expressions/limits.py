"""How much one expression may take: sizes known when it is parsed, and the budget of one evaluation."""

from __future__ import annotations

from workbench.flow.expressions.errors import ExpressionError

MAX_SOURCE = 10_000
"""Characters in one expression."""
MAX_NODES = 3_000
MAX_DEPTH = 80
"""Nesting of the syntax tree."""
MAX_TEMPLATE = 1_000_000
"""Characters in one template."""
MAX_PARTS = 1_000
"""Expressions in one template."""
MAX_STEPS = 2_000_000
"""Loop steps (weighed by the size of the loop's body) in one evaluation."""
MAX_SIZE = 64_000_000
"""Characters, or items at 16 each, that one evaluation may make in all."""
MAX_TEXT = 10_000_000
"""Characters in one text that an expression makes."""
MAX_ITEMS = 1_000_000
"""Items in one list that an expression makes."""
MAX_BITS = 4_096
"""Bits in one whole number that an expression makes: about 1,200 digits."""
MAX_VALUE_DEPTH = 100
"""Lists and objects inside one another in a value that an expression makes."""
ITEM_SIZE = 16


class Budget:
    """What one evaluation may still spend. Steps, not a clock, so that it ends at the same place each time."""

    __slots__ = ("size", "steps")

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.size = MAX_SIZE

    def spend(self, steps: int) -> None:
        """Count work. Raises ExpressionError LIMIT when the budget is spent."""
        self.steps -= steps
        if self.steps < 0:
            raise ExpressionError(
                "LIMIT",
                f"This expression takes more than {MAX_STEPS:,} steps.",
                "Use a filter, aggregate or transform block (sql or python) for large data.",
            )

    def text(self, length: int) -> None:
        """Count a text of `length` characters before it is made; less than none gives back."""
        if length > MAX_TEXT:
            raise ExpressionError("LIMIT", f"This makes a text of more than {MAX_TEXT:,} characters.")
        self._hold(length)

    def items(self, count: int) -> None:
        """Count a list or object of `count` items before it is made."""
        if count > MAX_ITEMS:
            raise ExpressionError("LIMIT", f"This makes a list of more than {MAX_ITEMS:,} items.")
        self._hold(count * ITEM_SIZE)
        self.spend(count >> 3)

    def _hold(self, size: int) -> None:
        self.size -= size
        if self.size < 0:
            raise ExpressionError("LIMIT", f"This expression makes more than {MAX_SIZE:,} characters of data in all.")


def check_bits(bits: int) -> None:
    """Refuse a whole number of more than MAX_BITS bits before it is made."""
    if bits > MAX_BITS:
        raise ExpressionError("LIMIT", f"This makes a whole number of more than {MAX_BITS:,} bits.")
