# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands whose output a person follows while it is kept for the summary."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.environment.side_by_side import say


@dataclass(frozen=True)
class Finished:
    """A command's exit status and all that it printed."""

    status: int
    lines: list[str]

    @property
    def last_line(self) -> str:
        """The last line with something in it."""
        return next((line.strip() for line in reversed(self.lines) if line.strip()), "")


def followed(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Finished:
    """Run the command to its end and pass its output on as it comes."""
    lines = []
    with subprocess.Popen(
        list(command),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            say.get()(line)
            lines.append(line)
    return Finished(process.returncode, lines)
