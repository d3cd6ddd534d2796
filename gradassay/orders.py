"""What operations of second order are called: ``grad(softmax)``, the pullback of softmax, is one of its own."""

from __future__ import annotations

import re


def pullback_name(operation: str) -> str:
    """The name of an operation's pullback as an operation of its own: ``grad(softmax)``."""
    return f"grad({operation})"


def operation_of(name: str) -> str:
    """The name of the operation that a pullback is of: softmax of grad(softmax); any other name is its own."""
    inner = name.removeprefix("grad(").removesuffix(")")
    return inner if name == pullback_name(inner) else name


def order_of(name: str) -> int:
    """2 for a pullback, whose own gradients are judged; 1 for any other operation."""
    return 1 if operation_of(name) == name else 2


def is_name(name: str) -> bool:
    """Whether an operation or its pullback can be called so: letters, digits and _, alone or as grad(...)."""
    return re.fullmatch(r"\w+", operation_of(name), re.ASCII) is not None
