# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file on a host: written, left alone, renewed after its lease is gone, and the former lease revoked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.demo.playbook import HOST_FILE, Run, run_playbook

# More than a lease of the demo lives.
_LATER = 2 * 3600
_TITLES = ("First run", "Second run", "After its lease is gone", "The next run")
_CHANGED = (1, 0, 1, 0)


def write_a_file(service: Any, cluster: Any, folder: Path) -> list[Run]:
    """Run the playbook four times; the service's clock moves before the third."""
    runs: list[Run] = []
    for number in range(len(_TITLES)):
        if number == 2:
            service.control.advance(_LATER)
        runs.append(run_playbook(service, cluster, folder, HOST_FILE))
    return runs


def show_a_file(runs: list[Run]) -> None:
    """What each run did, and why."""
    print("\nA file on a host (playbooks/credentials_file.yml)")
    for title, run in zip(_TITLES, runs, strict=True):
        reason, *ended = run.said or ["failed"]
        revoked = f", former lease {ended[0]} revoked" if ended and ended[0] else ""
        print(f"  {title}: {reason}{revoked}")


def is_as_expected(runs: list[Run]) -> bool:
    """Whether the file changed when it should, and the last run revoked the former lease."""
    last = runs[-1].said
    return [run.changed for run in runs] == list(_CHANGED) and len(last) == 2 and bool(last[1])
