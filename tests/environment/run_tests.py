# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python3 -m tests.environment.run_tests [--thorough] [SUITE ...]``: run the suites, all unless some are named.

In each environment that this machine has a Python for. With ``CI=true`` it must have one for all. ``--thorough`` runs
what ``make test`` leaves to ``make test-all`` as well.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial

from tests.environment.environments import Environment, environment
from tests.environment.flavours import FLAVOURS, available
from tests.environment.problem import MissingPrerequisiteError
from tests.environment.progress import report
from tests.environment.side_by_side import say, side_by_side
from tests.environment.suites import CORES, SUITES, Outcome, Scope, Suite


def main(arguments: list[str]) -> int:
    """Return 0 when everything passed, 1 when something failed, 2 when something must be installed first."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.environment.run_tests")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(suite.name for suite in SUITES))
    parser.add_argument("--thorough", action="store_true", help="also what make test leaves to make test-all")
    options = parser.parse_args(arguments)
    names = options.suites
    unknown = sorted(set(names) - {suite.name for suite in SUITES})
    if unknown:
        known = ", ".join(suite.name for suite in SUITES)
        parser.error(f"no suite is called {', '.join(unknown)}; there are {known}")
    started = time.monotonic()
    try:
        environments = _environments()
        suites = [suite for suite in SUITES if not names or suite.name in names]
        outcomes = _run(suites, environments, thorough=options.thorough)
    except MissingPrerequisiteError as problem:
        report(str(problem))
        return 2
    except KeyboardInterrupt:
        return 130
    _summarise(outcomes, time.monotonic() - started)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def _environments() -> list[Environment]:
    found = available()
    absent = [flavour for flavour in FLAVOURS if flavour not in found]
    if absent and os.environ.get("CI") == "true":
        raise MissingPrerequisiteError(" ".join(flavour.need() for flavour in absent))
    environments = [environment(flavour, interpreter) for flavour, interpreter in found.items()]
    report(f"Testing on {' and on '.join(map(str, environments))}.")
    for flavour in absent:
        report(f"Not testing {flavour.name}, as CI does: {flavour.need()}")
    return environments


def _run(suites: Sequence[Suite], environments: Sequence[Environment], *, thorough: bool) -> list[Outcome]:
    """Run them all, whatever fails: a person wants to see everything at once."""
    jobs = [
        (suite, partial(_run_one, suite, chosen, Scope(chosen is environments[0], thorough)))
        for suite in suites
        for chosen in (environments if suite.everywhere else environments[:1])
    ]
    with_others = [job for suite, job in jobs if not suite.spreads]
    spreading = [job for suite, job in jobs if suite.spreads]
    return [*side_by_side(with_others, CORES), *side_by_side(spreading, len(FLAVOURS))]


def _run_one(suite: Suite, chosen: Environment, scope: Scope) -> Iterator[Outcome]:
    say.get()(f"\n== {suite.name} on {chosen}\n")
    yield from suite.run(chosen, scope)


def _summarise(outcomes: Sequence[Outcome], seconds: float) -> None:
    width = max(len(outcome.suite) for outcome in outcomes)
    minutes, rest = divmod(round(seconds), 60)
    print(f"\n== summary, after {minutes} min {rest} s")
    for outcome in outcomes:
        mark = "ok    " if outcome.passed else "FAILED"
        print(f"{mark}  {outcome.suite:{width}}  {outcome.environment}: {outcome.closing}")
    counts = {
        kind: sum(outcome.counts.get(kind, 0) for outcome in outcomes) for kind in ("passed", "failed", "skipped")
    }
    print("pytest in all: " + ", ".join(f"{number} {kind}" for kind, number in counts.items()))
    failed = sum(not outcome.passed for outcome in outcomes)
    print(f"{failed} of {len(outcomes)} suites failed" if failed else f"all {len(outcomes)} suites passed", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
