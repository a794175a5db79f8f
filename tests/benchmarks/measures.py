# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured. Each function gives rows of the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.table import Row, milliseconds, ratio
from tests.benchmarks.timing import Subject, costs
from tests.support.definitions import do
from tests.support.plays import Plays
from tests.support.site import Site

OURS = "community.workload_credentials"
PEER = "community.hashi_vault.vault_kv2_get"
_LOOP = 50
_EVALUATIONS = 200
_LATENCY = 0.05
_TERMS = 100
_GROWTH = (10, 100, 1000)


@dataclass(frozen=True)
class Bench:
    """What measurements need."""

    plays: Plays
    site: Site
    runs: int


def a_task_in_a_loop(bench: Bench) -> Iterator[Row]:
    """(a) A task that changes nothing, in a loop of 50."""
    secret = {"path": "prod/app", "secret": {"user": "app", "port": 5432}}
    read = {"path": "app", "engine_mount_point": "secret"}

    def loop(module: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"name": "task", module: arguments, "loop": list(range(_LOOP)), "no_log": True}]

    found = costs(
        bench.plays,
        [
            Subject("debug", loop("ansible.builtin.debug", {"msg": "x"}), _LOOP),
            Subject("static_secret in process", loop(f"{OURS}.static_secret", secret), _LOOP),
            Subject("static_secret as a module process", loop(f"{OURS}.static_secret", secret), _LOOP, as_module=True),
            Subject("vault_kv2_get", loop(PEER, read), _LOOP),
        ],
        bench.runs,
    )
    ours, peer = found["static_secret in process"], found["vault_kv2_get"]
    for name, seconds in found.items():
        is_ours = name == "static_secret in process"
        yield Row(
            "a",
            f"an item of a loop: {name}",
            milliseconds(seconds),
            "at most 15 ms" if is_ours else "",
            seconds <= 0.015 if is_ours else None,
        )
    times = ratio(peer, ours)
    yield Row("a", "in process, times less than the peer", f"{times:.0f}", "at least 40", times >= 40)


def a_lookup(bench: Bench) -> Iterator[Row]:
    """(b) Evaluations of a lookup with one term."""

    def evaluations(expression: str) -> list[dict[str, Any]]:
        text = f"{{% for number in range({_EVALUATIONS}) %}}{{{{ {expression} | length }}}}{{% endfor %}}"
        return [{"name": "task", "ansible.builtin.debug": {"msg": text}}]

    found = costs(
        bench.plays,
        [
            Subject("static_secret", evaluations(f"lookup('{OURS}.static_secret', 'prod/app')"), _EVALUATIONS),
            Subject(
                "vault_kv2_get", evaluations(f"lookup('{PEER}', 'app', engine_mount_point='secret')"), _EVALUATIONS
            ),
        ],
        bench.runs,
    )
    for name, seconds in found.items():
        yield Row("b", f"an evaluation of a lookup: {name}", milliseconds(seconds))
    times = ratio(found["vault_kv2_get"], found["static_secret"])
    yield Row("b", "times less than the peer", f"{times:.1f}", "at least 4", times >= 4)


def many_terms_of_a_slow_service(bench: Bench) -> Iterator[Row]:
    """(c) 100 terms, and 50 ms until each answer: what they cost in a play that has loaded the lookup."""
    bench.site.fault("delay", method="GET", path="/static/slow", seconds=_LATENCY, times=1_000_000)
    subjects = [_reading(_TERMS, 1, concurrency, path="prod/slow") for concurrency in (1, 8)]
    found = costs(bench.plays, subjects, bench.runs, above=_reading(1, 1, 1))
    bench.site.close()
    slow, fast = (_TERMS * seconds for seconds in found.values())
    for name, seconds in found.items():
        yield Row("c", f"100 terms, 50 ms each: {name}", f"{_TERMS * seconds:.2f} s")
    times = ratio(slow, fast)
    yield Row("c", "times faster with concurrency 8", f"{times:.1f}", "at least 7", times >= 7)


def leases_and_requests(bench: Bench) -> Iterator[Row]:
    """(d) 20 hosts and 10 tasks that use the same dynamic secret."""
    for reuse, wanted in (("host", 20), ("run", 1)):
        bench.site.forget()
        before = len(bench.site.leases())
        creds = f"{{{{ lookup('{OURS}.dynamic_credentials', 'prod/aws', reuse='{reuse}') }}}}"
        task = {"name": "use", "ansible.builtin.debug": {"msg": "{{ creds.accessKeyId | length }}"}}
        play = {"hosts": "all", "gather_facts": False, "vars": {"creds": creds}, "tasks": [task] * 10}
        inventory = {f"host{number}": bench.plays.host() for number in range(20)}
        outcome = bench.plays.playbook([play], inventory=inventory, arguments=("--forks", "20"))
        if outcome.status != 0:
            raise RuntimeError(outcome.output)
        minted, requests = len(bench.site.leases()) - before, len(bench.site.requests())
        what = f"leases (requests) for 20 hosts and 10 tasks, reuse={reuse}"
        yield Row("d", what, f"{minted} ({requests})", f"exactly {wanted}", minted == requests == wanted)


def growth(bench: Bench) -> Iterator[Row]:
    """(e) The cost of one secret, when there are more and more of them in a lookup."""
    most = max(_GROWTH)
    found = costs(bench.plays, [_reading(number, most // number, 8) for number in _GROWTH], bench.runs)
    for name, seconds in found.items():
        yield Row("e", f"a secret of {name}", milliseconds(seconds))
    hundred, thousand = list(found.values())[1:]
    times = ratio(thousand, hundred)
    yield Row("e", "a secret of 1000 costs, times one of 100", f"{times:.2f}", "at most 1.25: linear", times <= 1.25)


def _reading(terms: int, evaluations: int, concurrency: int, path: str = "prod/app") -> Subject:
    """So many evaluations of a lookup with so many terms."""
    lookup = f"query('{OURS}.static_secret', ['{path}'] * {terms}, concurrency={concurrency}) | length"
    text = f"{{% for number in range({evaluations}) %}}{{{{ {lookup} }}}}{{% endfor %}}"
    name = f"{terms} {'term' if terms == 1 else 'terms'}, concurrency {concurrency}"
    return Subject(name, [{"name": "task", "ansible.builtin.debug": {"msg": text}}], terms * evaluations)


MEASURES = {
    "a": a_task_in_a_loop,
    "b": a_lookup,
    "c": many_terms_of_a_slow_service,
    "d": leases_and_requests,
    "e": growth,
}


def prepare(site: Site) -> None:
    """The secrets that are read; the first one is also what the tasks that are timed find unchanged."""
    for path in ("prod/app", "prod/slow"):
        do(site, "static_secret", path=path, secret={"user": "app", "port": 5432})
