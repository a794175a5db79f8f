# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a run as Ansible's main process sees it, whatever ends it but SIGKILL."""

from __future__ import annotations

import atexit
import json
import multiprocessing
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...module_utils._api.settings import Settings
from ...module_utils._credentials.lease import DYNAMIC_SECRET, SERVICE_ACCOUNT
from .._core_internals import is_worker, run_folder
from .journal import FOLDER, claim, close, collection_folders, discard, kinds_in, other_journals, own_journal
from .run_connections import has_registered, make_key

# The reason that the report gives for a lease whose end is not known.
TOO_LATE = "the service did not answer within the time limit for revoking leases."
# Seconds after which the user, who is waiting, sees the progress, and between two such lines.
_FIRST, _EACH = 5.0, 10.0


class ProgressReader:
    """What the process that ends leases has written so far.

    :arg show: called now and then with the number of leases that are done, and of all.
    """

    def __init__(self, show: Callable[[int, int], None]) -> None:
        self._show = show
        self._next = time.monotonic() + _FIRST
        # By note: "own" or "dead", and what is known of the lease.
        self._leases: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._open: set[str] = set()
        self.report: Mapping[str, Any] | None = None

    def take(self, line: bytes) -> None:
        """Take one more line.

        :raises ValueError: it is not whole.
        """
        news = json.loads(line)
        self.report = news.get("report", self.report)
        for name in news.get("gone", ()):
            self._leases.pop(name, None)
            self._open.discard(name)
        for side, lease in news.get("due", ()):
            self._leases.setdefault(lease["note"], (side, lease))
            self._open.add(lease["note"])
        for side, lease in news.get("done", ()):
            self._leases[lease["note"]] = side, lease
            self._open.discard(lease["note"])

    def tick(self) -> None:
        """Show the progress, if it is time."""
        if self._open and time.monotonic() >= self._next:
            self._next = time.monotonic() + _EACH
            self._show(len(self._leases) - len(self._open), len(self._leases))

    def so_far(self, warning: str) -> dict[str, Any]:
        """Return a report of what is known, for a process that has written none."""
        sides: dict[str, list[Mapping[str, Any]]] = {"own": [], "dead": []}
        for side, lease in self._leases.values():
            sides[side].append({key: value for key, value in lease.items() if key != "note"})
        done = [name for name, (_side, lease) in self._leases.items() if lease["fate"] == "revoked"]
        return {**sides, "warnings": [warning], "done": done}


def lines_of(descriptor: int, deadline: float, tick: Callable[[], None]) -> Iterator[bytes]:
    """Yield the lines that come before the deadline, and call ``tick`` now and then; without a thread.

    :raises TimeoutError: the deadline came before the end.
    """
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if time.monotonic() >= deadline:
                raise TimeoutError
            if not selector.select(min(1.0, max(0.0, deadline - time.monotonic()))):
                tick()
                continue
            data = os.read(descriptor, 1 << 16)
            if not data:
                return
            *whole, rest = (rest + data).split(b"\n")
            yield from whole
            tick()


_PACKAGE = "ansible_collections.community.workload_credentials"
# It does without Ansible's own finder of collections; pip's package "ansible" has other collections of the same name.
_PROGRAM = """
import json, sys, types
sys.path[:] = json.loads(sys.argv[1])
parts = sys.argv[2].split(".")
for end in range(len(parts)):
    module = types.ModuleType(".".join(parts[: end + 1]))
    module.__path__ = ["/".join([sys.argv[3], *parts[: end + 1]])]
    sys.modules[module.__name__] = module
# Another collection's code may make a connection.
sys.modules[parts[0]].__path__ += json.loads(sys.argv[4])
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.run_end_process import main
main()
"""
# Seconds: a request that is under way may take 30, and ending may take several. The user waits no longer.
_FOR_WORKERS, _FOR_ENDING = 45.0, 90.0
# The process that ends leases stops so much earlier, to report what is open.
_FOR_REPORTING = 10.0


@dataclass(frozen=True)
class Orders:
    """What the user wants at the end.

    :arg ends: False: only report.
    :arg journal_dir: the folder for notes; None: they lie in temporary folders.
    :arg settings: the connection with which to look after dead runs at the beginning; None: the run's own ones do so
        at the end.
    """

    ends: bool
    journal_dir: str | None
    settings: Settings | None


