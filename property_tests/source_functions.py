"""The functions, classes and methods of the source documents, by name and in their order.

Extracted once from the documents, which are not part of the repository: every `def`, `class` and named `lambda`, a
method behind its class, the second of a name with ``#2``. Added by hand are ``Variable.__getitem__``, which document
000 assigns, and TensorFlow's loss, whose gradient document 002 prints.
"""

from __future__ import annotations

_NAMES = {
    "000": """
        GetItem GetItem.__init__ GetItem.forward GetItem.backward get_item GetItemGrad
        GetItemGrad.__init__ GetItemGrad.forward GetItemGrad.backward IndiceCheck
        IndiceCheck.__getitem__ Variable.__getitem__ softmax1d softmax_simple max_backward_shape Max
        Max.__init__ Max.forward Max.backward Min Min.forward max min Clip Clip.__init__
        Clip.forward Clip.backward clip Softmax Softmax.__init__ Softmax.forward Softmax.backward
        softmax softmax_cross_entropy_simple log_softmax SoftmaxCrossEntropy
        SoftmaxCrossEntropy.forward SoftmaxCrossEntropy.backward softmax_cross_entropy
    """,
    "001": """
        SoftmaxClassifierModel SoftmaxClassifierModel.__init__ SoftmaxClassifierModel.forward train
        test MultivariateLinearRegressionModel MultivariateLinearRegressionModel.__init__
        MultivariateLinearRegressionModel.forward train#2 train_with_regularization
    """,
    "002": """
        softmax softmax#2 CategoricalCrossEntropyLoss CategoricalCrossEntropyLoss.__call__
        CategoricalCrossEntropyLoss.gradient SigmoidLayer SigmoidLayer.__call__
        SigmoidLayer.gradient SoftmaxLayer SoftmaxLayer.__init__ SoftmaxLayer.__call__
        SoftmaxLayer.gradient sparse_categorical_crossentropy
    """,
    "003": """
        add_to_class wrapper SoftmaxClassifier SoftmaxClassifier.__init__
        SoftmaxClassifier.copy_params predict evaluate update
    """,
    "004": """
        Relu Relu.__init__ Relu.forward Relu.backward Sigmoid Sigmoid.__init__ Sigmoid.forward
        Sigmoid.backward Affine Affine.__init__ Affine.forward Affine.backward cross_entropy_error
        softmax softmax#2 Softmax Softmax.__init__ Softmax.forward Softmax.backward LossFunc
        LossFunc.__init__ LossFunc.cross_entropy LossFunc.MSE CrossEntropy CrossEntropy.__init__
        CrossEntropy._reform_t CrossEntropy.forward CrossEntropy.forward_matrix
        CrossEntropy.backward SoftmaxWithLoss SoftmaxWithLoss.__init__ SoftmaxWithLoss.softmax
        SoftmaxWithLoss.cross_entropy_error SoftmaxWithLoss.forward SoftmaxWithLoss.backward func_1
        func_2 Differentiate Differentiate.__init__ Differentiate.d1_diff Differentiate.tangent
        Differentiate.dn_diff Differentiate.gradient_descent
    """,
}
FUNCTIONS: dict[str, tuple[str, ...]] = {document: tuple(names.split()) for document, names in _NAMES.items()}
