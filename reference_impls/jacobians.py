"""Jacobians in closed form, written out by hand: the softmax classifier as a product of full Jacobians.

For X (M, N), W (N, Q), b (Q,), Z = X W + b, S = softmax(Z) over rows, and one-hot targets Y (M, Q)::

    d S_pi / d Z_qj = [p = q] (diag(s) - s s^T)_ij       with s the row p of S
    d Z_pi / d X_qj = [p = q] W_ji
    d Z_pi / d W_jk = [i = k] X_pj                       which is identity (x) X, once flattened by columns
    d Z_pi / d b_k  = [i = k]
    d L / d S       = -Y / S / M                         for L = -sum Y log S / M

and by the chain rule dL/dW = sum dL/dS dS/dZ dZ/dW over the axes that they share. Nobody trains with these: they
have M Q times the entries of the gradient, and almost all are 0. They are here to be held against the pullbacks,
which never form them.

Each Jacobian has the primal's shape, then the argument's. Dtypes: those of the first argument; 16-bit formats are
computed in float32 and rounded once; integers give float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradassay.vocabulary import Array
from reference_impls.distributions import distributions
from reference_impls.rows import result_dtype, rounded, working_dtype


def softmax_jacobian(x: Any) -> Array:
    """``diag(s) - s s^T`` for each row s of softmax(x), zero between rows: (M, Q) -> (M, Q, M, Q)."""
    x = np.asarray(x)
    s = distributions(x.astype(working_dtype(x.dtype))).p
    blocks = s[:, :, None] * np.eye(s.shape[1], dtype=s.dtype) - s[:, :, None] * s[:, None, :]
    return rounded(_block_diagonal(blocks), result_dtype(x.dtype))


def affine_jacobians(x: Any, W: Any, b: Any) -> tuple[Array, Array, Array]:
    """Those of ``x W + b`` with respect to x (M, Q, M, N), W (M, Q, N, Q) and b (M, Q, Q)."""
    x, W, b = (np.asarray(a) for a in (x, W, b))
    outer = result_dtype(x.dtype)
    samples, classes = len(x), W.shape[1]
    identity = np.eye(classes, dtype=outer)
    by_x = _block_diagonal(np.broadcast_to(W.T.astype(outer), (samples, classes, len(W))))
    by_W = x.astype(outer)[:, None, :, None] * identity[:, None, :]
    by_b = np.broadcast_to(identity, (samples, classes, classes)).copy()
    return by_x, by_W, by_b


def cross_entropy_jacobian(p: Any, targets: Any) -> Array:
    """``-Y / p / M`` for probabilities and one-hot targets, both (M, Q); 0 where Y is 0, whatever p is."""
    p, targets = np.asarray(p), np.asarray(targets)
    inner = working_dtype(p.dtype)
    y = targets.astype(inner)
    with np.errstate(all="ignore"):
        gradient = np.where(y != 0, -y / p.astype(inner), inner.type(0)) / inner.type(len(p))
    return rounded(gradient, result_dtype(p.dtype))


def classifier_gradients(x: Any, W: Any, b: Any, targets: Any) -> tuple[Array, Array]:
    """dL/dW and dL/db of ``cross_entropy(softmax(x W + b), targets)``, contracted from the Jacobians.

    Where a target's probability underflows to 0 its loss has an infinite slope, and inf times 0 is NaN; the fused
    ``softmax_regression`` divides by no probability and has the gradient there, too.
    """
    x = np.asarray(x)
    inner, outer = working_dtype(x.dtype), result_dtype(x.dtype)
    x, W, b = (np.asarray(a).astype(inner) for a in (x, W, b))
    z = np.einsum("mn,nq->mq", x, W) + b
    p = distributions(z).p
    _, z_by_W, z_by_b = affine_jacobians(x, W, b)
    with np.errstate(all="ignore"):
        by_z = np.einsum("mq,mqnr->nr", cross_entropy_jacobian(p, targets), softmax_jacobian(z))
        by_W, by_b = np.einsum("mq,mqij->ij", by_z, z_by_W), np.einsum("mq,mqi->i", by_z, z_by_b)
    return rounded(by_W, outer), rounded(by_b, outer)


def _block_diagonal(blocks: Array) -> Array:
    """(M, I, J) -> (M, I, M, J), with block m at [m, :, m, :] and zeros elsewhere."""
    samples, rows, columns = blocks.shape
    full = np.zeros((samples, rows, samples, columns), blocks.dtype)
    each = np.arange(samples)
    full[each, :, each, :] = blocks
    return full
