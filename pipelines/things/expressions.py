"""Arithmetic in thing definitions: parsed, checked against a short list of what is allowed, and interpreted; no code runs.

Allowed: numbers, names, + - * / // % **, comparisons, and/or/not, `a if condition else b`, and the functions in FUNCTIONS with
angles in radians. `rand(a, b)` and `pick(a, b, …)` draw from the order's random numbers. Every value is a finite float.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pipelines.errors import ThingError

MAX_CHARACTERS = 240
MAX_DEPTH = 24
MAX_VALUE = 1e9


@dataclass
class Context:
    """What an expression may look up: names with their values, and the random numbers of the order."""

    names: Mapping[str, float]
    rng: np.random.Generator

    def with_names(self, extra: Mapping[str, float]) -> Context:
        """The same with more names; the random numbers are shared."""
        return Context({**self.names, **extra}, self.rng)


Evaluate = Callable[[Context], float]

_BINARY: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: lambda a, b: _power(a, b),
}
_UNARY: Mapping[type[ast.unaryop], Callable[[float], float]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: lambda a: float(not a),
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
FUNCTIONS: Mapping[str, tuple[Callable[..., float], int, int]] = {
    "min": (min, 2, 8),
    "max": (max, 2, 8),
    "abs": (abs, 1, 1),
    "sqrt": (math.sqrt, 1, 1),
    "sin": (math.sin, 1, 1),
    "cos": (math.cos, 1, 1),
    "tan": (math.tan, 1, 1),
    "atan2": (math.atan2, 2, 2),
    "hypot": (math.hypot, 2, 3),
    "floor": (lambda a: float(math.floor(a)), 1, 1),
    "ceil": (lambda a: float(math.ceil(a)), 1, 1),
    "round": (lambda a: float(round(a)), 1, 1),
    "radians": (math.radians, 1, 1),
    "degrees": (math.degrees, 1, 1),
    "clamp": (lambda a, low, high: min(max(a, low), high), 3, 3),
    "mix": (lambda a, b, share: a + (b - a) * share, 3, 3),
}
"""Name → (function, fewest, most arguments); `rand` and `pick` come on top."""
CONSTANTS: Mapping[str, float] = {"pi": math.pi, "true": 1.0, "false": 0.0}
RESERVED = frozenset({*FUNCTIONS, *CONSTANTS, "rand", "pick"})


def evaluate(value: float | str, context: Context) -> float:
    """The value of a number or an expression; raises ThingError where it cannot be computed."""
    if not isinstance(value, str):
        return float(value)
    try:
        result = float(parse(value)(context))
    except (ZeroDivisionError, OverflowError, ValueError, TypeError) as error:
        raise ThingError(f"the expression {value!r} cannot be computed: {error}") from error
    if not math.isfinite(result) or abs(result) > MAX_VALUE:
        raise ThingError(f"the expression {value!r} gives {result:g}: keep values finite and below {MAX_VALUE:g}")
    return result


@lru_cache(maxsize=20_000)
def parse(text: str) -> Evaluate:
    """The expression as something to evaluate; raises ThingError for all that is not plain arithmetic."""
    if len(text) > MAX_CHARACTERS:
        raise ThingError(f"the expression {text[:40]!r}… has {len(text):,} characters: keep it within {MAX_CHARACTERS}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ThingError(f"{text!r} is no expression: write arithmetic such as 'w/2 - leg'") from error
    return _compiled(tree.body, text, 0)


def names_in(text: str) -> frozenset[str]:
    """The names that an expression looks up."""
    tree = ast.parse(text.strip(), mode="eval")
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)) - called - set(CONSTANTS)


def _compiled(node: ast.expr, text: str, depth: int) -> Evaluate:
    if depth > MAX_DEPTH:
        raise ThingError(f"the expression {text[:40]!r}… is nested more than {MAX_DEPTH} deep: use named parameters for its steps")
    if isinstance(node, ast.Constant):
        return _constant(node, text)
    if isinstance(node, ast.Name):
        return _name(node.id, text)
    if isinstance(node, ast.Call):
        return _call(node, text, depth)
    below = depth + 1
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        binary = _BINARY[type(node.op)]
        left, right = _compiled(node.left, text, below), _compiled(node.right, text, below)
        return lambda context: binary(left(context), right(context))
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        unary, inner = _UNARY[type(node.op)], _compiled(node.operand, text, below)
        return lambda context: unary(inner(context))
    if isinstance(node, ast.BoolOp):
        return _boolean(node, text, below)
    if isinstance(node, ast.Compare) and all(type(op) in _COMPARE for op in node.ops):
        return _comparison(node, text, below)
    if isinstance(node, ast.IfExp):
        test, yes, no = (_compiled(part, text, below) for part in (node.test, node.body, node.orelse))
        return lambda context: yes(context) if test(context) else no(context)
    raise ThingError(f"the expression {text!r} holds more than arithmetic ({type(node).__name__}): use numbers, names and functions only")


def _constant(node: ast.Constant, text: str) -> Evaluate:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not abs(node.value) <= MAX_VALUE:
        raise ThingError(f"the expression {text!r} holds {str(node.value)[:40]!r}: only numbers up to {MAX_VALUE:g} are allowed")
    value = float(node.value)
    return lambda _: value


def _name(name: str, text: str) -> Evaluate:
    if name in CONSTANTS:
        value = CONSTANTS[name]
        return lambda _: value

    def look_up(context: Context) -> float:
        if name not in context.names:
            known = ", ".join(sorted(context.names))
            raise ThingError(f"the expression {text!r} uses {name!r}, which is not declared: add it to parameters (known: {known})")
        return context.names[name]

    return look_up


def _call(node: ast.Call, text: str, depth: int) -> Evaluate:
    if not isinstance(node.func, ast.Name) or node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
        raise ThingError(f"the expression {text!r} calls something strange: call functions by their plain names, such as min(a, b)")
    name, count = node.func.id, len(node.args)
    function, fewest, most = FUNCTIONS.get(name, (None, 2 if name == "rand" else 1, 2 if name == "rand" else 16))
    if function is None and name not in ("rand", "pick"):
        known = ", ".join(sorted([*FUNCTIONS, "rand", "pick"]))
        raise ThingError(f"the expression {text!r} calls {name!r}, which does not exist: use one of {known}")
    if not fewest <= count <= most:
        raise ThingError(f"the expression {text!r} gives {name} {count} values: it takes {fewest} to {most}")
    arguments = [_compiled(argument, text, depth + 1) for argument in node.args]
    if function is not None:
        return lambda context: function(*(argument(context) for argument in arguments))
    if name == "pick":
        return lambda context: arguments[int(context.rng.integers(count))](context)
    return lambda context: _between(arguments[0](context), arguments[1](context), context.rng)


def _between(a: float, b: float, rng: np.random.Generator) -> float:
    return min(a, b) + abs(b - a) * float(rng.random())


def _boolean(node: ast.BoolOp, text: str, depth: int) -> Evaluate:
    values = [_compiled(value, text, depth) for value in node.values]
    if isinstance(node.op, ast.And):
        return lambda context: float(all(value(context) for value in values))
    return lambda context: float(any(value(context) for value in values))


def _comparison(node: ast.Compare, text: str, depth: int) -> Evaluate:
    operands = [_compiled(operand, text, depth) for operand in (node.left, *node.comparators)]
    compare = [_COMPARE[type(op)] for op in node.ops]

    def holds(context: Context) -> float:
        values = [operand(context) for operand in operands]
        return float(all(op(a, b) for op, a, b in zip(compare, values, values[1:], strict=False)))

    return holds


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > 16:
        raise ValueError(f"the exponent {exponent:g} is larger than 16")
    result = base**exponent
    if isinstance(result, complex):
        raise ValueError(f"{base:g} to the power of {exponent:g} is not real")
    return float(result)
