"""The source of a function with everything of its project that it uses, flat, as one text without the project.

Names are followed from the function through the top level of the modules that define them. What comes from another
distribution stays imported. Annotations are left out: nothing else would use what they name.
"""

from __future__ import annotations

import ast
import builtins
import copy
import importlib
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from gradassay.errors import UsageError
from gradassay.replay.scopes import global_names, without_annotations, written_names

#: Packages whose source is gathered whoever uses it: none of them is on the machine that the script is for.
OURS = ("comparators", "gradassay", "property_tests", "reference_impls", "reports")

#: Decorators that serve the report alone, and not what is computed.
DROPPED = {"exposing", "limited"}

#: Names that mean something else in each module.
_OF_A_MODULE = {"__name__", "__file__", "__doc__", "__builtins__"}


@dataclass
class Gathered:
    """Imports and definitions in an order in which they run; grows with every function asked for."""

    reserved: set[str] = field(default_factory=set)
    """Names that nothing gathered may have."""
    roots: set[str] = field(default_factory=lambda: set(OURS))
    imports: dict[str, str] = field(default_factory=lambda: {"np": "import numpy as np", "sys": "import sys"})
    """Name -> the statement that imports it."""
    definitions: list[str] = field(default_factory=list)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    """(module, name) -> the name here."""
    _done: set[int] = field(default_factory=set)
    """Statements that stand in the text already; modules keep them, so that their ids are theirs alone."""

    def add(self, function: Any) -> str:
        """Gather a function, or anything else that a module binds; the name that it has in the text.

        Raises UsageError where it cannot be gathered: a lambda or a closure that no module binds, source that is not
        there, names that only exist at run time.
        """
        module, name = located(function)
        self.roots.add(module.partition(".")[0])
        return self.need(module, name)

    def need(self, module: str, name: str) -> str:
        """Gather what ``module`` calls ``name``; the name that it has in the text."""
        return self._need(module, name, f"{module}.{name}")

    def source(self) -> str:
        """Everything gathered."""
        return "\n".join([*sorted(set(self.imports.values())), "", "", *self.definitions])

    def _need(self, module: str, name: str, by: str) -> str:
        if (module, name) in self._names:
            return self._names[module, name]
        statements = _top_level(module).get(name)
        if statements is None:
            raise UsageError(f"{by} cannot be bundled: {module} has no {name!r} at its top level")
        if isinstance(statements[0], ast.Import | ast.ImportFrom):
            here = self._imported(statements[0], module, name, by)
        else:
            here = self._names[module, name] = self._free_name(name)
            for statement in statements:
                self._define(statement, module)
        self._names[module, name] = here
        return here

    def member(self, module: str, name: str, attribute: str, by: str) -> str | None:
        """The name here of ``name.attribute``, where ``name`` is a module of the project's; None where it is not."""
        first = _top_level(module).get(name, [None])[0]
        if not isinstance(first, ast.Import | ast.ImportFrom):
            return None
        origin = _module_of(first, name, module)
        ours = origin is not None and origin.partition(".")[0] in self.roots
        return self._need(origin, attribute, by) if ours and origin is not None else None

    def _define(self, statement: ast.stmt, module: str) -> None:
        if id(statement) in self._done:
            return
        self._done.add(id(statement))
        own = f"{module}.{getattr(statement, 'name', '')}".rstrip(".")
        members = _Members(self, module, own)
        statement = members.visit(copy.deepcopy(statement))
        for node in global_names(statement):
            if any(node is placed for placed in members.placed):
                continue
            if node.id in _top_level(module):
                node.id = self._need(module, node.id, own)
            elif node.id in _OF_A_MODULE or not hasattr(builtins, node.id):
                raise UsageError(
                    f"{own} cannot be bundled: it uses {node.id!r}, which {module} does not define"
                )
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            statement.name = self._names[module, statement.name]
        self.definitions.append(ast.unparse(statement) + "\n\n")

    def _imported(self, statement: ast.Import | ast.ImportFrom, module: str, name: str, by: str) -> str:
        alias = _alias(statement, name)
        whole = _module_of(statement, name, module)
        if whole is not None and whole.partition(".")[0] in self.roots:
            raise UsageError(f"{by} cannot be bundled: it uses the module {whole} as a whole")
        if isinstance(statement, ast.ImportFrom):
            origin = _absolute(statement, module)
            if origin.partition(".")[0] in self.roots:
                return self._need(origin, alias.name, by)
            text, bound = f"from {origin} import {alias.name}", alias.name
        else:
            bound = alias.name.partition(".")[0]
            text = f"import {alias.name if alias.asname else bound}"
        known = (here for here, statement in self.imports.items() if statement.split(" as ")[0] == text)
        here = next(known, None) or self._free_name(name)
        self.imports[here] = text if here == bound else f"{text} as {here}"
        return here

    def _free_name(self, name: str) -> str:
        taken = {*self._names.values(), *self.imports, *self.reserved}
        return next(n for n in (name, *(f"{name}_{i}" for i in range(2, 1000))) if n not in taken)


