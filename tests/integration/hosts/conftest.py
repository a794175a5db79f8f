# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for files on hosts: a site with definitions, and a folder that stands for the host."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.definitions import populate
from tests.support.plays import Outcome, Plays
from tests.support.site import Site

MODULE = "community.workload_credentials.credentials_file"


@dataclass(frozen=True)
class Host:
    """This machine as a host, with one folder for its files."""

    plays: Plays
    folder: Path
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The file that tasks write unless they name another."""
        return self.folder / "credentials"

    @property
    def note(self) -> Path:
        """Its note."""
        return self.folder / ".credentials.workload-credentials"

    @property
    def noted(self) -> dict[str, Any]:
        """What the note says."""
        found: dict[str, Any] = json.loads(self.note.read_text(encoding="utf-8"))
        return found

    def task(self, **options: Any) -> dict[str, Any]:
        """A task that writes the file; None leaves an option out."""
        given = {"path": str(self.file), "dynamic_secret": "prod/azure", "format": "dotenv", **options}
        return {MODULE: {name: value for name, value in given.items() if value is not None}, **self.more}

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None, **options: Any) -> Outcome:
        """Run such a task."""
        return self.tasks([self.task(**options)], *arguments, environment=environment)

    def tasks(
        self, tasks: Sequence[Mapping[str, Any]], *arguments: str, environment: Mapping[str, str] | None = None
    ) -> Outcome:
        """Run some tasks."""
        return self.plays.tasks(tasks, arguments=arguments, environment=environment)


@pytest.fixture
def host(site: Site, plays: Plays, tmp_path: Path) -> Host:
    """A host without files, and a site with definitions."""
    populate(site)
    folder = tmp_path / "host"
    folder.mkdir()
    return Host(plays, folder)
