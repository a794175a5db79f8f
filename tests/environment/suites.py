# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is tested, and how each suite's outcome reads in one line."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.environment.collection_tree import CHECKOUT
from tests.environment.emulator_stamp import has_passed, note_passed
from tests.environment.environments import Environment
from tests.environment.process import Finished, followed
from tests.environment.sanity import sanity

_COLLECTION = "ansible_collections.community.workload_credentials"
_TYPED = (f"{_COLLECTION}.plugins", "tests", "workload_credentials_emulator", "workload_credentials_awx")
_PLUGIN_OF_AWX = CHECKOUT / "extensions" / "awx" / "credential_plugin" / "src"
_REFERENCES = ("--validate-collection-refs", "self", "--check-extra-docs-refs")
# How many random rounds the tests with signals make, and in which of the two worlds tests run.
_KEPT = ("ROUNDS", "WORLD")
# Where the last line of a failed tool is only a hint, this is the one that counts.
_VERDICT = re.compile(r"Found \d+ error|Failed: |FATAL: ")

# More would want more memory than such a machine has: each integration process has a Kubernetes of its own.
CORES = min(os.cpu_count() or 1, 4)

# A file's tests stay together: they share what its fixtures ran. xdist would begin with the files of the most tests,
# and end with the few that take longest.
_SPREAD = ("--dist=loadscope", "--no-loadscope-reorder")


@dataclass(frozen=True)
class Outcome:
    """How a suite ended.

    :arg closing: the line with which it closed.
    :arg counts: of its tests, where it counts them: passed, failed and so on.
    """

    suite: str
    environment: str
    passed: bool
    closing: str
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Scope:
    """How much of a suite is run.

    :arg best: in the best environment: what does not depend on the ansible-core is tested there.
    :arg thorough: everything, as ``make test-all`` does, and not what ``make test`` takes of it.
    """

    best: bool
    thorough: bool

    def marks(self) -> str:
        """Return the expression that selects tests by their marks; "": all of them."""
        excluded = []
        if not self.thorough:
            excluded.append("thorough")
        if not self.best:
            excluded.append("one_core")
        if not self.thorough and not self.best:
            excluded.append("newest_core")
        return " and ".join(f"not {mark}" for mark in excluded)


@dataclass(frozen=True)
class Suite:
    """A part of the tests.

    :arg run: yields an outcome for each of its commands; called with an environment, and how much of it is run there.
    :arg everywhere: in each environment; otherwise in the best one only.
    :arg spreads: over all cores by itself, so it waits for those that do not.
    """

    name: str
    run: Callable[[Environment, Scope], Iterator[Outcome]]
    everywhere: bool
    spreads: bool = False


def _lint(environment: Environment, _scope: Scope) -> Iterator[Outcome]:
    """Each tool that reads without running."""
    commands = {
        "ruff check": ["ruff", "check", "--output-format", "concise", "."],
        "ruff format": ["ruff", "format", "--check", "--output-format", "concise", "."],
        "yamllint": ["yamllint", "--strict", "."],
        "reuse": ["reuse", "lint", "--lines"],
        "mypy": ["mypy", *(part for name in _TYPED for part in ("-p", name))],
        "changelog": ["antsibull-changelog", "lint"],
        "ansible-lint": ["ansible-lint", "--nocolor"],
        # What rstcheck would say of generated pages, the build says too.
        "docs": ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", *_REFERENCES, "."],
        "docs build": ["python", "-m", "tests.environment.docs"],
    }
    for name, command in commands.items():
        yield _outcome(name, environment, _in_environment(environment, command))


def _sanity(environment: Environment, scope: Scope) -> Iterator[Outcome]:
    """ansible-test sanity, all of it; with the older ansible-core on what users install."""
    # What the older one says with other Pythons, and of style, takes long, and nearly all of it the newest says too.
    own = environment.interpreter.version.rpartition(".")[0]
    narrowed = [] if scope.best or scope.thorough else ["--python", own, "--skip-test", "pylint"]
    with sanity(environment, with_tests=scope.best) as prepared:
        command = [*prepared.command, *narrowed]
        finished = followed(command, folder=prepared.folder, environment=prepared.variables)
    ran = sum(line.startswith("Running sanity test ") for line in finished.lines)
    skipped = sum("Skipping sanity test " in line for line in finished.lines)
    outcome = _outcome("ansible-test sanity", environment, finished)
    if finished.status == 0:
        # ansible-test itself has no last word where all is well.
        closing = f"{ran} sanity tests passed, {skipped} skipped for lack of a Python"
        outcome = Outcome(outcome.suite, outcome.environment, ran > 0, closing, {})
    yield outcome


