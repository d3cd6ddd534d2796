"""PyTorch as a trainer: autograd through the program, and the optimizers of ``torch.optim``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from comparators import training
from comparators.pytorch import COMPARATORS
from comparators.pytorch.adapter import array_of, tensor_of, torch
from gradassay.vocabulary import Array
from gradassay.vocabulary.training import (
    Optimizer,
    Program,
    Recorded,
    Step,
    Trainer,
    Values,
    update_record,
)


def steps(program: Program, values: Values, optimizer: Optimizer, recorded: Recorded) -> Iterator[Step]:
    """Autograd, asked for the cotangent of every intermediate too, then ``optimizer.step()``."""
    functions = COMPARATORS["torch"].functions
    data = {name: tensor_of(values[name]) for name in program.data}
    w = [tensor_of(values[name].copy()).requires_grad_() for name in program.parameters]
    updating = UPDATES[optimizer.name](w, optimizer.params)
    step = 0
    while True:
        named = dict(zip(program.parameters, w, strict=True))
        with torch.enable_grad():
            ran = training.forward(program, data | named, functions, lambda x: x.view_as(x))
        loss = ran[-1].result
        if recorded(step):
            found = torch.autograd.grad(loss, training.sources(program, ran, w), allow_unused=True)
            made = training.records(program, ran, found, array_of)
        else:
            found, made = torch.autograd.grad(loss, w), []
        before = [_arrays(w), *_moments(updating, w)] if made else []
        for x, x_bar in zip(w, found[-len(w) :], strict=True):
            x.grad = x_bar
        updating.step()
        if made:
            after = [_arrays(w), *_moments(updating, w)]
            before = [*before, _arrays(x.grad for x in w)]
            made.append(update_record(optimizer, step, before, after))
        yield Step(loss.item(), tuple(made))
        step += 1


def _sgd(w: Sequence[Any], params: Mapping[str, float]) -> Any:
    return torch.optim.SGD(w, lr=params["rate"])


def _adam(w: Sequence[Any], params: Mapping[str, float]) -> Any:
    return torch.optim.Adam(
        w, lr=params["rate"], betas=(params["beta1"], params["beta2"]), eps=params["epsilon"]
    )


UPDATES: Mapping[str, Callable[[Sequence[Any], Mapping[str, float]], Any]] = {"sgd": _sgd, "adam": _adam}


def _moments(updating: Any, w: Sequence[Any]) -> list[list[Array]]:
    """Adam's state, which is empty before the first step and then means zeros."""
    if not isinstance(updating, torch.optim.Adam):
        return []
    names = "exp_avg", "exp_avg_sq"
    return [_arrays(updating.state[x].get(name, torch.zeros_like(x)) for x in w) for name in names]


def _arrays(tensors: Any) -> list[Array]:
    return [array_of(x) for x in tensors]


TRAINERS: Mapping[str, Trainer] = {"torch": steps}