class RunEnd:
    """Looks after the leases of a run at its end. Make it once, before any worker is forked.

    :arg tell: shows a report.
    :arg show: shows the number of leases that are done, and of all, where that takes time.
    """

    def __init__(
        self,
        orders: Orders,
        tell: Callable[[Mapping[str, Any]], None],
        show: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> None:
        self._orders = orders
        self._tell = tell
        self._show = show
        self._temporary = run_folder()
        self._main = os.getpid()
        self._is_over = False
        self._key = make_key()
        self._before: Any = signal.SIG_DFL
        self._at_interrupt: Any = signal.default_int_handler

    def begin(self) -> None:
        """End what dead runs left, and make sure that this run ends its own leases."""
        atexit.register(self._at_exit)
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGTERM)
            if self._before is not signal.SIG_IGN:
                signal.signal(signal.SIGTERM, self._terminated)
            self._at_interrupt = signal.getsignal(signal.SIGINT)
            # Python's own handler raises KeyboardInterrupt each time, which leads to atexit.
            if callable(self._at_interrupt) and self._at_interrupt is not signal.default_int_handler:
                signal.signal(signal.SIGINT, self._interrupted)
        directory = self._orders.journal_dir
        if directory:
            # Where nothing can be written, tasks that mint report it.
            with suppress(OSError):
                claim(own_journal(self._temporary, directory), self._temporary)
        if self._orders.settings is not None and other_journals(self._temporary, directory):
            self._order(key="", connection=asdict(self._orders.settings), named=[SERVICE_ACCOUNT])

    def end(self) -> None:
        """End this run's leases, once."""
        if self._is_over or os.getpid() != self._main:
            return
        self._is_over = True
        directory = self._orders.journal_dir
        with suppress(OSError):
            close(self._temporary)
        _wait_for_workers()
        others = other_journals(self._temporary, directory)
        done = [DYNAMIC_SECRET] if self._orders.settings is not None else []
        kinds: set[str] = set()
        for journal in others:
            kinds |= kinds_in(journal)
        clusters = bool(kinds - {*done})
        if has_registered(self._temporary):
            connection = None if others else False
            self._order(key=self._key, connection=connection, done=done, named=done, clusters=clusters)
        elif clusters:
            self._order(key="", connection=False, done=done, named=done, clusters=True)
        if directory:
            discard(own_journal(self._temporary, directory))

    def _at_exit(self) -> None:
        with _undisturbed():
            self.end()

    def _interrupted(self, number: int, frame: Any) -> None:
        """Let Ansible handle Ctrl-C. The next one would kill it without ``atexit``, so handle that one here.

        Users need a second one now and then, since Ansible's clean-up may wait for ever.
        """
        try:
            self._at_interrupt(number, frame)
        except Exception:  # pylint: disable=broad-exception-caught
            # As in _terminated.
            _signal_workers(number)
            raise KeyboardInterrupt from None
        finally:
            if os.getpid() == self._main:
                signal.signal(number, self._terminated)

    def _terminated(self, number: int, frame: Any) -> None:
        if os.getpid() != self._main:
            # A worker that was forked a moment ago has this handler too.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        try:
            with _undisturbed():
                _signal_workers(number)
                self.end()
        finally:
            # Whatever went wrong, Ansible does not outlive the signal. Its own handler asks each worker whether it is
            # alive, and fails at one that is being made or closed at that moment.
            with suppress(Exception):
                if callable(self._before) and number == signal.SIGTERM:
                    self._before(number, frame)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def _order(self, **what: Any) -> None:
        own = {"temporary": str(self._temporary), "journal_dir": self._orders.journal_dir, "ends": self._orders.ends}
        report = dict(_carried_out({**own, **what}, self._show))
        notes = [Path(note) for note in report.pop("done")]
        # Show the report first: a kill in between would leave neither notes nor a report.
        self._tell(report)
        for note in notes:
            with suppress(OSError):
                note.unlink()
        for journal in {note.parents[1] for note in notes} - {self._temporary / FOLDER}:
            discard(journal)


def _carried_out(
    order: Mapping[str, Any], show: Callable[[int, int], None] = lambda _done, _all: None
) -> Mapping[str, Any]:
    """Start a process that carries out the order; return its report. It outlives this process, if that is killed.

    :arg show: called now and then with the number of leases that are done, and of all.
    """
    progress = ProgressReader(show)
    root = os.path.abspath(__file__).partition(f"{os.sep}ansible_collections{os.sep}")[0]
    others = [os.path.join(folder, "ansible_collections") for folder in collection_folders()]
    program = [sys.executable, "-c", _PROGRAM, json.dumps(sys.path), _PACKAGE, root, json.dumps(others)]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    try:
        process = subprocess.Popen(program, stdin=pipe, stdout=pipe, stderr=nowhere, start_new_session=True)
    except OSError as error:
        # There is no memory, or the limit of processes is reached.
        return progress.so_far(_warning(f"the process that revokes leases could not be started: {error.strerror}."))
    try:
        deadline = time.monotonic() + _FOR_ENDING
        _hand(process, {**order, "seconds": _FOR_ENDING - _FOR_REPORTING})
        for line in lines_of(process.stdout.fileno(), deadline, progress.tick):  # type: ignore[union-attr]
            progress.take(line)
        if progress.report is not None:
            process.wait(_FOR_REPORTING)
            return progress.report
        problem = f"the process that revokes leases failed with status {process.wait(_FOR_REPORTING)}."
    except TimeoutError:
        problem = f"leases are still being revoked by process {process.pid}, and this run no longer waits for it."
    except (OSError, ValueError, subprocess.TimeoutExpired):
        problem = f"the process that revokes leases failed with status {process.poll()}."
    return progress.so_far(_warning(problem))


def _hand(process: subprocess.Popen[bytes], order: Mapping[str, Any]) -> None:
    with process.stdin as stdin:  # type: ignore[union-attr]
        stdin.write(json.dumps(order).encode())


def _warning(problem: str) -> str:
    return f"leases: {problem} community.workload_credentials.lease_info shows them."


def _workers() -> list[Any]:
    """Return Ansible's worker processes that are alive."""
    children = multiprocessing.active_children()
    # A worker without a number was not started; as a number, 0 would mean this whole process group.
    return [child for child in children if is_worker(child) and child.pid and _lives(child)]


def _signal_workers(number: int) -> None:
    for worker in _workers():
        with suppress(OSError):
            os.kill(int(worker.pid), number)


def _lives(worker: Any) -> bool:
    # Interrupted code may have collected a worker that has ended already; nothing reports its end again then.
    try:
        os.kill(int(worker.pid), 0)
    except ProcessLookupError:
        return False
    return bool(worker.is_alive())


def _wait_for_workers() -> None:
    """Wait until no worker can mint any more: one that requests a lease notes it before it ends."""
    deadline = time.monotonic() + _FOR_WORKERS
    while _workers() and time.monotonic() < deadline:
        time.sleep(0.02)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ignore a second Ctrl-C or signal, which would interrupt the ending of leases."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, lambda _number, _frame: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