class _Members(ast.NodeTransformer):
    """``module.name`` becomes the name here, where the module is one of the project's."""

    def __init__(self, gathered: Gathered, module: str, by: str) -> None:
        self.gathered, self.module, self.by = gathered, module, by
        self.placed: list[ast.Name] = []
        """Names that are the text's already."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name):
            here = self.gathered.member(self.module, node.value.id, node.attr, self.by)
            if here is not None:
                self.placed.append(ast.Name(id=here, ctx=node.ctx))
                return self.placed[-1]
        return node


def located(function: Any) -> tuple[str, str]:
    """The module and the name at its top level under which ``function`` can be found."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if module in sys.modules and getattr(sys.modules[module], name, None) is function:
        return module, name
    for loaded in [sys.modules.get(str(module)), *_candidates(str(module))]:
        for name, value in vars(loaded).items() if loaded else ():
            if value is function and loaded is not None and name in _top_level(loaded.__name__):
                return loaded.__name__, name
    shown = getattr(function, "__qualname__", None) or repr(function)
    kind = (
        "a lambda"
        if "<lambda>" in shown
        else "made inside another function"
        if "<locals>" in shown
        else "no function"
    )
    raise UsageError(
        f"{shown} cannot be bundled: it is {kind}, and no module binds it to a name at its top level"
    )


def _candidates(module: str) -> Iterator[ModuleType]:
    roots = {module.partition(".")[0], *OURS}
    for name, loaded in sorted(sys.modules.items()):
        if name.partition(".")[0] in roots and isinstance(loaded, ModuleType):
            yield loaded


#: module -> name -> the statements at its top level that bind or change it.
_MODULES: dict[str, dict[str, list[ast.stmt]]] = {}


def _top_level(module: str) -> dict[str, list[ast.stmt]]:
    if module not in _MODULES:
        _MODULES[module] = _parsed(module)
    return _MODULES[module]


def _parsed(module: str) -> dict[str, list[ast.stmt]]:
    try:
        tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    except (OSError, TypeError, SyntaxError) as error:
        raise UsageError(f"the source of {module} cannot be read: {error}") from error
    bound: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for part in _for_type_checkers(statement):
            names, plain = written_names(part), without_annotations(part, DROPPED)
            for name in names:
                bound.setdefault(name, []).append(plain)
    return bound


def _for_type_checkers(statement: ast.stmt) -> list[ast.stmt]:
    """The branch that type checkers see, which imports by name what the other one imports at its first use."""
    if isinstance(statement, ast.If) and ast.unparse(statement.test).endswith("TYPE_CHECKING"):
        return statement.body
    return [statement]


def _alias(statement: ast.Import | ast.ImportFrom, name: str) -> ast.alias:
    return next(a for a in statement.names if (a.asname or a.name.partition(".")[0]) == name)


def _module_of(statement: ast.Import | ast.ImportFrom, name: str, module: str) -> str | None:
    """The module that an import binds ``name`` to; None where it binds what a module holds."""
    alias = _alias(statement, name)
    if isinstance(statement, ast.Import):
        return alias.name if alias.asname else alias.name.partition(".")[0]
    full = f"{_absolute(statement, module)}.{alias.name}"
    return full if isinstance(sys.modules.get(full), ModuleType) else None


def _absolute(statement: ast.ImportFrom, module: str) -> str:
    if not statement.level:
        return statement.module or ""
    package = importlib.import_module(module).__package__ or ""
    base = package.rsplit(".", statement.level - 1)[0] if statement.level > 1 else package
    return f"{base}.{statement.module}" if statement.module else base
