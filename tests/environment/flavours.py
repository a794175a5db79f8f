# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ends of what the collection supports: an ansible-core, its lock file and the Pythons for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.environment.interpreters import Interpreter, find_interpreter
from tests.environment.problem import MissingPrerequisiteError

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"


@dataclass(frozen=True)
class Flavour:
    """A lock file and the Pythons it is for, the best first."""

    name: str
    pythons: tuple[str, ...]

    @property
    def lock(self) -> Path:
        """Every package with its exact version."""
        return REQUIREMENTS / f"{self.name}.txt"

    @property
    def core(self) -> str:
        """The version of ansible-core in the lock file."""
        lines = self.lock.read_text(encoding="utf-8").splitlines()
        return next(line.split()[0].partition("==")[2] for line in lines if line.startswith("ansible-core=="))

    def need(self) -> str:
        """What must be installed for it."""
        pythons = " or ".join(self.pythons)
        return f"ansible-core {self.core} needs Python {pythons} with venv and ensurepip, on PATH or from pyenv or uv."


# The best first: what needs one environment only, such as the demo, takes the first that this machine can have.
NEWEST = Flavour("newest", ("3.13", "3.14", "3.12"))
OLDEST = Flavour("core-2.16", ("3.11", "3.12"))
FLAVOURS = (NEWEST, OLDEST)


def available() -> dict[Flavour, Interpreter]:
    """Return the flavours that this machine has a Python for, the best first.

    :raises MissingPrerequisiteError: there is none.
    """
    found = {flavour: python for flavour in FLAVOURS if (python := find_interpreter(flavour.pythons))}
    if not found:
        raise MissingPrerequisiteError("No Python was found. " + " ".join(flavour.need() for flavour in FLAVOURS))
    return found
