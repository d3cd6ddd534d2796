"""``torch.autograd.gradcheck``, slow and fast.

Its documentation (docs.pytorch.org, torch.autograd.gradcheck.gradcheck) asks for inputs of double precision, for
which the default step 1e-6 and tolerances 1e-5 + 1e-3 |numerical| are made; whose memory does not overlap; away
from points without a derivative. Slow mode compares every entry of the Jacobian with central differences; fast
mode one random projection of it, and computes the Jacobian after all for the message of a failure. Both run the
backward twice and want the same bits, and a backward of zeros to be zero.

A rule becomes a ``torch.autograd.Function``, as "Extending PyTorch" says for code that relies on NumPy: what its
pullback returns are tensors made of NumPy arrays, one for each argument of ``apply``; ``once_differentiable``, as
a backward in NumPy is. Arguments and cotangent share their memory with the NumPy arrays. The cast to the dtype of
the argument is autograd's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from comparators.pytorch.adapter import tensor_of, torch
from gradassay.audit.rivals.interface import Subject, judge, version_of
from gradassay.vocabulary import Array, Rule, Scenario
from gradassay.vocabulary.audit import Judgement


@dataclass(frozen=True)
class Gradcheck:
    """One mode of gradcheck."""

    name: str
    call: str
    fast: bool

    @property
    def version(self) -> str:
        return version_of("torch")

    def load(self) -> None:
        torch.load()

    def check(self, rule: Rule, scenario: Scenario) -> Judgement:
        return judge(rule, scenario, self._ask, jacobian=True)

    def _ask(self, subject: Subject) -> None:
        with torch.enable_grad():
            inputs = tuple(_leaf(x) for x in subject.xs)
            torch.autograd.gradcheck(lambda *xs: _function().apply(subject, *xs), inputs, fast_mode=self.fast)


@cache
def _function() -> Any:
    """The Function of a subject and the differentiable arguments; made once PyTorch is there."""

    class OfRule(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, subject: Subject, *xs: Any) -> Any:
            y, ctx.pullback = subject(*(x.detach().numpy() for x in xs))
            return _tensor(y)

        @staticmethod
        @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator]
        def backward(ctx: Any, y_bar: Any) -> Any:
            return None, *(None if x_bar is None else _tensor(x_bar) for x_bar in ctx.pullback(y_bar.numpy()))

    return OfRule


def _leaf(x: Array) -> Any:
    """In the memory and layout of x; empty arrays of NumPy have strides of 0, which gradcheck takes for overlap."""
    tensor = tensor_of(x)
    return (tensor if x.size else torch.empty(x.shape, dtype=tensor.dtype)).requires_grad_()


def _tensor(array: Any) -> Any:
    return torch.from_numpy(np.array(array))


RIVALS = {
    rival.name: rival
    for rival in (
        Gradcheck("torch gradcheck slow", "torch.autograd.gradcheck(Function.apply, inputs)", fast=False),
        Gradcheck(
            "torch gradcheck fast",
            "torch.autograd.gradcheck(Function.apply, inputs, fast_mode=True)",
            fast=True,
        ),
    )
}
