"""One virtual environment for all tox environments, so that PyTorch and TensorFlow are installed once.

tox rebuilds an environment whose folder was made under another name. Ours differ in their commands alone, so
the runner ``shared`` keeps the name out of what tox remembers; a change of dependencies still rebuilds it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from tox.plugin import impl
from tox.tox_env.info import Info
from tox.tox_env.python.virtual_env.runner import VirtualEnvRunner
from tox.tox_env.register import ToxEnvRegister


class _NamelessInfo(Info):
    @contextmanager
    def compare(
        self, value: Any, section: str, sub_section: str | None = None
    ) -> Generator[tuple[bool, Any | None], None, None]:
        if section == "ToxEnv":
            value = {**value, "name": "shared"}
        with super().compare(value, section, sub_section) as outcome:
            yield outcome


class Shared(VirtualEnvRunner):
    """A virtual environment that several tox environments use."""

    @staticmethod
    def id() -> str:
        """Give the name under which ``tox.ini`` asks for this runner."""
        return "shared"

    @property
    def cache(self) -> Info:
        """What tox remembers about the folder, without the name of the environment."""
        return _NamelessInfo(self.env_dir)


@impl
def tox_register_tox_env(register: ToxEnvRegister) -> None:
    """Make the runner known to tox."""
    register.add_run_env(Shared)
