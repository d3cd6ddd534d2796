"""The links of a chain: what a rule's signature says about its arguments, and that of all rules together."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradassay.vocabulary import Rule

Parameter = inspect.Parameter

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class Link:
    """A rule, and what its signature says about the arguments it takes."""

    rule: Rule
    name: str
    arguments: tuple[str, ...]
    """Its arrays: the positional parameters without a default."""
    keywords: tuple[Parameter, ...]
    """Its parameters: whatever else can be given by name."""
    anything: bool
    """Whether it takes any keyword."""

    @classmethod
    def of(cls, rule: Any) -> Link:
        """Read the signature; TypeError where it does not say how many arrays there are."""
        name: str = getattr(getattr(rule, "func", rule), "__name__", repr(rule))
        if not callable(rule):
            raise TypeError(f"chain takes rules, functions that return (primal, pullback); this is {rule!r}")
        try:
            parameters = tuple(inspect.signature(rule).parameters.values())
        except (TypeError, ValueError):
            raise TypeError(
                f"chain counts arguments by signature, and {name} shows none; wrap it in a def"
            ) from None
        if any(p.kind is Parameter.VAR_POSITIONAL for p in parameters):
            raise TypeError(
                f"chain cannot count the arguments of {name}, which takes *args; name them in a def"
            )
        arrays = [p for p in parameters if p.kind in _POSITIONAL and p.default is Parameter.empty]
        if not arrays:
            raise TypeError(f"{name} takes no array, so nothing can be chained into it")
        named = (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
        keywords = tuple(p for p in parameters if p.kind in named and p not in arrays)
        anything = any(p.kind is Parameter.VAR_KEYWORD for p in parameters)
        return cls(rule, name, tuple(p.name for p in arrays), keywords, anything)

    def __call__(self, args: tuple[Any, ...], params: dict[str, Any]) -> tuple[Any, Callable[[Any], Any]]:
        """The rule's own answer on its arrays and those parameters that it takes."""
        known = {p.name for p in self.keywords}
        returned = self.rule(*args, **{k: v for k, v in params.items() if self.anything or k in known})
        if not (isinstance(returned, tuple) and len(returned) == 2 and callable(returned[1])):
            raise TypeError(
                f"{self.name} is no rule: it returned {type(returned).__name__}, not (primal, pullback)"
            )
        return returned

    def spread(self, bars: Any) -> tuple[Any, ...]:
        """What its pullback returned as one entry for each array; one alone is the first array's."""
        parts = bars if isinstance(bars, tuple) else (bars, *[None] * (len(self.arguments) - 1))
        if len(parts) != len(self.arguments):
            raise TypeError(
                f"the pullback of {self.name} returned {len(parts)} cotangents for {len(self.arguments)} arguments "
                f"({', '.join(self.arguments)}); return one for each, None for data"
            )
        return parts


def signature_of(links: list[Link]) -> inspect.Signature:
    """The arrays in order, a repeated name with a number; then every keyword, as the first rule that has it."""
    names: list[str] = []
    for name in (*links[0].arguments[:1], *(name for link in links for name in link.arguments[1:])):
        count = sum(other.rpartition("_")[0] == name or other == name for other in names)
        names.append(f"{name}_{count + 1}" if name in names else name)
    keywords = {p.name: p.replace(kind=Parameter.KEYWORD_ONLY) for link in links[::-1] for p in link.keywords}
    anything = [Parameter("params", Parameter.VAR_KEYWORD)] if any(link.anything for link in links) else []
    arrays = [Parameter(name, Parameter.POSITIONAL_ONLY) for name in names]
    return inspect.Signature([*arrays, *keywords.values(), *anything])


def check_call(
    name: str, signature: inspect.Signature, args: tuple[Any, ...], params: dict[str, Any]
) -> None:
    """TypeError for the wrong number of arrays, and for a keyword that no rule takes."""
    kinds = [p.kind for p in signature.parameters.values()]
    arrays = [p.name for p in signature.parameters.values() if p.kind is Parameter.POSITIONAL_ONLY]
    if len(args) != len(arrays):
        count = f"{len(arrays)} array{'s' * (len(arrays) != 1)}"
        raise TypeError(f"{name} takes {count} ({', '.join(arrays)}), and was given {len(args)}")
    known = [p.name for p in signature.parameters.values() if p.kind is Parameter.KEYWORD_ONLY]
    for keyword in params:
        if keyword not in known and Parameter.VAR_KEYWORD not in kinds:
            raise TypeError(
                f"no rule of {name} takes a parameter {keyword!r}; they take {', '.join(known) or 'none'}"
            )