def _control_plane(environment: Environment, _scope: Scope) -> Iterator[Outcome]:
    """Kubernetes' binaries, which take minutes the first time: tests would be silent for so long."""
    yield _outcome("Kubernetes binaries", environment, _python(environment, "tests.kubernetes", "build"))


def _pytest(name: str) -> Callable[[Environment, Scope], Iterator[Outcome]]:
    folder = f"tests/{name}/tests" if (CHECKOUT / "tests" / name / "tests").is_dir() else f"tests/{name}"

    def run(environment: Environment, scope: Scope) -> Iterator[Outcome]:
        yield _tests(name, environment, "-m", scope.marks(), folder)

    return run


def _unit(environment: Environment, scope: Scope) -> Iterator[Outcome]:
    """Tests of functions; of those that import an ansible-core only, where it is not the best one."""
    is_whole = scope.best or scope.thorough
    folder = "tests/unit" if is_whole else "tests/unit/plugins/plugin_utils"
    yield _tests("unit", environment, "-m", scope.marks(), folder)


def _integration(environment: Environment, scope: Scope) -> Iterator[Outcome]:
    """Real runs and servers. Tests wait for them half of the time, so there are more processes than cores.

    Those of the environments run together, and ``make test`` has few for the older one: both end at about the same
    time.
    """
    few = not scope.best and not scope.thorough
    processes = max(1, CORES // 2) if few else CORES + 1
    options = (f"--numprocesses={processes}", *_SPREAD)
    yield _tests("integration", environment, "-m", scope.marks(), *options, "tests/integration")


def _emulator(environment: Environment, scope: Scope) -> Iterator[Outcome]:
    """The emulator's own tests; a few of each subject where all have passed with the emulator as it is."""
    if not scope.thorough and has_passed():
        yield _tests("emulator", environment, "-m", "smoke", "tests/emulator")
        return
    outcome = _tests("emulator", environment, "tests/emulator")
    if scope.thorough and outcome.passed:
        note_passed()
    yield outcome


def _tests(name: str, environment: Environment, *arguments: str) -> Outcome:
    finished = _python(environment, "pytest", "--color=no", *arguments)
    counts = Counter[str]()
    for number, kind in re.findall(r"(\d+) (passed|failed|error|skipped)", finished.last_line):
        counts["failed" if kind == "error" else kind] += int(number)
    return Outcome(name, str(environment), finished.status == 0, finished.last_line.strip("= "), counts)


SUITES = (
    # First: where it has to build, that takes minutes, beside all the others.
    Suite("control-plane", _control_plane, everywhere=False),
    Suite("lint", _lint, everywhere=False),
    Suite("unit", _unit, everywhere=True),
    Suite("sanity", _sanity, everywhere=True),
    Suite("environment", _pytest("environment"), everywhere=False),
    Suite("emulator", _emulator, everywhere=False),
    Suite("benchmarks", _pytest("benchmarks"), everywhere=False),
    Suite("kubernetes", _pytest("kubernetes"), everywhere=False),
    Suite("packaging", _pytest("packaging"), everywhere=True),
    Suite("integration", _integration, everywhere=True, spreads=True),
)


def _python(environment: Environment, *arguments: str) -> Finished:
    return _in_environment(environment, [str(environment.python), "-m", *arguments])


def _in_environment(environment: Environment, command: list[str]) -> Finished:
    variables = {
        **environment.variables(keep=_KEPT),
        "MYPYPATH": f"{environment.collections}:{CHECKOUT}:{_PLUGIN_OF_AWX}",
    }
    program = environment.bin / command[0]
    return followed([str(program), *command[1:]], folder=CHECKOUT, environment=variables)


def _outcome(name: str, environment: Environment, finished: Finished) -> Outcome:
    verdicts = [line.strip() for line in finished.lines if _VERDICT.match(line)]
    if finished.status == 0:
        closing = finished.last_line or "no complaint"
    else:
        closing = (verdicts or [finished.last_line])[-1] or f"exit status {finished.status}"
    return Outcome(name, str(environment), finished.status == 0, closing, {})
