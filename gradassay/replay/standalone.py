"""A discrepancy as a script of its own, which needs NumPy and, if it is a framework's, that framework alone.

It holds the arrays, the implementation's source and, in numbers, what was certified. It prints what came back beside
that, and exits with 1 as long as it shows what was found, with 0 once it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from comparators import registry
from gradassay.catalogue import OPERATIONS
from gradassay.errors import UsageError
from gradassay.orders import operation_of, order_of
from gradassay.replay.source import Gathered
from gradassay.replay.templates import ENTRY, IMPURE, JAX, NO_BFLOAT16, RAISES, RULE, STRUCTURE
from gradassay.second_order import flattened
from gradassay.vocabulary import Discrepancy, Example, Rule, Scenario, Verdict
from reports.snippets import float_source, names_of, scenario_source, value_source

#: What a framework reads before it is imported: no word, no GPU, and Keras on TensorFlow.
ENVIRONMENT: Mapping[str, Mapping[str, str]] = {
    "torch": {},
    "tensorflow": {
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    },
    "jax": {"JAX_PLATFORMS": "cpu"},
}


def standalone(found: Discrepancy, operation: str, implementation: str, rule: Rule | None = None) -> str:
    """The script that shows ``found`` again.

    ``rule`` is what the caller verified, where ``implementation`` is none of the catalogue's. Raises UsageError where
    source cannot be bundled (a lambda, a closure that no module binds), naming why; registry.Missing where a
    framework's own table cannot be asked.
    """
    scenario = found.example.scenario
    gathered = Gathered(reserved={"evaluate", "main", "os"})
    run = _run(gathered, scenario, operation, implementation, rule)
    return "\n".join(
        [
            f'"""{_title(found, operation, implementation)}"""',
            "",
            "from __future__ import annotations",
            "",
            *_environment(implementation),
            _with_formats(gathered.source(), scenario),
            run,
            "",
            _main(found),
        ]
    )


def _title(found: Discrepancy, operation: str, implementation: str) -> str:
    words = f"{operation} by {implementation} in {found.dtype}: {found.verdict}, {found.cause}."
    return words.replace("\\", "/").replace('"""', "'''")


def _environment(implementation: str) -> list[str]:
    wanted = ENVIRONMENT.get(implementation.partition(".")[0], {})
    lines = [f'os.environ.setdefault("{name}", "{value}")' for name, value in wanted.items()]
    return ["import os", "", *lines, ""] if lines else []


def _with_formats(source: str, scenario: Scenario) -> str:
    lines = source.splitlines()
    if scenario.dtype == "bfloat16":
        return "\n".join([*(["import ml_dtypes"] if "import ml_dtypes" not in lines else []), *lines])
    if "import ml_dtypes" in lines:
        lines.remove("import ml_dtypes")
        after = lines.index("")
        lines[after:after] = ["", *NO_BFLOAT16.splitlines()]
    return "\n".join(lines)


def _run(
    gathered: Gathered, scenario: Scenario, operation: str, implementation: str, rule: Rule | None
) -> str:
    if rule is None and implementation.partition(".")[0] in ENVIRONMENT:
        return _of_framework(gathered, scenario, operation, implementation)
    inner = operation_of(operation)
    if rule is None:
        if implementation not in (registry.NUMPY, "finite_differences") or inner not in OPERATIONS:
            raise UsageError(
                f"{implementation} is no implementation of the catalogue's {operation}; give its rule"
            )
        rule = OPERATIONS[inner].rule if inner == operation else OPERATIONS[inner].pullback_rule
    name = gathered.add(rule)
    if inner != operation and inner in OPERATIONS and len(OPERATIONS[inner].differentiable) > 1:
        name = f"{gathered.add(flattened)}({name}, {OPERATIONS[inner].differentiable})"
    return _of_rule(name, scenario)


def _of_rule(name: str, scenario: Scenario) -> str:
    params = "".join(f", {key}={value_source(value)}" for key, value in sorted(scenario.params.items()))
    return RULE.format(rule=name, params=params, wanted=scenario.differentiable)


def _of_framework(gathered: Gathered, scenario: Scenario, operation: str, implementation: str) -> str:
    comparator: Any = registry.load(implementation, order=order_of(operation))
    fn = gathered.add(comparator.functions[operation])
    if not hasattr(comparator, "differentiate"):
        return _of_rule(
            f"{gathered.add(comparator.adapter)}({fn}, differentiable={scenario.differentiable})", scenario
        )
    adapter, compiled = "comparators.jax.adapter", "comparators.jax.compiled"
    return JAX.format(
        params="{" + ", ".join(f'"{k}": {value_source(v)}' for k, v in sorted(scenario.params.items())) + "}",
        wanted=scenario.differentiable,
        differentiate=gathered.add(comparator.differentiate),
        fn=fn,
        exactly=gathered.need(adapter, "exactly"),
        jax=gathered.need(adapter, "jax"),
        jnp=gathered.need(adapter, "jnp"),
        options=gathered.need(compiled, "_AS_EAGER"),
    )


def _main(found: Discrepancy) -> str:
    scenario = found.example.scenario
    names = names_of(scenario)
    lines = [f"    {line}" for line in scenario_source(scenario)]
    lines += [] if scenario.valid else ["    y_bar = None"]
    lines.append(f"    args = ({', '.join(names)},)")
    kind = _CHECKS.get(found.verdict, _entry) if scenario.valid else _raises
    check = kind(found.example)
    return "\n".join(
        ["def main():", '    """Whether it still shows: 1, or 0."""', *lines, check, "", 'if __name__ == "__main__":',
         "    sys.exit(main())", ""]
    )  # fmt: skip


def _entry(example: Example) -> str:
    """The entry against its budget; an example without an entry is shown by its shapes."""
    if example.expected is None or not example.path:
        return _structure(example)
    part = "y" if example.path == "y" else f"x_bars[{example.path.partition('[')[2].rstrip(']') or 0}]"
    index = f"[{', '.join(map(str, example.index))}]" if example.index else "[()]"
    return ENTRY.format(
        part=part,
        index=index,
        where=example.path + (index if example.index else ""),
        expected=float_source(example.expected),
        budget=float_source(0.0 if example.budget is None else example.budget),
    )


def _raises(example: Example) -> str:
    valid = example.scenario.valid
    return RAISES.format(raised=int(valid), returned=int(not valid))


def _structure(example: Example) -> str:
    like = "".join(f"args[{i}], " for i in example.scenario.differentiable)
    return STRUCTURE.format(like=like)


_CHECKS: Mapping[Verdict, Callable[[Example], str]] = {
    Verdict.RAISES: _raises,
    Verdict.STRUCTURE: _structure,
    Verdict.IMPURE: lambda example: IMPURE,
}
