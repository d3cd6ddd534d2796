"""Wrong gradients of exp, log, clip, relu, sigmoid and tanh."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from property_tests.meta.zoo.table import IMPRECISE, NONFINITE, STRUCTURE, WRONG, changed, planted, right

# -- exp and log ------------------------------------------------------------------------------------------------

changed("exp", "the argument in the place of the value", lambda g, y_bar, x: y_bar * x, WRONG)


@planted("exp", NONFINITE)
def multiplies_zero_by_an_overflow(x: Array) -> Any:
    with np.errstate(all="ignore"):
        y = np.exp(x)
    return y, lambda y_bar: y_bar * y


changed("log", "divides by the square", lambda g, y_bar, x: y_bar / x / x, WRONG)


@planted("log", WRONG, NONFINITE, IMPRECISE)
def adds_an_epsilon_to_its_argument(x: Array) -> Any:
    return right("log", x + x.dtype.type(1e-7))


# -- clip and relu ----------------------------------------------------------------------------------------------


@planted("clip", WRONG)
def passes_what_was_clipped_and_stops_the_rest(x: Array, *, low: Any = None, high: Any = None) -> Any:
    y, pullback = right("clip", x, low=low, high=high)
    return y, lambda y_bar: y_bar - pullback(y_bar)


@planted("clip", WRONG)
def passes_everything_through_a_clip(x: Array, *, low: Any = None, high: Any = None) -> Any:
    return right("clip", x, low=low, high=high)[0], lambda y_bar: y_bar.copy()


@planted("clip", WRONG)
def forgets_the_lower_bound_in_the_gradient(x: Array, *, low: Any = None, high: Any = None) -> Any:
    return right("clip", x, low=low, high=high)[0], right("clip", x, high=high)[1]


changed("relu", "passes where the argument is negative", lambda g, y_bar, x: y_bar - g, WRONG)
changed("relu", "passes everywhere", lambda g, y_bar, x: y_bar.copy(), WRONG)
changed("relu", "passes positive cotangents alone", lambda g, y_bar, x: np.maximum(g, 0), WRONG)
changed("relu", "steps at 1", lambda g, y_bar, x: np.where(x > 1, y_bar, 0), WRONG)
changed("relu", "slope 2 at the kink", lambda g, y_bar, x: np.where(x == 0, 2 * y_bar, g), WRONG)

# -- sigmoid and tanh -------------------------------------------------------------------------------------------


def s(x: Array) -> Array:
    y: Array = right("sigmoid", x)[0]
    return y


changed("sigmoid", "1 - s alone", lambda g, y_bar, x: y_bar * (1 - s(x)), WRONG)
changed("sigmoid", "s alone", lambda g, y_bar, x: y_bar * s(x), WRONG)
changed("sigmoid", "s (1 + s)", lambda g, y_bar, x: y_bar * s(x) * (1 + s(x)), WRONG)
changed("sigmoid", "s (1 - s), which cancels", lambda g, y_bar, x: y_bar * s(x) * (1 - s(x)), IMPRECISE)


@planted("sigmoid", WRONG)
def takes_the_slope_at_the_value(x: Array) -> Any:
    y = s(x)
    return y, lambda y_bar: y_bar * s(y) * (1 - s(y))


changed("tanh", "1 - y", lambda g, y_bar, x: y_bar * (1 - np.tanh(x)), WRONG)
changed("tanh", "1 + y²", lambda g, y_bar, x: y_bar * (1 + np.tanh(x) ** 2), WRONG)
changed("tanh", "1 - y², which cancels", lambda g, y_bar, x: y_bar * (1 - np.tanh(x) ** 2), IMPRECISE)
changed("tanh", "a scalar for a 0-d array", lambda g, y_bar, x: g if g.ndim else g[None], STRUCTURE)
