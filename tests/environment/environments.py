# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Isolated environments: built once from a lock file and kept in the cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.environment.cache import cache_folder
from tests.environment.collection_tree import CHECKOUT, EMULATOR, collection_tree, fetched_collections
from tests.environment.flavours import Flavour
from tests.environment.installer import virtual_environment
from tests.environment.interpreters import Interpreter
from tests.environment.variables import for_command


@dataclass(frozen=True)
class Environment:
    """A flavour's programs, and the folder that holds ``ansible_collections``: this one, and those it works with."""

    flavour: Flavour
    interpreter: Interpreter
    bin: Path
    collections: Path

    @property
    def python(self) -> Path:
        """The environment's Python."""
        return self.bin / "python"

    def __str__(self) -> str:
        return f"ansible-core {self.flavour.core}, Python {self.interpreter.version}"

    def variables(self, *, keep: tuple[str, ...] = ()) -> dict[str, str]:
        """Return the variables for a command in here.

        :arg keep: variables of the person's own that it shall see all the same.
        """
        home = cache_folder("ansible-home", str(self.bin))
        return for_command(
            self.bin,
            {
                "PYTHONPATH": [self.collections, CHECKOUT, EMULATOR],
                "ANSIBLE_COLLECTIONS_PATH": [self.collections],
                "ANSIBLE_HOME": [home],
                "ANSIBLE_REMOTE_TMP": [home / "tmp"],
            },
            keep,
        )


def environment(flavour: Flavour, interpreter: Interpreter) -> Environment:
    """Return the flavour's environment, built with this interpreter if this is its first use.

    :raises MissingPrerequisiteError: a package cannot be had.
    """
    what = f"{flavour.name} (ansible-core {flavour.core}, Python {interpreter.version})"
    folder = virtual_environment(f"venv-{flavour.name}", flavour.lock, interpreter, what=what)
    tree = collection_tree(fetched_collections(folder / "bin" / "python"))
    return Environment(flavour, interpreter, folder / "bin", tree)
