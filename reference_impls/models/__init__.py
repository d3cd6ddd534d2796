"""Models on the hand-written rules: softmax regression, linear regression, a multi-layer perceptron, SGD and Adam."""

from reference_impls.models.models import MLP, LinearRegression, Model, SoftmaxRegression
from reference_impls.models.optimizers import adam, sgd

__all__ = ["MLP", "LinearRegression", "Model", "SoftmaxRegression", "adam", "sgd"]
