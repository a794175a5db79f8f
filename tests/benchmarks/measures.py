# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured. Each function gives rows of the table."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks import house, loading
from tests.benchmarks.bare import round_trip
from tests.benchmarks.cluster import beside_the_peer, cluster, growing
from tests.benchmarks.table import Row, at_least, at_most, milliseconds, ratio
from tests.benchmarks.timing import PlayFailed, Subject, Tasks, costs
from tests.benchmarks.tree import beside_a_loop
from tests.support.definitions import do
from tests.support.deliveries import Deliveries
from tests.support.plays import Plays
from tests.support.site import Site

OURS = "community.workload_credentials"
PEER = "community.hashi_vault.vault_kv2_get"
_PATH = "prod/app"
_MANY = [f"many/secret-{number}" for number in range(1000)]
_SLOW = [f"slow/secret-{number}" for number in range(100)]
_LOOP = 50
_READS = 1000
_LATENCY = 0.05
# What 100 reads take at least, 8 at a time.
_ROUNDS_OF_EIGHT = 13
_GROWTH = (10, 100, 1000)
_GROWTH_READS = 3000


@dataclass(frozen=True)
class Bench:
    """What measurements need."""

    plays: Plays
    site: Site
    runs: int


def a_task_in_a_loop(bench: Bench) -> Iterator[Row]:
    """(a) A task that changes nothing, in a loop of 50."""
    secret = {"path": _PATH, "secret": {"user": "app", "port": 5432}}
    read = {"path": _PATH, "engine_mount_point": "secret"}
    in_process = "static_secret in process"

    def loop(name: str, module: str, arguments: dict[str, Any], *, as_module: bool = False) -> Subject:
        def tasks(times: int) -> Tasks:
            return [{"name": "task", module: arguments, "loop": list(range(times)), "no_log": True}]

        return Subject(name, tasks, _LOOP, as_module=as_module)

    subjects = [
        loop("debug", "ansible.builtin.debug", {"msg": "x"}),
        loop(in_process, f"{OURS}.static_secret", secret),
        loop("static_secret as a module process", f"{OURS}.static_secret", secret, as_module=True),
        loop("vault_kv2_get", PEER, read),
    ]
    found = costs(bench.plays, subjects, bench.runs)
    for name, seconds in found.items():
        target, reached = ("at most 15 ms", seconds <= 0.015) if name == in_process else ("", None)
        yield Row("a", f"an item of a loop: {name}", milliseconds(seconds), target, reached)
    yield at_least("a", "in process, times less than the peer", ratio(found["vault_kv2_get"], found[in_process]), 40)


