"""The code of a folder imported beside that of another folder, in one process and under the same module names.

What lies in the folder is imported from it and kept out of ``sys.modules`` afterwards, so that any number of
revisions of a package live side by side. All revisions that are compared are loaded so, the present one too: they
differ in nothing but their code. An import inside a function finds the modules of its own revision as well, since
every module is given an ``__import__`` of its own; ``importlib.import_module`` called by name does not.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType
from typing import Any

from gradassay.errors import UsageError


class Revision(MetaPathFinder):
    """The top-level modules and packages of ``folder``, imported from there and nowhere else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.names = frozenset(_top_level(self.folder))
        self._modules: dict[str, ModuleType] = {}
        self._found: dict[tuple[str, str, tuple[str, ...], int], ModuleType] = {}
        self._within = False
        self._builtins = {**vars(builtins), "__import__": self._import}

    def load(self, name: str) -> ModuleType:
        """The module ``name`` of this revision; UsageError where its import fails or leads elsewhere."""
        try:
            with self._ours():
                module = importlib.import_module(name)
        except (Exception, SystemExit) as error:
            raise UsageError(
                f"{name} of {self.folder} cannot be imported here: {type(error).__name__}: {error}"
            ) from error
        for found in (module, *self._modules.values()):
            file = getattr(found, "__file__", None)
            if file is not None and not Path(file).resolve().is_relative_to(self.folder):
                raise UsageError(f"{found.__name__} came from {file}, and not from {self.folder}")
        return module

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the folder's own modules, before the finders of editable installs are asked."""
        if name.partition(".")[0] not in self.names:
            return None
        spec = PathFinder.find_spec(name, path or [str(self.folder)], target)
        if spec is None:
            raise ModuleNotFoundError(f"there is no {name} in {self.folder}", name=name)
        if isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path, self._builtins)
        return spec

    @contextmanager
    def _ours(self) -> Iterator[None]:
        """``sys.modules`` with our modules in place of others of those names."""
        if self._within:
            yield
            return
        others = _take(self.names)
        sys.modules.update(self._modules)
        sys.meta_path.insert(0, self)
        self._within = True
        try:
            yield
        finally:
            self._within = False
            sys.meta_path.remove(self)
            self._modules = _take(self.names)
            sys.modules.update(others)

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - as __import__ calls them
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        package = (globals or {}).get("__package__") or "" if level else ""
        key = name, package, tuple(fromlist or ()), level
        if key in self._found:
            return self._found[key]
        top = resolve_name("." * level + name, package).partition(".")[0]
        if top not in self.names:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        with self._ours():
            found = builtins.__import__(name, globals, locals, fromlist or (), level)
        if not self._within:  # while modules are being imported, one of them may yet be half made
            self._found[key] = found
        return found


class _Loader(SourceFileLoader):
    """Runs a module with other builtins; functions keep those of the module that they are made in."""

    def __init__(self, name: str, path: str, its_builtins: dict[str, Any]) -> None:
        super().__init__(name, path)
        self._builtins = its_builtins

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = self._builtins
        super().exec_module(module)


def _top_level(folder: Path) -> Iterator[str]:
    """Names that an import would find in ``folder``: modules, and folders with modules in them."""
    for entry in folder.iterdir():
        name = entry.name.partition(".")[0]
        if name.isidentifier() and (entry.suffix in (".py", ".so", ".pyd") or any(entry.glob("*.py"))):
            yield name


def _take(names: frozenset[str]) -> dict[str, ModuleType]:
    """Take the modules and submodules of ``names`` out of ``sys.modules``."""
    found = [name for name in sys.modules if name.partition(".")[0] in names]
    return {name: sys.modules.pop(name) for name in found}
