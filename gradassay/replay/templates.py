"""The parts of a standalone script that are the same in all of them."""

from __future__ import annotations

#: Stands in where no number is of that format, so that nobody has to install it.
NO_BFLOAT16 = """\
try:
    import ml_dtypes
except ImportError:  # no number here is a bfloat16
    from types import SimpleNamespace

    ml_dtypes = SimpleNamespace(bfloat16=np.dtype("V2"))
"""

#: How a rule of NumPy's kind is called.
RULE = """\
def evaluate(args, y_bar):
    \"\"\"The primal, and the gradients of the differentiable arguments.\"\"\"
    with np.errstate(all="ignore"):
        y, pullback = {rule}(*args{params})
        if y_bar is None:
            return np.asarray(y), []
        parts = pullback(y_bar)
    parts = parts if isinstance(parts, tuple) else (parts,)
    if len(parts) == len(args):
        parts = [parts[i] for i in {wanted}]
    return np.array(y), [None if part is None else np.asarray(part) for part in parts]
"""

#: How a function of JAX is called.
JAX = """\
def evaluate(args, y_bar):
    \"\"\"The primal, and the gradients of the differentiable arguments, from one compiled program.\"\"\"
    params = {params}

    def program(y_bar, *args):
        return {differentiate}({fn}, {wanted}, params, y_bar, args)

    with {exactly}():
        if y_bar is None:
            return np.array({fn}(*map({jnp}.array, args), **params)), []
        y, x_bars = {jax}.jit(program, compiler_options={options})(y_bar, *args)
    return np.array(y), [np.array(x_bar) for x_bar in x_bars]
"""

#: What is printed of an entry against its budget, and so on, each for a kind of verdict.
ENTRY = """\
    y, x_bars = evaluate(args, y_bar)
    got = float(np.asarray({part}){index})
    expected, budget = {expected}, {budget}
    error = abs(got - expected)
    print("{where}: got", got, "expected", expected, "error", error, "budget", budget)
    return 0 if got == expected or error <= budget else 1
"""

RAISES = """\
    try:
        y, x_bars = evaluate(args, y_bar)
    except BaseException as error:
        print("raises", type(error).__name__, error)
        return {raised}
    print("returns", y, x_bars)
    return {returned}
"""

STRUCTURE = """\
    wanted = [(y.shape, y.dtype) for y in ({like}y_bar,)]
    y, x_bars = evaluate(args, y_bar)
    found = [(np.shape(part), getattr(part, "dtype", None)) for part in (*x_bars, y)]
    print("got shapes and dtypes", found)
    print("expected            ", wanted)
    return 0 if found == wanted else 1
"""

IMPURE = """\
    def bits():
        return [np.array(x, order="C").tobytes() for x in (*args, y_bar)]

    def once(*inputs):
        y, x_bars = evaluate(inputs[:-1], inputs[-1])
        return [None if part is None else np.array(part, order="C").tobytes() for part in (y, *x_bars)]

    before = bits()
    try:
        first = once(*args, y_bar)
    except ValueError as error:
        print("raises", error)
        return 1
    changed, again = bits() != before, once(*args, y_bar) != first
    elsewhere = once(*(np.array(x, order="C") for x in (*args, y_bar))) != first
    print("changes its inputs:", changed)
    print("two calls differ:", again)
    print("another memory layout differs:", elsewhere)
    return int(changed or again or elsewhere)
"""
