"""Small arithmetic on columns, written in configs: `tips > 0.2 * fare`.

An expression is parsed by Python's own parser, only the node types below are
accepted, and each becomes a pyarrow.compute kernel. A null operand gives null, so
a flight without an arrival delay has no label, rather than the label "on time". So
does a division by zero: infinity would spoil every mean it enters.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from contracts.errors import ConfigError

__all__ = ["columns_of", "evaluate", "parse"]

_MAX_LENGTH = 500
_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "add_checked",
    ast.Sub: "subtract_checked",
    ast.Mult: "multiply_checked",
    ast.Div: "divide",
}
_COMPARE: dict[type[ast.AST], str] = {
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}


def _hhmm(value: Any) -> Any:
    """Minutes since midnight of a clock written as the number HHMM."""
    hours = pc.floor(pc.divide(_floats(value), 100.0))
    return pc.subtract(value, pc.multiply(hours, 40.0))


def _mod(value: Any, base: Any) -> Any:
    base = _nonzero(base)
    turns = pc.floor(pc.divide(_floats(value), base))
    return pc.subtract(value, pc.multiply(turns, base))


def _weekday(value: Any) -> Any:
    """Day of the week of a timestamp, Monday = 0."""
    return pc.day_of_week(value)


_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "hhmm": (1, _hhmm),
    "mod": (2, _mod),
    "weekday": (1, _weekday),
    "hour": (1, pc.hour),
    "max": (2, lambda a, b: pc.max_element_wise(a, b, skip_nulls=False)),
    "min": (2, lambda a, b: pc.min_element_wise(a, b, skip_nulls=False)),
    "abs": (1, pc.abs),
}


def parse(text: str) -> ast.expr:
    """Parse an expression. Raises ConfigError naming what is not allowed."""
    if len(text) > _MAX_LENGTH:
        raise ConfigError(f"expression longer than {_MAX_LENGTH} characters")
    try:
        tree = ast.parse(text.replace("\n", " ").strip(), mode="eval").body
        _check(tree, text)
    except (SyntaxError, ValueError) as error:
        problem = error.msg if isinstance(error, SyntaxError) else error
        raise ConfigError(f"'{text}' is not an expression: {problem}") from None
    except (RecursionError, MemoryError):
        raise ConfigError(f"'{text}' is nested too deeply") from None
    return tree


def columns_of(text: str) -> list[str]:
    """Return the column names that an expression reads, sorted."""
    tree = parse(text)
    called = {n.func for n in ast.walk(tree) if isinstance(n, ast.Call)}
    names = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node not in called
    }
    return sorted(names)


def evaluate(text: str, table: pa.Table) -> pa.ChunkedArray | pa.Array:
    """Evaluate `text` over `table`: one value a row, null where an input is null.

    Raises ConfigError for an unknown column or operands of the wrong type.
    """
    missing = [c for c in columns_of(text) if c not in table.column_names]
    if missing:
        raise ConfigError(
            f"expression '{text}': no column {missing[0]}; "
            f"there are {', '.join(table.column_names)}"
        )
    try:
        value = _value(parse(text), table)
        constant = isinstance(value, pa.Scalar)
        return pa.repeat(value, table.num_rows) if constant else value
    except (pa.ArrowException, TypeError, RecursionError) as error:
        raise ConfigError(f"expression '{text}': {error}") from None


def _check(node: ast.expr, text: str) -> None:
    """Refuse every construct that `_value` does not know."""
    children: list[ast.expr]
    match node:
        case ast.Constant(value=bool() | str()):
            children = []
        case ast.Constant(value=int() | float() as number) if number < 2**63:
            children = []
        case ast.Name():
            children = []
        case ast.BinOp(op=op) if type(op) in _BINARY:
            children = [node.left, node.right]
        case ast.UnaryOp(op=ast.USub() | ast.Not()):
            children = [node.operand]
        case ast.BoolOp():
            children = node.values
        case ast.Compare(ops=[op]) if type(op) in _COMPARE:
            children = [node.left, *node.comparators]
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
            arity = _FUNCTIONS[name][0]
            if len(node.args) != arity:
                raise ConfigError(f"'{text}': {name}() takes {arity} argument(s)")
            children = node.args
        case _:
            raise ConfigError(
                f"'{text}': {ast.unparse(node)} is not allowed; use columns, numbers, "
                f"+ - * /, one comparison, and/or/not, {', '.join(_FUNCTIONS)}"
            )
    for child in children:
        _check(child, text)


def _value(node: ast.expr, table: pa.Table) -> Any:
    match node:
        case ast.Constant():
            return pa.scalar(node.value)
        case ast.Name():
            return table[node.id]
        case ast.BinOp():
            left, right = _value(node.left, table), _value(node.right, table)
            if isinstance(node.op, ast.Div):
                left, right = _floats(left), _nonzero(right)
            return pc.call_function(_BINARY[type(node.op)], [left, right])
        case ast.UnaryOp(op=ast.USub()):
            return pc.negate(_value(node.operand, table))
        case ast.UnaryOp():
            return pc.invert(_value(node.operand, table))
        case ast.BoolOp():
            kernel = "and" if isinstance(node.op, ast.And) else "or"
            first, *rest = [_value(value, table) for value in node.values]
            for other in rest:
                first = pc.call_function(kernel, [first, other])
            return first
        case ast.Compare():
            operands = [_value(v, table) for v in (node.left, node.comparators[0])]
            return pc.call_function(_COMPARE[type(node.ops[0])], operands)
        case ast.Call(func=ast.Name(id=name)):
            return _FUNCTIONS[name][1](*[_value(arg, table) for arg in node.args])
    raise ConfigError(f"{ast.unparse(node)} is not allowed")


def _nonzero(value: Any) -> Any:
    zero = pc.equal(value, 0)
    return pc.if_else(zero, pa.scalar(None, value.type), value)


def _floats(value: Any) -> Any:
    return value.cast(pa.float64())