def a_lookup(bench: Bench) -> Iterator[Row]:
    """(b) A lookup: evaluated for one term again and again, and for a list of 100; beside it requests alone."""
    options = {"static_secret": "", "vault_kv2_get": ", engine_mount_point='secret'"}
    lookups = {"static_secret": f"{OURS}.static_secret", "vault_kv2_get": PEER}
    shapes = {"one term": [_PATH], "100 terms": _MANY[:100]}
    make(bench.site, shapes["100 terms"])
    subjects = [
        _evaluations(f"{shape}: {name}", lookups[name], paths, options[name], _READS // len(paths))
        for shape, paths in shapes.items()
        for name in lookups
    ]
    found = costs(bench.plays, subjects, bench.runs)
    for shape in shapes:
        ours, peer = (found[f"{shape}: {name}"] for name in lookups)
        for name, seconds in zip(lookups, (ours, peer), strict=True):
            yield Row("b", f"a term of a lookup of {shape}: {name}", milliseconds(seconds))
        yield Row("b", f"{shape}, times less than the peer", f"{ratio(peer, ours):.1f}")
    bare = statistics.median(round_trip(bench.site, _MANY[0], _READS) for _run in range(bench.runs))
    yield Row("b", "a bare round trip of requests", milliseconds(bare))
    yield at_most("b", "a term of 100, times a bare round trip", ratio(found["100 terms: static_secret"], bare), 1.15)


def many_terms_of_a_slow_service(bench: Bench) -> Iterator[Row]:
    """(c) 100 terms, and 50 ms until each answer: what they cost in a play that has loaded the lookup."""
    make(bench.site, _SLOW)
    bench.site.fault("delay", method="GET", path="/static/secret-", seconds=_LATENCY, times=1_000_000)
    # What is taken off must not wait itself: it reads another secret.
    one_at_a_time, at_once = _reading(_SLOW, 1, 1), _reading(_SLOW, 1, 8)
    found = costs(bench.plays, [one_at_a_time, at_once], bench.runs, above=_reading([_PATH], 1, 1))
    bare = round_trip(bench.site, _SLOW[0], _ROUNDS_OF_EIGHT)
    bench.site.close()
    for name, seconds in found.items():
        yield Row("c", f"50 ms each: {name}", f"{len(_SLOW) * seconds:.2f} s")
    times = ratio(found[one_at_a_time.name], found[at_once.name])
    yield Row("c", "times faster with concurrency 8", f"{times:.1f}")
    least = ratio(len(_SLOW) * found[at_once.name], _ROUNDS_OF_EIGHT * bare)
    yield at_most("c", f"concurrency 8, times {_ROUNDS_OF_EIGHT} bare round trips", least, 1.15)


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
            raise PlayFailed(outcome.output)
        minted, requests = len(bench.site.leases()) - before, len(bench.site.requests())
        what = f"leases (requests) for 20 hosts and 10 tasks, reuse={reuse}"
        yield Row("d", what, f"{minted} ({requests})", f"exactly {wanted}", minted == requests == wanted)


def growth(bench: Bench) -> Iterator[Row]:
    """(e) The cost of one secret, when there are more and more of them in a lookup."""
    make(bench.site, _MANY)
    subjects = [_reading(_MANY[:number], _GROWTH_READS // number, 8) for number in _GROWTH]
    found = costs(bench.plays, subjects, bench.runs)
    for name, seconds in found.items():
        yield Row("e", f"a secret of {name}", milliseconds(seconds))
    hundred, thousand = list(found.values())[1:]
    times = ratio(thousand, hundred)
    yield at_most("e", "a secret of 1000 costs, times one of 100", times, 1.25, ": linear")


def pushing(bench: Bench) -> Iterator[Row]:
    """(f) 100 entries pushed into 20 namespaces of a control plane, and up to 2000 that stay as they are."""
    with cluster(bench.plays) as (plays, api):
        yield from beside_the_peer(plays, api, bench.runs)
        yield from growing(plays, api, bench.runs)


def a_task_with_a_lookup(bench: Bench) -> Iterator[Row]:
    """(g) 40 tasks with one lookup each, beside the peer; processor time above the same tasks without."""
    peer = "vault_kv2_get"
    lookups = {
        "static_secret": f"lookup('{OURS}.static_secret', '{_PATH}')",
        "dynamic_credentials": f"lookup('{OURS}.dynamic_credentials', 'prod/aws')",
        peer: f"lookup('{PEER}', '{_PATH}', engine_mount_point='secret')",
    }
    yield from loading.beside_the_peer(bench.plays, lookups, peer, bench.runs)


def the_house(bench: Bench) -> Iterator[Row]:
    """(h) How hard it is to find one's way in the code: no time, figures of the source and of one pushed entry."""
    yield from house.figures()
    entry = {"name": "app", "namespace": "house", "dynamic_secret": "prod/aws"}
    with cluster(bench.plays) as (plays, api):
        api.create_namespace({"metadata": {"name": "house"}})
        deliveries = Deliveries(bench.site, str(plays.environment["K8S_AUTH_KUBECONFIG"]), "house")
        yield from house.way_of(lambda: deliveries.run(entry))


def a_tree(bench: Bench) -> Iterator[Row]:
    """(i) 1000 static secrets in 50 folders as one tree, beside a loop over them."""
    yield from beside_a_loop(bench.plays, bench.runs)


def _reading(paths: Sequence[str], times: int, concurrency: int) -> Subject:
    name = f"{len(paths)} {'term' if len(paths) == 1 else 'terms'}, concurrency {concurrency}"
    return _evaluations(name, f"{OURS}.static_secret", paths, f", concurrency={concurrency}", times)


def _evaluations(name: str, lookup: str, paths: Sequence[str], options: str, times: int) -> Subject:
    """So many evaluations of a lookup with all these paths as its terms."""

    def tasks(count: int) -> Tasks:
        # Each path is a term of its own: not every lookup takes a list for several terms.
        read = f"query('{lookup}', *paths{options}) | length"
        text = f"{{% set paths = {list(paths)} %}}{{% for number in range({count}) %}}{{{{ {read} }}}} {{% endfor %}}"
        return [{"name": "task", "ansible.builtin.debug": {"msg": text}}]

    return Subject(name, tasks, times, len(paths))


MEASURES = {
    "a": a_task_in_a_loop,
    "b": a_lookup,
    "c": many_terms_of_a_slow_service,
    "d": leases_and_requests,
    "e": growth,
    "f": pushing,
    "g": a_task_with_a_lookup,
    "h": the_house,
    "i": a_tree,
}


def make(site: Site, paths: Sequence[str]) -> None:
    """Secrets to read, which the tasks that are timed find unchanged."""
    folder = paths[0].split("/", maxsplit=1)[0]
    do(site, "folder", path=folder)
    for path in paths:
        do(site, "static_secret", path=path, secret={"user": "app", "port": 5432})
