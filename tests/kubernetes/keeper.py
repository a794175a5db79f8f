# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the processes of one control plane, and ends them when whoever started it ends, in whatever way.

Runs as a process and a session of its own, so that Ctrl-C in a terminal does not reach it. Reads one JSON line for
each process to start, `{"name", "command"}`; answers `{"started": name, "pid"}`, and `{"ended": name, "code"}` when
a process ends by itself. At an empty line or the end of its input, which comes even if its parent was killed, it kills
the processes, the last one started first (a kube-apiserver whose etcd went first takes minutes to end), and removes
the folder.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
from pathlib import Path


class Keeper:
    """The processes of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def obey(self) -> None:
        """Start what is asked for and tell what ended, until the input ends."""
        wake_up, wake_up_writer = os.pipe()
        os.set_blocking(wake_up_writer, False)
        signal.set_wakeup_fd(wake_up_writer)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as selector:
            selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
            selector.register(wake_up, selectors.EVENT_READ)
            pending = b""
            while True:
                for key, _mask in selector.select():
                    block = os.read(key.fd, 65536)
                    if key.fd == wake_up:
                        self._tell_ended()
                        continue
                    *lines, pending = (pending + block).split(b"\n")
                    if not block or b"" in lines:
                        return
                    for line in lines:
                        self._start(**json.loads(line))

    def end(self) -> None:
        """Kill the processes, the last one first, and remove the folder."""
        for process in reversed(self._processes.values()):
            process.kill()
            process.wait()
        shutil.rmtree(self._folder)

    def _start(self, name: str, command: list[str]) -> None:
        with (self._folder / f"{name}.log").open("wb") as log:
            try:
                process = subprocess.Popen(
                    command,
                    cwd=self._folder,
                    # Settings such as ETCD_DATA_DIR of the user's environment are not for these processes.
                    env={"PATH": os.defpath, "HOME": str(self._folder), "TMPDIR": str(self._folder)},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=_end_with_parent,  # noqa: PLW1509  # this process has no threads
                )
            except OSError as error:
                log.write(f"cannot be run: {error}\n".encode())
                self._tell(ended=name, code=126)
                return
        self._processes[name] = process
        self._tell(started=name, pid=process.pid)

    def _tell_ended(self) -> None:
        for name, process in list(self._processes.items()):
            if process.poll() is not None:
                del self._processes[name]
                self._tell(ended=name, code=process.returncode)

    def _tell(self, **message: str | int) -> None:
        os.write(sys.stdout.fileno(), json.dumps(message).encode() + b"\n")


def _end_with_parent() -> None:
    """Should the keeper itself be killed, have Linux kill its processes."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _leave(*_: object) -> None:
    sys.exit(0)


def main() -> None:
    """Keep the processes of the folder given as argument."""
    keeper = Keeper(Path(sys.argv[1]))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        keeper.obey()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        keeper.end()


if __name__ == "__main__":
    main()
