# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long steps: their output goes to a file, and a line now and then tells that they go on."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.environment.problem import MissingPrerequisiteError

_SECONDS_BETWEEN_LINES = 15
_LAST_LINES = 15


def report(message: str) -> None:
    """Tell the person who waits, without disturbing what is printed."""
    print(message, file=sys.stderr, flush=True)


def run_long(command: Sequence[str], what: str, *, log: Path, environment: Mapping[str, str]) -> None:
    """Run the command to its end; where it fails, the end of its output is the message.

    :arg what: the step as a phrase, such as ``installing the packages``.
    """
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(environment)
        )
        try:
            while process.poll() is None:
                report(f"{what}, {time.monotonic() - started:.0f} s")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=_SECONDS_BETWEEN_LINES)
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0:
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        raise MissingPrerequisiteError("\n".join([f"{what} failed:", *last]))
