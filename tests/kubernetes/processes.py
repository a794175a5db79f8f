# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The caller's end of the keeper: starts processes, knows whether they live, ends them."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from .build import last_lines
from .errors import ControlPlaneError

_KEEPER: Final = Path(__file__).with_name("keeper.py")
_POLL_SECONDS: Final = 0.05
# Killing and removing a folder takes far less; a keeper that needs this long will not come to an end at all.
_STOP_SECONDS: Final = 30


class Processes:
    """Named processes that share a private folder; both go together, at the latest when this process ends."""

    def __init__(self) -> None:
        self.folder: Final = Path(tempfile.mkdtemp(prefix="workload-credentials-kubernetes-"))
        self._messages = b""
        self._ended: dict[str, int] = {}
        self.pids: dict[str, int] = {}
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_KEEPER), str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def start(self, name: str, command: list[str]) -> None:
        """Start a process whose output goes to `<name>.log` in the folder; return once it has its process id."""
        assert self._keeper.stdin is not None
        try:
            self._keeper.stdin.write(json.dumps({"name": name, "command": command}).encode() + b"\n")
            self._keeper.stdin.flush()
        except BrokenPipeError:
            raise self._keeper_lost() from None
        while name not in self.pids and name not in self._ended:
            self._read_messages(None)

    def wait_until(self, check: Callable[[], bool], *, seconds: float, waiting_for: str) -> None:
        """Return once the check holds; fail when a process ends before, or the time is over."""
        deadline = time.monotonic() + seconds
        while not check():
            self._read_messages(_POLL_SECONDS)
            self.raise_if_ended()
            if time.monotonic() > deadline:
                logs = "\n".join(
                    f"{log.name}:\n{last_lines(log, count=5)}" for log in sorted(self.folder.glob("*.log"))
                )
                raise ControlPlaneError(f"waited {seconds:g} s in vain for {waiting_for}\n{logs}")

    def wait(self) -> None:
        """Return never; fail when a process ends."""
        while True:
            self._read_messages(None)
            self.raise_if_ended()

    def raise_if_ended(self) -> None:
        """Fail with the end of its log when a process has ended by itself."""
        self._read_messages(0)
        for name, code in self._ended.items():
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise ControlPlaneError(f"{name} {how}; the end of its log:\n{last_lines(self.folder / f'{name}.log')}")

    def stop(self) -> None:
        """Kill the processes, the last one started first, and remove the folder; repeated, wait for that end."""
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        if not self._keeper.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                # The empty line tells the keeper to end: a forked child of ours may hold its input open.
                self._keeper.stdin.write(b"\n")
                self._keeper.stdin.close()
        try:
            self._keeper.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise ControlPlaneError(
                f"the keeper (process {self._keeper.pid}) of {self.folder} did not come to an end"
            ) from None
        self._keeper.stdout.close()
        # Only a keeper that was killed leaves something to remove.
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read_messages(self, seconds: float | None) -> None:
        assert self._keeper.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._keeper.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                return
        block = os.read(self._keeper.stdout.fileno(), 65536)
        if not block:
            raise self._keeper_lost()
        *lines, self._messages = (self._messages + block).split(b"\n")
        for line in lines:
            self._note(json.loads(line))

    def _note(self, message: dict[str, Any]) -> None:
        if "started" in message:
            self.pids[message["started"]] = message["pid"]
        else:
            self._ended[message["ended"]] = message["code"]

    def _keeper_lost(self) -> ControlPlaneError:
        return ControlPlaneError(f"the process that keeps the control plane in {self.folder} was ended from outside")
