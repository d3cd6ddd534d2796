"""What can be trained: data, program, optimizer and start of every training in the source documents.

Names begin with the number of the document. Where a document leaves something open it is chosen here, and ``note`` says
so. Starts are drawn with NumPy from the seed, whatever the framework, and copied into every implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from gradassay.vocabulary import Array
from gradassay.vocabulary.training import Optimizer, Program, Values
from reference_impls.models.models import linear_regression, mlp, softmax_regression

Start = Callable[[np.random.Generator], Mapping[str, Array]]


@dataclass(frozen=True, eq=False)
class Setup:
    """One training: the same for every implementation."""

    name: str
    title: str
    program: Program
    data: Values
    optimizer: Optimizer
    start: Start = field(repr=False)
    note: str = ""
    """What is not the document's."""

    def values(self, seed: int, dtype: str) -> dict[str, Array]:
        """Data and starting parameters by name, floating ones in ``dtype``."""
        drawn = {**self.data, **self.start(np.random.default_rng(seed))}
        return {name: x.astype(dtype) if x.dtype.kind == "f" else x for name, x in drawn.items()}


# ---- optimizers


def sgd(rate: float) -> Optimizer:
    """Plain stochastic gradient descent."""
    return Optimizer("sgd", {"rate": rate})


def adam(rate: float) -> Optimizer:
    """Adam with the constants of its paper."""
    return Optimizer("adam", {"rate": rate, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8})


# ---- starts


def zeros(**shapes: tuple[int, ...]) -> Start:
    """All parameters 0: nothing is drawn."""
    return lambda rng: {name: np.zeros(shape) for name, shape in shapes.items()}


def normal(**shapes: tuple[int, ...]) -> Start:
    """Standard normal."""
    return lambda rng: {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def uniform(inputs: int, outputs: int) -> Start:
    """W and b uniform within ±1 / sqrt(inputs), as torch.nn.Linear draws them."""
    bound = 1 / np.sqrt(inputs)
    return lambda rng: {
        "W": rng.uniform(-bound, bound, (inputs, outputs)),
        "b": rng.uniform(-bound, bound, outputs),
    }


def scaled_normal(*sizes: int) -> Start:
    """Each W normal with variance 1 / inputs, each b 0, as DeZero's Linear draws them."""

    def start(rng: np.random.Generator) -> Mapping[str, Array]:
        drawn: dict[str, Array] = {}
        for i, (n, m) in enumerate(pairwise(sizes), start=1):
            drawn |= {f"W{i}": rng.standard_normal((n, m)) / np.sqrt(n), f"b{i}": np.zeros(m)}
        return drawn

    return start


# ---- data


def _floats(rows: list[list[float]]) -> Array:
    return np.array(rows, dtype=np.float64)


FOUR_POINTS = {
    "x": _floats([[0.2, -0.4], [0.3, 0.5], [1.3, -3.2], [2.1, 0.3]]),
    "labels": np.array([2, 0, 1, 0]),
}

_EIGHT_LABELS = np.array([2, 2, 2, 1, 1, 1, 0, 0])
EIGHT_BY_FOUR = {
    "x": _floats(
        [[1, 2, 1, 1], [2, 1, 3, 2], [3, 1, 3, 4], [4, 1, 5, 5],
         [1, 7, 5, 5], [1, 2, 5, 6], [1, 6, 6, 6], [1, 7, 7, 7]]
    ),
    "labels": _EIGHT_LABELS,
}  # fmt: skip
EIGHT_BY_THREE = {
    "x": _floats([[1, 2, 1], [1, 3, 2], [1, 3, 4], [1, 5, 5], [1, 7, 5], [1, 2, 5], [1, 6, 6], [1, 7, 7]]),
    "labels": _EIGHT_LABELS,
}


def _normalised() -> Values:
    """Three marks of five pupils, less their mean and over their deviation (n - 1), and the final mark."""
    marks = _floats([[73, 80, 75], [93, 88, 93], [89, 91, 90], [96, 98, 100], [73, 66, 70]])
    x = (marks - marks.mean(axis=0)) / marks.std(axis=0, ddof=1)
    return {"x": x, "t": _floats([[152], [185], [180], [196], [142]])}


def _clusters() -> Values:
    """85 points in five dimensions, three classes around corners of a cube, the fifth dimension being noise."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 3, 85)
    centres = np.concatenate([rng.choice([-1.0, 1.0], (3, 4)), np.zeros((3, 1))], axis=1)
    return {"x": centres[labels] + rng.standard_normal((85, 5)), "labels": labels}


# ---- the set-ups

_RATES = {"0.1": 0.1, "1e5": 1e5, "1e-10": 1e-10}

SETUPS: Mapping[str, Setup] = {
    setup.name: setup
    for setup in (
        Setup(
            "000-mlp",
            "four points, layers of 10 and 3, sigmoid between them, Adam at 0.01",
            mlp("sigmoid"),
            FOUR_POINTS,
            adam(0.01),
            scaled_normal(2, 10, 3),
            "Adam is the paper's Algorithm 1; the document's library adds epsilon before it corrects the bias.",
        ),
        Setup(
            "001-softmax",
            "8×4 data, three classes, softmax regression from zero, SGD at 0.1",
            softmax_regression(),
            EIGHT_BY_FOUR,
            sgd(0.1),
            zeros(W=(4, 3), b=(3,)),
            "A bias for each class: the document has one for all, whose gradient is 0 by shift invariance.",
        ),
        *(
            Setup(
                f"001-rate-{name}",
                f"8×3 data, three classes, softmax regression, SGD at {name}",
                softmax_regression(),
                EIGHT_BY_THREE,
                sgd(rate),
                uniform(3, 3),
            )
            for name, rate in _RATES.items()
        ),
        Setup(
            "001-regression",
            "five normalised inputs, mean squared error, SGD at 0.1",
            linear_regression(),
            _normalised(),
            sgd(0.1),
            uniform(3, 1),
        ),
        Setup(
            "001-penalty",
            "five normalised inputs, mean squared error + ||W|| + ||b||, SGD at 0.1",
            linear_regression(penalty=1.0),
            _normalised(),
            sgd(0.1),
            uniform(3, 1),
        ),
        Setup(
            "003-classifier",
            "85×5 data, three classes, softmax regression from copied parameters, SGD at 0.1",
            softmax_regression(),
            _clusters(),
            sgd(0.1),
            normal(W=(5, 3), b=(3,)),
            "Data and rate: the document draws its data without a seed and stops before the first step.",
        ),
    )
}
