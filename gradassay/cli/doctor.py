"""``gradassay doctor``: what is installed, what is missing and how to get it. No framework is imported."""

from __future__ import annotations

import click

from gradassay.cli.output import say, style

#: What Gradassay itself needs; without one of them nothing works.
NEEDED = ("numpy", "ml_dtypes", "hypothesis", "python-flint", "rich", "click", "tomlkit")


@click.command("doctor", short_help="What is installed, what is missing and how to get it.")
def doctor_command() -> int:
    """Tell versions, platform and processor, and for every implementation whether it can take part."""
    from gradassay.environment import environment, installed

    facts = environment()
    lines = [_line("ok", "gradassay", installed("gradassay") or "from its source, not installed")]
    lines += [
        _line("ok", name, str(facts[name])) for name in ("python", "platform", "cpu", "cores", "commit")
    ]
    lines += ["", "needed"]
    absent = [name for name in NEEDED if installed(name) is None]
    for name in NEEDED:
        lines.append(
            _line("missing" if name in absent else "ok", name, installed(name) or f"pip install {name}")
        )
    lines += ["", "implementations"]
    if absent:
        lines.append("cannot be looked at before what is needed is there")
        say("\n".join(lines))
        return 1
    from comparators import registry

    for name in registry.names(order=2):
        remedy = registry.missing(name, order=2)
        version = facts.get(name.partition(".")[0]) or "installed"
        only = " with --order 2" * (name in registry.FORWARD)
        lines.append(_line("ok" if remedy is None else "missing", name, remedy or f"{version}{only}"))
    say("\n".join(lines))
    return 0


def _line(state: str, name: str, text: str) -> str:
    mark = style("✓", fg="green") if state == "ok" else style("✗", fg="yellow")
    return f"{mark} {name:20}{text}"
