"""Laws of composition: a chain is its links, one after the other and back again."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradassay
from gradassay import chain
from gradassay.formats import FORMATS
from reference_impls.activations import sigmoid
from reference_impls.affine import affine
from reference_impls.cross_entropy import cross_entropy
from reference_impls.sigmoid_classifier import sigmoid_classifier
from reference_impls.softmax import log_softmax, softmax
from reference_impls.softmax_cross_entropy import softmax_cross_entropy

seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int) -> tuple[np.random.Generator, tuple[Any, Any, Any, Any]]:
    rng = np.random.default_rng(seed)
    return rng, (rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=5), rng.integers(0, 5, 4))


def alike(left: Any, right: Any) -> bool:
    return all(a is b is None or np.array_equal(a, b) for a, b in zip(left, right, strict=True))


@given(seed=seeds, reduction=st.sampled_from(["none", "mean", "sum"]))
def test_a_chain_is_its_links_by_hand(seed: int, reduction: str) -> None:
    rng, (x, W, b, labels) = drawn(seed)
    z, pull_z = affine(x, W, b)
    s, pull_s = sigmoid(z)
    p, pull_p = softmax(s)
    loss, pull_loss = cross_entropy(p, labels, reduction=reduction)
    y, pullback = sigmoid_classifier(x, W, b, labels, reduction=reduction)
    y_bar = rng.normal(size=loss.shape)
    assert np.array_equal(y, loss)
    assert alike(pullback(y_bar), (*pull_z(pull_s(pull_p(pull_loss(y_bar)))), None))


@given(seed=seeds)
def test_a_chain_of_chains_is_the_chain_of_all(seed: int) -> None:
    rng, args = drawn(seed)
    y_bar = rng.normal()
    front, back = chain(affine, sigmoid), chain(softmax, cross_entropy)
    for nested in (
        chain(front, back),
        chain(front, softmax, cross_entropy),
        chain(affine, chain(sigmoid, back)),
    ):
        y, pullback = nested(*args)
        assert np.array_equal(y, sigmoid_classifier(*args)[0])
        assert alike(pullback(y_bar), sigmoid_classifier(*args)[1](y_bar))


def test_one_rule_alone_is_itself_and_one_cotangent_is_bare() -> None:
    x = np.array([[1.0, 2.0]])
    y, pullback = chain(softmax)(x)
    assert np.array_equal(y, softmax(x)[0])
    assert np.array_equal(pullback(x), softmax(x)[1](x))


def test_weights_of_two_layers_are_told_apart_by_number() -> None:
    network = chain(affine, sigmoid, affine, softmax_cross_entropy)
    names = [p.name for p in inspect.signature(network).parameters.values()]
    assert names == ["x", "W", "b", "W_2", "b_2", "labels", "reduction"]
    rng, (x, W, b, labels) = drawn(0)
    W_2, b_2 = rng.normal(size=(5, 5)), rng.normal(size=5)
    _, pullback = network(x, W, b, W_2, b_2, labels)
    shapes = [None if bar is None else bar.shape for bar in pullback(1.0)]
    assert shapes == [x.shape, W.shape, b.shape, W_2.shape, b_2.shape, None]


def test_a_keyword_goes_to_every_rule_that_takes_it_and_partial_fixes_it_for_one() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3))
    both, _ = chain(softmax, log_softmax)(x, axis=0)
    assert np.array_equal(both, log_softmax(softmax(x, axis=0)[0], axis=0)[0])
    one, _ = chain(partial(softmax, axis=0), log_softmax)(x)
    assert np.array_equal(one, log_softmax(softmax(x, axis=0)[0])[0])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_16_bit_arguments_are_rounded_once(dtype: str) -> None:
    x, W, b, labels = drawn(1)[1]
    narrow = [a.astype(FORMATS[dtype].dtype) for a in (x, W, b)]
    wide = [a.astype(np.float32) for a in narrow]
    (y, pullback), (z, pull) = sigmoid_classifier(*narrow, labels), sigmoid_classifier(*wide, labels)
    bars, wide_bars = pullback(np.ones((), y.dtype)), pull(np.ones((), np.float32))
    assert y == z.astype(y.dtype)
    assert alike(bars[:3], [bar.astype(y.dtype) for bar in wide_bars[:3]])
    assert {bar.dtype for bar in bars[:3]} == {y.dtype}


def test_verify_takes_a_chain_for_the_operation_that_it_is() -> None:
    report = gradassay.verify(
        chain(affine, sigmoid, softmax, cross_entropy), like="sigmoid_classifier", examples=40, seed=1
    )
    assert report.ok, str(report)


def test_verify_sees_a_link_that_is_missing() -> None:
    report = gradassay.verify(
        chain(affine, softmax, cross_entropy), like="sigmoid_classifier", examples=40, seed=1
    )
    assert not report.ok


# ---- wrong use


def no_rule(x: Any) -> Any:
    return x


def short(x: Any, W: Any) -> Any:
    return x, lambda y_bar: (y_bar, y_bar, y_bar)


def data(x: Any) -> Any:
    return x, lambda y_bar: (None,)


X = np.ones((1, 2))
WRONG_CHAINS: dict[str, tuple[tuple[Any, ...], str]] = {
    "no rules": ((), "chain takes at least one rule"),
    "something else": ((softmax, 3), "this is 3"),
    "a list of rules": (([softmax],), r"this is \[<function"),
    "any number of arrays": ((lambda *args: None,), r"takes \*args; name them in a def"),
    "no array": ((lambda *, axis=0: None,), "takes no array, so nothing can be chained into it"),
    "no signature": ((softmax, min), "shows none; wrap it in a def"),
}
WRONG_CALLS: dict[str, tuple[Any, str]] = {
    "too few arrays": (
        lambda: chain(affine, softmax)(X),
        r"chain\(affine, softmax\) takes 3 arrays \(x, W, b\), and was given 1",
    ),
    "too many arrays": (lambda: chain(softmax)(X, X), r"takes 1 array \(x\), and was given 2"),
    "an unknown keyword": (
        lambda: chain(affine, softmax)(X, X.T, np.ones(1), axes=0),
        "no rule of .* takes a parameter 'axes'; they take axis",
    ),
    "no rule": (lambda: chain(softmax, no_rule)(X), r"no_rule is no rule: it returned ndarray"),
    "too many cotangents": (
        lambda: chain(short)(X, X)[1](X),
        r"the pullback of short returned 3 cotangents for 2 arguments \(x, W\); return one for each, None for data",
    ),
    "a cut": (lambda: chain(softmax, data)(X)[1](X), "nothing flows back to softmax"),
}


@pytest.mark.parametrize("case", WRONG_CHAINS)
def test_what_cannot_be_chained_is_named_with_the_remedy(case: str) -> None:
    rules, sentence = WRONG_CHAINS[case]
    with pytest.raises(TypeError, match=sentence):
        chain(*rules)


@pytest.mark.parametrize("case", WRONG_CALLS)
def test_a_wrong_call_is_a_sentence(case: str) -> None:
    call, sentence = WRONG_CALLS[case]
    with pytest.raises(TypeError, match=sentence):
        call()
