"""`{{ expressions }}`: a safe, compiled subset of Python over data.

`parse_template(text)` or `parse_expression(text)` once, then `template.evaluate(get)` as often as needed, where
`get(name)` gives a root name's value. See `syntax` for what may be written, `functions` and `methods` for what may be
called, `limits` for how much.
"""

from workbench.flow.expressions.errors import ExpressionError, missing
from workbench.flow.expressions.functions import FUNCTIONS, RESERVED
from workbench.flow.expressions.rename import rename
from workbench.flow.expressions.templates import Template, parse_expression, parse_template

__all__ = [
    "FUNCTIONS",
    "RESERVED",
    "ExpressionError",
    "Template",
    "missing",
    "parse_expression",
    "parse_template",
    "rename",
]
