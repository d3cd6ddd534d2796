"""``tf.test.compute_gradient`` and the ``assertAllClose`` of ``tf.test.TestCase`` that its documentation applies to it.

The documentation (tensorflow.org, tf.test.compute_gradient) asks for a list of arguments that become tensors; its
step is 1/1024 whatever the dtype, its result the two Jacobians, by the gradient and by central differences, and its
example holds them together with ``assertAllClose``, whose defaults are 1e-6 absolute and 1e-6 relative
(tf.test.TestCase).

Central differences with that step are off by f''' / 6 * 2^-20, more than the assertion permits for -log p below p =
0.46: so the correct cross entropy of probabilities is rejected.

A rule becomes a ``tf.custom_gradient`` over ``tf.numpy_function``, eagerly, which hands copies to NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from comparators.tensorflow.adapter import tf
from gradassay.audit.rivals.interface import Subject, judge, version_of
from gradassay.vocabulary import Rule, Scenario
from gradassay.vocabulary.audit import Judgement


@dataclass(frozen=True)
class ComputeGradient:
    """The two Jacobians, and the assertion on them."""

    name: str = "tf compute_gradient"
    call: str = (
        "theoretical, numerical = tf.test.compute_gradient(f, xs)\n"
        "self.assertAllClose(theoretical, numerical)  # in a tf.test.TestCase"
    )

    @property
    def version(self) -> str:
        return version_of("tensorflow", "tensorflow", "tensorflow-cpu")

    def load(self) -> None:
        tf.load()

    def check(self, rule: Rule, scenario: Scenario) -> Judgement:
        dtypes = ("float64", "float32", "float16", "bfloat16")
        return judge(rule, scenario, self._ask, dtypes=dtypes, jacobian=True)

    def _ask(self, subject: Subject) -> None:
        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def f(*xs: Any) -> Any:
            pullbacks = []

            def forward(*arrays: Any) -> Any:
                y, pullback = subject(*arrays)
                pullbacks.append(pullback)
                return y

            def grad(y_bar: Any) -> Any:
                return tf.numpy_function(pullbacks[0], [y_bar], [x.dtype for x in xs])

            return tf.numpy_function(forward, xs, xs[0].dtype), grad

        with tf.device("CPU:0"):
            theoretical, numerical = tf.test.compute_gradient(f, list(subject.xs))
        tf.test.TestCase().assertAllClose(theoretical, numerical)


RIVALS = {"tf compute_gradient": ComputeGradient()}
