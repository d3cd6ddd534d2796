"""What the source documents print for softmax, cross entropy and get_item, and how a figure is matched.

Tables that several tests need; a figure that one test needs stands in that test.
"""

from __future__ import annotations

import numpy as np


def printed(ours: object, document: object, decimals: int) -> bool:
    """Whether ours, rounded as the document prints it, is the document's, give or take the last digit."""
    got, wanted = np.asarray(ours, float), np.asarray(document, float)
    return got.shape == wanted.shape and bool(np.all(np.abs(got - wanted) <= 0.5001 * 10.0**-decimals))


def significant(ours: object, document: object, digits: int = 9) -> bool:
    """The same for figures printed to a number of significant digits."""
    got, wanted = np.asarray(ours, float), np.asarray(document, float)
    last = 10.0 ** (np.floor(np.log10(np.abs(wanted))) - digits + 1)
    return got.shape == wanted.shape and bool(np.all(np.abs(got - wanted) <= 0.5001 * last))


# ---- document 000: a NumPy framework

MLP_LOGITS = [0.44170413, 0.46544621, 0.30717265]
MLP_SOFTMAX = [0.34504752, 0.35333769, 0.30161479]
WHOLE_BATCH = np.array([[0.17299718, 0.17715364, 0.15122123], [0.17739957, 0.16770525, 0.15352312]])
EACH_ROW = [MLP_SOFTMAX, [0.35577543, 0.33633344, 0.30789113]]

# ---- document 001: softmax classification in PyTorch

SOFTMAX_001 = [
    [0.2645, 0.1639, 0.1855, 0.2585, 0.1277],
    [0.2430, 0.1624, 0.2322, 0.1930, 0.1694],
    [0.2226, 0.1986, 0.2326, 0.1594, 0.1868],
]
LOG_SOFTMAX_001 = [
    [-1.3301, -1.8084, -1.6846, -1.3530, -2.0584],
    [-1.4147, -1.8174, -1.4602, -1.6450, -1.7758],
    [-1.5025, -1.6165, -1.4586, -1.8360, -1.6776],
]
LABELS_001 = [0, 2, 1]

# ---- document 002: NumPy layers beside TensorFlow and PyTorch

_FIRST, _SECOND, _THIRD = (
    "0.16005908 0.06725888 0.10924701 0.11384503 0.08331395 0.06459966 0.1163387 0.06519166 0.06509037 0.15505567",
    "0.08421609 0.07562292 0.08035415 0.10763828 0.13765494 0.09973486 0.08157759 0.07799766 0.17106817 0.08413533",
    "0.14815491 0.09326063 0.08769906 0.12453189 0.05808831 0.07857035 0.05885886 0.08420299 0.13066567 0.13596733",
)
P_002 = np.array([row.split() for row in (_FIRST, _SECOND, _THIRD)], dtype=float)
LABELS_002 = np.array([8, 0, 9])
AT_LABEL = (np.arange(3), LABELS_002)
LOSS_002 = [2.73197873, 2.47436928, 1.99534064]
LOSS_GRADIENT_002 = [-15.36325671, -11.87421547, -7.35470788]
KERAS_GRADIENT_002 = [-14.36325671, -10.87421547, -6.35470788]

#: How far the roundings of P_002 and of the figures themselves, 5e-9 each, can move a loss and its gradient.
LOSS_SPREAD_002 = 5.001e-9 * (1 + 1 / P_002[AT_LABEL])
LOSS_GRADIENT_SPREAD_002 = 5.001e-9 * (1 + 1 / P_002[AT_LABEL] ** 2)
