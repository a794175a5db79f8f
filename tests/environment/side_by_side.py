# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several jobs at once whose output reads as if they ran one after another."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Callable, TypeVar

_T = TypeVar("_T")


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


# Where a job's text goes; without jobs it is printed.
say: ContextVar[Callable[[str], None]] = ContextVar("say", default=_print)


class _Turns:
    """The earliest job that is not finished prints as it goes; what others say is kept until it is their turn."""

    def __init__(self, jobs: int) -> None:
        self._lock = threading.Lock()
        self._kept: list[list[str]] = [[] for _job in range(jobs)]
        self._finished = [False] * jobs
        self._turn = 0

    def say(self, job: int, text: str) -> None:
        with self._lock:
            self._kept[job].append(text)
            self._print()

    def finish(self, job: int) -> None:
        with self._lock:
            self._finished[job] = True
            self._print()

    def _print(self) -> None:
        while self._turn < len(self._kept):
            _print("".join(self._kept[self._turn]))
            self._kept[self._turn].clear()
            if not self._finished[self._turn]:
                return
            self._turn += 1


def side_by_side(jobs: Sequence[Callable[[], Iterable[_T]]], at_once: int) -> Iterator[_T]:
    """What the jobs yield, in their order.

    Where one raises, or a person interrupts, the others stop at what they yield next.
    """
    turns = _Turns(len(jobs))
    stopped = threading.Event()

    def do(number: int) -> list[_T]:
        say.set(lambda text: turns.say(number, text))
        yielded: list[_T] = []
        try:
            work = iter(() if stopped.is_set() else jobs[number]())
            while not stopped.is_set():
                yielded.append(next(work))
        except StopIteration:
            pass
        except BaseException:
            stopped.set()
            raise
        finally:
            turns.finish(number)
        return yielded

    with ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(do, number) for number in range(len(jobs))]
        try:
            for future in futures:
                yield from future.result()
        finally:
            stopped.set()
            for future in futures:
                future.cancel()
