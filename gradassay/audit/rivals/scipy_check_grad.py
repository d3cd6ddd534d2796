r"""``scipy.optimize.check_grad``.

Its documentation (docs.scipy.org, scipy.optimize.check_grad) asks for a function of a vector x0, its gradient and
x0. It returns the 2-norm of the difference between the gradient and forward differences of step h = sqrt(eps) =
1.5e-8, and leaves it to the reader whether that is little. A rule's scalar function is <y, y_bar> with the
scenario's cotangent; its gradient is the pullback of y_bar; x0 holds all differentiable arguments. SciPy computes
differences in float64 whatever x0 is, which helps it.

How we read the number. A forward difference of f has in each entry an error of at most ::

    (h / 2) |f''| + 2 eps S / h,        S = max(1, sum |y y_bar|)

where eps S is the rounding error of f in float64, if its terms are accurate, or those that they were summed from
are of order 1, as the step presumes x to be. The best h is 2 sqrt(eps S / |f''|), so the default one is the best
for |f''| = 4 S, and who trusts it presumes no more than that. Then the error is at most 4 h S in each of n entries:
the gradient is rejected where ::

    check_grad(func, grad, x0) > 4 h S sqrt(n)

Whoever rejects more may reject noise. SciPy's own tests are content with 1.5e-7 for the sigmoid at 1.5, where this is
6.0e-8.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import numpy as np

from gradassay.audit.rivals.interface import Rejected, Subject, judge, version_of
from gradassay.vocabulary import Array, Rule, Scenario
from gradassay.vocabulary.audit import Judgement

#: The default step of ``check_grad``.
STEP = float(np.sqrt(np.finfo(np.float64).eps))


@dataclass(frozen=True)
class CheckGrad:
    """The norm, read as above."""

    name: str = "scipy check_grad"
    call: str = (
        "scipy.optimize.check_grad(lambda x: np.vdot(f(x), y_bar), lambda x: f_vjp(x, y_bar), x0)\n"
        "# rejected above 4 * sqrt(eps) * max(1, sum(abs(y * y_bar))) * sqrt(x0.size)"
    )

    @property
    def version(self) -> str:
        return version_of("scipy")

    def load(self) -> None:
        import_module("scipy.optimize")

    def check(self, rule: Rule, scenario: Scenario) -> Judgement:
        return judge(rule, scenario, self._ask, jacobian=True)

    def _ask(self, subject: Subject) -> None:
        from scipy.optimize import check_grad

        xs, y_bar = subject.xs, np.array(subject.scenario.cotangent)
        ends = np.cumsum([x.size for x in xs])[:-1]

        def parts(x: Array) -> list[Array]:
            return [part.reshape(like.shape) for part, like in zip(np.split(x, ends), xs, strict=True)]

        def func(x: Array) -> float:
            return float(np.vdot(subject(*parts(x))[0], y_bar))

        def grad(x: Array) -> Array:
            return np.concatenate([np.ravel(x_bar) for x_bar in subject(*parts(x))[1](y_bar)])

        x0 = np.concatenate([np.ravel(x) for x in xs])
        y = np.asarray(subject(*parts(x0))[0], dtype=np.float64)
        scale = max(1.0, float(np.vdot(np.abs(y), np.abs(y_bar))))  # 1 where it is NaN, too
        error, noise = check_grad(func, grad, x0), 4 * STEP * scale * np.sqrt(x0.size)
        if not error <= noise:
            raise Rejected(
                f"the norm of the difference is {error:.2e}, that of the noise at most {noise:.2e}"
            )


RIVALS = {"scipy check_grad": CheckGrad()}
