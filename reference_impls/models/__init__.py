"""Models on the hand-written rules: softmax regression, linear regression, a multi-layer perceptron, SGD and Adam."""
