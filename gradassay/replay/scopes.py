"""Which names of a statement are its module's: Python's scopes, as far as a bundle of functions needs them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_Scope = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


def global_names(statement: ast.stmt) -> list[ast.Name]:
    """Every name in a top-level statement that means the module's, or a builtin."""
    return list(_globals(statement, frozenset()))


def written_names(statement: ast.stmt) -> set[str]:
    """The names that a top-level statement binds, or whose value it changes (``TABLE["x"] = 1``, ``table.add(x)``)."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    names = {node.id for node in _own(statement) if isinstance(node, ast.Name) and _stored(node)}
    for node in _own(statement):
        if isinstance(node, ast.Subscript | ast.Attribute) and _stored(node):
            names |= _base(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            names |= _base(node.value.func) if isinstance(node.value.func, ast.Attribute) else set()
        elif (
            isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
            and node is not statement
        ):
            names |= written_names(node)
    return names


def without_annotations(statement: ast.stmt, dropped: set[str]) -> ast.stmt:
    """The statement without annotations of functions and variables, and without the decorators named.

    Fields of a class keep theirs, of which a dataclass is made; nobody evaluates them.
    """
    stripped = _Stripper(dropped).visit(copy.deepcopy(statement))
    assert isinstance(stripped, ast.stmt)
    return ast.fix_missing_locations(stripped)


class _Stripper(ast.NodeTransformer):
    def __init__(self, dropped: set[str]) -> None:
        self.dropped = dropped
        self.in_class = False

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        before, self.in_class = self.in_class, True
        self.generic_visit(node)
        self.in_class = before
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        before, self.in_class = self.in_class, False
        node.returns = None
        node.decorator_list = [d for d in node.decorator_list if not _base(d) & self.dropped]
        self.generic_visit(node)
        self.in_class = before
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        if self.in_class:
            return node
        if node.value is None:
            return ast.Pass()
        return ast.Assign(targets=[node.target], value=node.value)


def _globals(node: ast.AST, local: frozenset[str]) -> Iterator[ast.Name]:
    if isinstance(node, ast.Name):
        if node.id not in local:
            yield node
    elif isinstance(node, ast.AnnAssign):
        yield from _each((node.target, node.value), local)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        outer = [*getattr(node, "decorator_list", ()), *node.args.defaults, *node.args.kw_defaults]
        yield from _each(outer, local)
        body = node.body if isinstance(node.body, list) else [node.body]
        yield from _each(body, (local | _arguments(node.args) | _bound(body)) - _declared(body))
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        yield from _globals(node.generators[0].iter, local)
        inside = local | _bound([generator.target for generator in node.generators])
        for i, generator in enumerate(node.generators):
            yield from _each((generator.iter if i else None, generator.target, *generator.ifs), inside)
        parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        yield from _each(parts, inside)
    elif isinstance(node, ast.ClassDef):
        # Methods do not see the names of the class; its own body does.
        yield from _each((*node.decorator_list, *node.bases, *(k.value for k in node.keywords)), local)
        own = _bound(node.body)
        for part in node.body:
            yield from _globals(part, local if isinstance(part, ast.FunctionDef) else local | own)
    else:
        yield from _each(ast.iter_child_nodes(node), local)


def _each(nodes: object, local: frozenset[str]) -> Iterator[ast.Name]:
    for node in nodes:  # type: ignore[attr-defined]
        if node is not None:
            yield from _globals(node, local)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the scopes inside of it."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*_Scope, ast.ClassDef)):
            yield child
        else:
            yield from _own(child)


def _bound(body: list[ast.stmt] | list[ast.expr]) -> frozenset[str]:
    """The names that these statements bind in their own scope."""
    names: set[str] = set()
    for node in (node for part in body for node in _own(part)):
        if isinstance(node, ast.Name) and _stored(node):
            names.add(node.id)
        elif isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
        ):
            names |= written_names(node)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
    return frozenset(names)


def _declared(body: list[ast.stmt] | list[ast.expr]) -> frozenset[str]:
    """The names declared ``global``."""
    return frozenset(
        name for part in body for node in _own(part) if isinstance(node, ast.Global) for name in node.names
    )


def _arguments(args: ast.arguments) -> frozenset[str]:
    everything = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return frozenset(arg.arg for arg in everything if arg is not None)


def _stored(node: ast.Name | ast.Subscript | ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store | ast.Del)


def _base(node: ast.AST) -> set[str]:
    """The name that an expression of attributes, subscripts and calls begins with."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()
