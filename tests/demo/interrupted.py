# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is interrupted in its middle, as with Ctrl-C, and what becomes of its leases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.demo.playbook import connection_of

PATH = "prod/azure/app"
NUMBER = 3
_LOOKUP = f"lookup('community.workload_credentials.dynamic_credentials', '{PATH}', reuse='never') | length"
_PLAY = {
    "name": "Work with credentials that were made for it",
    "hosts": "localhost",
    "connection": "local",
    "gather_facts": False,
    "tasks": [
        {"name": "Credentials", "ansible.builtin.debug": {"msg": f"{{{{ {_LOOKUP} }}}}"}, "loop": list(range(NUMBER))},
        {"name": "Work that takes long", "ansible.builtin.command": "sleep 600", "changed_when": False},
    ],
}
# Seconds in which a run of one task should have come so far.
_PATIENCE = 120


@dataclass(frozen=True)
class Interrupted:
    """What became of the run's leases.

    :arg minted: how many there were.
    :arg left: how many live on.
    :arg table: what the callback plugin showed.
    """

    minted: int
    left: int
    table: str


def interrupt_a_run(service: Any, folder: Path) -> Interrupted:
    """Start a run, press Ctrl-C once it has its leases, and look."""
    book = folder / "interrupted.yml"
    book.write_text(yaml.safe_dump([_PLAY], sort_keys=False), encoding="utf-8")
    before = _leases(service)
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("ansible-playbook")), str(book)],
        env={**connection_of(service), "ANSIBLE_CALLBACKS_ENABLED": "community.workload_credentials.leases"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + _PATIENCE
    while _leases(service)["minted"] < before["minted"] + NUMBER and process.poll() is None:
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    output = _interrupted(process)
    book.unlink()
    after = _leases(service)
    table = output.partition("LEASES OF THIS RUN")
    return Interrupted(after["minted"] - before["minted"], after["active"] - before["active"], "".join(table[1:]))


def _interrupted(process: subprocess.Popen[str]) -> str:
    """All that the run has said; Ctrl-C is pressed again where ansible-core itself waits for ever after the first."""
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=_PATIENCE)[0]
    raise AssertionError("who is killed ends")


def show_interrupted(run: Interrupted) -> None:
    """What happened."""
    print(f"\nA third run, interrupted with Ctrl-C in its middle: {run.minted} leases minted, {run.left} left")
    print("".join(f"  {line}\n" for line in run.table.rstrip().splitlines()), end="")


def _leases(service: Any) -> dict[str, int]:
    found: dict[str, int] = service.control.leases()["by_path"].get(PATH, {"minted": 0, "active": 0})
    return found
