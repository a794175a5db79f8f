# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that a signal ends at a random moment, seeded: ``ROUNDS=20`` in the environment makes as many of each kind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.plays import ANSIBLE_PLAYBOOK, Plays
from tests.support.site import Site

ROUNDS = range(int(os.environ.get("ROUNDS", "1")))
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]
CALLBACK = {"ANSIBLE_CALLBACKS_ENABLED": "community.workload_credentials.leases"}
# ansible-core itself hangs at Ctrl-C now and then, in its own clean-up; a second one gets it out of that.
_PATIENCE = 25


@dataclass(frozen=True)
class Killed:
    """A run that a signal has ended.

    :arg status: its exit status; None: it hung in ansible-core's own clean-up, and was interrupted once more.
    """

    status: int
    output: str
    hung: bool


def start(
    plays: Plays,
    play: Mapping[str, Any],
    environment: Mapping[str, str | None],
    inventory: Mapping[str, Any] | None = None,
    arguments: Sequence[str] = (),
) -> subprocess.Popen[str]:
    """A run in a process group of its own, as at a terminal; its output goes to a file, which nobody has to read."""
    (plays.folder / "playbook.yml").write_text(yaml.safe_dump([dict(play)], sort_keys=False), encoding="utf-8")
    hosts = {"all": {"hosts": inventory or {"host0": plays.host()}}}
    (plays.folder / "inventory.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    with output_of(plays).open("w", encoding="utf-8") as output:
        return subprocess.Popen(
            [str(ANSIBLE_PLAYBOOK), "-i", "inventory.yml", "playbook.yml", *arguments],
            cwd=plays.folder,
            env=plays.variables(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def output_of(plays: Plays) -> Path:
    """The file with the output of a run that was started."""
    return plays.folder / "output"


def kill_at_random(
    plays: Plays, site: Site, process: subprocess.Popen[str], number: signal.Signals, requests: int, seed: str
) -> Killed:
    """Send the signal some time after one of the run's requests, unless the run ends before, and wait for the end.

    SIGINT goes to the whole process group, as a terminal sends it; the others to Ansible itself.

    :arg requests: how many a run sends that nobody interrupts.
    """
    chance = random.Random(seed)
    after, pause = chance.randrange(requests), chance.random() * 0.03
    before = len(site.journal())
    while process.poll() is None and len(site.journal()) - before <= after:
        pass
    moment = time.monotonic() + pause
    while time.monotonic() < moment:
        pass
    if process.poll() is None:
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    return ended(plays, process)


def ended(plays: Plays, process: subprocess.Popen[str]) -> Killed:
    """Wait for the end of a run that was told to end."""
    hung = False
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        hung = True
        os.kill(process.pid, signal.SIGINT)
        process.wait(60)
    return Killed(process.returncode, output_of(plays).read_text(encoding="utf-8"), hung)


def living(site: Site, kind: str | None = None) -> set[str]:
    """The IDs of the site's living leases, of one provider or of all."""
    return {one["id"] for one in site.leases() if one["state"] == "active" and kind in (None, one["type"])}


def notes_of(plays: Plays) -> list[Path]:
    """The notes that runs have left in their temporary folders."""
    return sorted((plays.folder / "ansible" / "tmp").glob("ansible-local-*/workload-credentials/minted/*"))


def kill(plays: Plays, process: subprocess.Popen[str]) -> None:
    """Kill a run with its workers, to which newer ansible-cores give sessions of their own: they would go on."""
    os.killpg(process.pid, signal.SIGKILL)
    for one in Path("/proc").glob("[0-9]*"):
        # Others end while they are looked at.
        with suppress(OSError):
            is_here = (one / "cwd").resolve() == plays.folder.resolve()
            if is_here and b"ansible-playbook" in (one / "cmdline").read_bytes():
                os.kill(int(one.name), signal.SIGKILL)
