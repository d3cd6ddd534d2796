"""Whether a pullback is the derivative of its forward, from what finite differences found out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from comparators.finite_differences.estimate import DOMAIN, NOISY
from comparators.finite_differences.findings import Differences, Finding
from gradassay.vocabulary import Array, Verdict

#: The error estimate is no proven bound, but its truncation part is the error of a worse estimate and its
#: round-off part a sum of absolute values. Over 38,000 slopes of 17 functions the true error was at most 0.29
#: of the estimate and the allowance below together, with float32 hidden in one of the functions.
SAFETY = 4.0
#: Where round-off dominates, and its size is known from seven differences, only to an order of magnitude.
NOISE_SAFETY = 64.0
#: Roundings that a pullback is granted beside its measured noise, in units of the slope or of a typical
#: output's slope: an error that is the same at neighbouring points (a rounded constant) does not show as
#: noise.
PULLBACK_ROUNDINGS = 16.0
#: The same for ``<x_bar, v>`` in units of ``sum |x_bar v|``: NumPy adds blocks of 128 in eight lanes (16
#: additions), then pairwise, which is at most 24 more below 2^31 entries.
SUM_ROUNDINGS = 40.0
#: Nothing is confirmed where what is allowed hides so much of the slope.
HIDDEN = 1 / 8
#: Along a direction the entries, or outputs, must stand out that are larger than this part of those that are not 0.
SMALLEST = 0.1

VAGUE = "the pullback's noise hides the slope"
DROWNED = "the large entries hide the small ones"
#: What may be said of a slope that still shows a gross error: its own error is known, though not small.
ACCUSING = ("", NOISY, VAGUE, DROWNED)


def judge_entries(found: Differences) -> tuple[Finding, int]:
    """Per-entry mode: the worst entry decides; and which it is."""
    parts = list(zip(found.estimates, found.gradients, found.noise, strict=True))
    columns = [(e.value, e.error, e.scale, e.reasons, g, n) for e, g, n in parts]
    value, error, scale, reason, got, noise = (
        np.concatenate([array.ravel() for array in column]) for column in zip(*columns, strict=True)
    )
    if not value.size:
        return Finding(Verdict.AGREES, "there are no entries to differentiate"), 0
    typical = np.maximum(np.abs(value), scale)
    own = noise + PULLBACK_ROUNDINGS * found.roundoff * typical
    allowed = np.where(reason == NOISY, NOISE_SAFETY, SAFETY) * error + own
    reason = np.where((reason == "") & (noise > HIDDEN * typical), VAGUE, reason)
    verdict, worst, ratio = decide(value, got, allowed, reason)
    path, index = place(found, worst)
    where = f"{path}{list(index)}" if index else path
    if verdict is Verdict.WRONG:
        sentence = describe_wrong(where, value[worst], got[worst], error[worst], ratio)
    elif verdict is Verdict.INCONCLUSIVE:
        told = int((reason == "").sum())
        sentence = f"{told} of {value.size} entries agree; {where} cannot be told: {reason[worst]}"
    else:
        sentence = f"all {value.size} entries agree, each within {float(allowed.max()):.1e} or less"
    expected, pulled, blur = (float(array[worst]) for array in (value, got, error))
    return Finding(verdict, sentence, path, index, expected, pulled, blur, ratio), worst


def judge_directions(found: Differences) -> tuple[Finding, int]:
    """Direction mode: ``<x_bar, v>`` against the slope along every v; and which v is the worst."""
    (estimate,) = found.estimates
    value, error = estimate.value, estimate.error
    got = np.array([direction.dot(found.gradients) for direction in found.directions])
    weights = [np.abs(sign) for sign in found.directions[0].signs]  # the same for all directions
    noise = sum(float((n * w).sum()) for n, w in zip(found.noise, weights, strict=True))
    finite = [np.where(np.isfinite(gradient), gradient, 0) for gradient in found.gradients]
    gross = sum(float(np.abs(g * w).sum()) for g, w in zip(finite, weights, strict=True))
    typical = np.maximum(np.abs(value), estimate.scale)
    own = noise + found.roundoff * np.maximum(SUM_ROUNDINGS * gross, PULLBACK_ROUNDINGS * typical)
    allowed = np.where(estimate.reasons == NOISY, NOISE_SAFETY, SAFETY) * error + own
    least = max(smallest([g * w for g, w in zip(finite, weights, strict=True)]), found.least)
    reasons = np.where((estimate.reasons == "") & (allowed > HIDDEN * least), DROWNED, estimate.reasons)
    if not np.isfinite(gross):  # finite gradients, whose products with a step as large as x overflow
        reasons = np.full(reasons.shape, DOMAIN)
    verdict, worst, ratio = decide(value, got, allowed, reasons)
    told = reasons == ""
    size, still = sum(w.size for w in weights), sum(int((w == 0).sum()) for w in weights)
    if verdict is Verdict.AGREES and still:
        verdict = Verdict.INCONCLUSIVE
    if verdict is Verdict.WRONG:
        where = f"<x_bar, v> along direction {worst}"
        sentence = describe_wrong(where, value[worst], got[worst], error[worst], ratio)
    else:
        m = int(told.sum())
        sentence = f"{m} of {told.size} signed random directions over {size} entries agree"
        if m:
            # A weight is at least half of max(1, |x|), or of |x| with relative steps.
            unseen = 2 * float((allowed + error)[told].max())
            unit = "|x|" if any((w < 1).any() for w in weights) else "max(1, |x|)"
            sentence += f": an error of {unseen:.1e} / {unit} or more in an entry is missed with probability "
            sentence += f"at most 2^-{m} = {2.0**-m:.1e}, and never where only one entry is wrong"
        if not told.all():
            sentence += f"; direction {worst} cannot be told: {reasons[worst]}"
        if still:
            sentence += f"; {still} entries at 0 cannot be moved"
    expected, pulled, blur = (float(array[worst]) for array in (value, got, error))
    return Finding(verdict, sentence, "x_bar", None, expected, pulled, blur, ratio), worst


def decide(value: Array, got: Array, allowed: Array, reason: Array) -> tuple[Verdict, int, float | None]:
    """The verdict over all slopes, the slope that it rests on, and |error| / allowed there (or None).

    A slope hidden by noise can still show a grossly wrong gradient, since its error is known; it never confirms
    one. Nor does it accuse an infinite one, which is right where the slope grows beyond all steps.
    """
    difference = np.abs(got - value)
    agrees = np.isfinite(difference) & (difference <= allowed)  # infinity is not within an infinite room
    told = reason == ""
    wrong = (told | (np.isin(reason, ACCUSING) & np.isfinite(got))) & ~agrees
    ratio = np.where(difference == 0, 0.0, difference / allowed)
    ratio = np.where(np.isnan(ratio), np.inf, ratio)
    if wrong.any():
        worst = int(np.where(wrong, ratio, -1.0).argmax())
        return Verdict.WRONG, worst, float(ratio[worst])
    if not told.all():
        return Verdict.INCONCLUSIVE, int(told.argmin()), None
    worst = int(ratio.argmax())
    return Verdict.AGREES, worst, float(ratio[worst])


def smallest(arrays: Sequence[Array]) -> float:
    """Of all magnitudes but zeros the quantile ``SMALLEST``; 0 where there are none."""
    every = np.abs(np.concatenate([array.ravel() for array in arrays]))
    every = every[every > 0]
    return float(np.quantile(every, SMALLEST)) if every.size else 0.0


def place(found: Differences, flat: int) -> tuple[str, tuple[int, ...]]:
    """Path and index of an entry, counted through all moved arguments."""
    for path, gradient in zip(found.paths, found.gradients, strict=True):
        if flat < gradient.size:
            return path, tuple(int(i) for i in np.unravel_index(flat, gradient.shape))
        flat -= gradient.size
    raise IndexError(flat)


def describe_wrong(where: str, expected: float, got: float, error: float, ratio: float | None) -> str:
    """One sentence: what the pullback says, what the forward says, how far apart."""
    slope = f"the forward's slope is {expected:.10g} ± {error:.1e}"
    return f"{where} is {got:.10g}, but {slope}: {ratio:.3g} times what is allowed"
