# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole plays: modules in the worker and on a jump host, the lookup, what a run ends, and that no token is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.modules.test_parity import undocumented
from tests.integration.modules.ways import comparable
from tests.support.accounts import Accounts, new
from tests.support.documentation import documented
from tests.support.faulty_cluster import Watched
from tests.support.plays import Outcome, Plays
from tests.support.rounds import CALLBACK, ended, kill, notes_of, start

COLLECTION = "community.workload_credentials"
TOKEN, LEASE, INFO = (f"{COLLECTION}.service_account_{one}" for one in ("token", "lease", "lease_info"))
JSON_LINE = {**CALLBACK, "WORKLOAD_CREDENTIALS_JSON_LINE": "true"}
# A JWT begins so, whatever it says.
_JWT = "eyJ"
_COMMON = {"changed", "diff", "warnings", "deprecations", "failed", "_ansible_no_log", "_ansible_parsed", "msg"}


@pytest.fixture
def plays(accounts: Accounts, tmp_path: Path) -> Plays:
    """Without anything of the Secrets API."""
    return Plays(tmp_path, {"K8S_AUTH_KUBECONFIG": str(accounts.kubeconfig)})


def admin_token(accounts: Accounts) -> str:
    content = yaml.safe_load(accounts.kubeconfig.read_text(encoding="utf-8"))
    return str(content["users"][0]["user"]["token"])


def lookup(accounts: Accounts, name: str = "app", field: str = ".lease_id", **options: Any) -> str:
    more = "".join(f", {option}={value!r}" for option, value in options.items())
    return "{{ lookup('" + TOKEN + f"', '{accounts.namespace}/{name}'{more}){field} }}}}"


def many(accounts: Accounts, number: int) -> str:
    """The IDs of that many leases, which are minted at once."""
    terms = f"*(['{accounts.namespace}/app'] * {number})"
    return "{{ query('" + TOKEN + f"', {terms}, reuse='never', key='lease_id', concurrency=16) }}}}"


def fact(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "ansible.builtin.set_fact": {name: value}}


def facts(outcome: Outcome, name: str) -> list[Any]:
    return [one["ansible_facts"][name] for one in outcome.results if name in one.get("ansible_facts", {})]


def reports(output: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in output.splitlines() if line.startswith('{"workload_credentials_leases"')]
    return [line["workload_credentials_leases"] for line in lines]


def steps(accounts: Accounts) -> list[dict[str, Any]]:
    """A task in the way of each module; the token with which they reach the cluster stands in a task's environment."""
    static = {"name": "app", "namespace": accounts.namespace}
    dynamic = {**static, "name": "temp", "credential_type": "dynamic", "role": {"name": "view"}, "format": "kubeconfig"}
    own = {"environment": {"K8S_AUTH_API_KEY": "{{ lookup('ansible.builtin.env', 'SECRET') }}"}}
    direct = {"host": "{{ lookup('ansible.builtin.env', 'SERVER') }}", "verify_ssl": False}
    return [
        {TOKEN: static, **own},
        {TOKEN: {**dynamic, **direct}, **own},
        {TOKEN: static, "check_mode": True},
        {INFO: {"namespace": accounts.namespace}},
        {TOKEN: {**static, "ttl": "2h", "max_ttl": "1h"}},
        {TOKEN: {**static, **direct, "api_key": "{{ 'can' ~ 'ary' }}"}},
        {LEASE: {"name": "temp", "namespace": accounts.namespace}},
        {LEASE: {"lease_id": "{{ result_0.lease_id }}"}},
    ]


@pytest.mark.newest_core
def test_the_worker_and_a_jump_host_do_the_same_and_show_no_token(
    accounts: Accounts, cluster: Any, plays: Plays
) -> None:
    secret = admin_token(accounts)
    more = {"SECRET": secret, "SERVER": cluster.server, "ANSIBLE_PIPELINING": "true"}
    ways = []
    for is_there in (False, True):
        tasks = [{**one, **({"delegate_to": "jump"} if is_there else {})} for one in steps(accounts)]
        (plays.folder / "host_vars").mkdir(exist_ok=True)
        (plays.folder / "host_vars" / "jump.yml").write_text(yaml.safe_dump(plays.host(as_module=True)))
        outcome = plays.tasks(tasks, arguments=("--diff", "-vvvvv"), environment=more)
        assert accounts.left() == []
        for hidden in (secret, _JWT, "canary"):
            assert hidden not in outcome.output
        ways.append(outcome.results)
    here, there = ways
    assert [one.get("changed") for one in here] == [True, True, True, False, False, False, True, True]
    assert [bool(one.get("failed")) for one in here] == [False] * 4 + [True] * 2 + [False] * 2
    for number, (one, other) in enumerate(zip(here, there, strict=True)):
        assert plain(one) == plain(other), number
    assert "Unauthorized" in here[5]["msg"]
    for number, module in ((1, "token"), (3, "lease_info"), (6, "lease")):
        own = {key: value for key, value in here[number].items() if key not in _COMMON}
        described = documented("module", f"service_account_{module}")["return"]
        assert undocumented(own, described) == []


def plain(result: dict[str, Any]) -> Any:
    """A result without what chance and time made of it."""
    own = comparable({name: value for name, value in result.items() if name not in ("token", "kubeconfig")})
    return json.loads(re.sub(r"(app|temp)-[a-z0-9]{10}", r"\1-#", json.dumps(own)))


def test_a_run_mints_the_fewest_and_ends_them_all(accounts: Accounts, plays: Plays) -> None:
    read = lookup(accounts)
    tasks = [
        fact("host", read),
        fact("host", read),
        fact("run", lookup(accounts, reuse="run")),
        fact("never", lookup(accounts, reuse="never")),
        fact("kept", lookup(accounts, reuse="never", outlives_run=True)),
        fact("longer", lookup(accounts, ttl="2h", verify_ssl=True)),
        {**fact("checked", lookup(accounts, field=".token")), "check_mode": True},
        fact("many", many(accounts, 49)),
        {"name": "module", TOKEN: {"name": "app", "namespace": accounts.namespace}},
        {"name": "listed", INFO: {"namespace": accounts.namespace}},
        {"name": "ended", LEASE: {"minted": "run"}},
        fact("after", read),
    ]
    outcome = plays.tasks(tasks, hosts=1, arguments=("-vvvvv", "--diff"), environment=JSON_LINE).ok()
    host, again, after = (*facts(outcome, "host"), *facts(outcome, "after"))
    minted = {host, *(facts(outcome, name)[0] for name in ("run", "never", "kept", "longer"))}
    minted.add(outcome.results[8]["lease_id"])
    assert (host, len(minted)) == (again, 6)
    assert facts(outcome, "checked") == ["CHECK-MODE-NO-TOKEN"]
    (several,) = facts(outcome, "many")
    minted |= set(several)
    assert len(minted) == 6 + 49
    assert {one["id"] for one in outcome.results[9]["leases"]} == minted
    kept = facts(outcome, "kept")[0]
    assert set(outcome.results[10]["revoked"]) == minted - {kept}
    assert after not in minted
    # The last one is ended at the run's end, and what outlives it is named.
    (report,) = reports(outcome.output)
    assert {one["lease_id"]: one["fate"] for one in report["own"]} == {kept: "stays", after: "revoked"}
    assert [one["id"] for one in accounts.leases()] == [kept]
    assert admin_token(accounts) not in outcome.output


@pytest.mark.one_core
def test_check_mode_foresees_the_end_of_what_it_did_not_mint(accounts: Accounts, plays: Plays) -> None:
    tasks = [
        {"name": "none", LEASE: {"minted": "run"}},
        {"name": "module", TOKEN: {"name": "app", "namespace": accounts.namespace}},
        {"name": "ended", LEASE: {"minted": "run"}},
    ]
    outcome = plays.tasks(tasks, arguments=("--check",)).ok()
    assert [one["changed"] for one in outcome.results] == [False, True, True]
    assert accounts.leases() == []


def killed_at(way: Watched, plays: Plays, play: dict[str, Any], request: str, *, with_worker: bool = True) -> None:
    """A run that is killed when it has sent this request, before the cluster hears of it.

    :arg with_worker: or only Ansible itself: where workers have sessions of their own, the worker gets its answer.
    """
    process = None

    def before(line: str) -> None:
        if request in line and process is not None:
            way.before = None
            if with_worker:
                kill(plays, process)
            else:
                process.kill()

    way.before = before
    process = start(plays, play, CALLBACK)
    ended(plays, process)


@pytest.mark.one_core
@pytest.mark.parametrize(
    ("how", "with_worker", "fate"),
    [
        pytest.param("lookup", True, "revoked", id="lookup"),
        # Its name was chosen where the module ran, and nobody says who this run was.
        pytest.param("module", True, "one of several", id="module"),
        pytest.param("module", False, "revoked", id="module whose worker goes on"),
    ],
)
def test_what_a_killed_run_was_minting_is_ended_or_named_by_the_next_one(
    cluster: Any, tmp_path: Path, how: str, with_worker: bool, fate: str
) -> None:
    with Watched(cluster, tmp_path) as way:
        accounts = new(cluster, way.kubeconfig)
        plays = Plays(tmp_path, {"K8S_AUTH_KUBECONFIG": str(way.kubeconfig)})
        options = {"credential_type": "dynamic", "role": {"name": "view"}}
        tasks = {
            "lookup": fact("x", lookup(accounts, "temp", **options)),
            "module": {"name": "x", TOKEN: {"name": "temp", "namespace": accounts.namespace, **options}},
        }
        play = {"hosts": "all", "gather_facts": False, "tasks": [tasks[how]]}
        killed_at(way, plays, play, "/token", with_worker=with_worker)
        assert len(accounts.left()) == 3
        if with_worker:
            (note,) = notes_of(plays)
            assert json.loads(note.read_text())["entry"]["phase"] == "asked"
        other = {"hosts": "all", "gather_facts": False, "tasks": [fact("y", lookup(accounts))]}
        outcome = plays.playbook([other], environment=JSON_LINE)
        (report,) = reports(outcome.output)
        assert [one["fate"] for one in report["own"]] == ["revoked"], outcome.output
        assert [one["fate"] for one in report["dead"]] == [fate], outcome.output
        if fate == "revoked":
            assert (accounts.left(), notes_of(plays)) == ([], [])
        else:
            assert f"It may be one of {accounts.namespace}/temp-" in report["dead"][0]["reason"]


@pytest.fixture
def killed(cluster: Any, tmp_path: Path) -> Iterator[tuple[Any, Plays]]:
    """What a run has left that was killed while it minted, and how the next one is started, which reaches nothing."""
    with Watched(cluster, tmp_path) as way:
        accounts = new(cluster, way.kubeconfig)
        plays = Plays(tmp_path, {})
        asked = lookup(accounts, "temp", credential_type="dynamic", role={"name": "view"})
        play = {"hosts": "all", "gather_facts": False, "tasks": [fact("x", asked)]}
        killed_at(way, replace(plays, environment={"K8S_AUTH_KUBECONFIG": str(way.kubeconfig)}), play, "/token")
        assert len(accounts.left()) == 3
        yield accounts, plays


NOTHING = {"hosts": "all", "gather_facts": False, "tasks": []}


@pytest.mark.one_core
@pytest.mark.parametrize("has_context", [True, False])
def test_any_run_that_reaches_the_cluster_ends_what_a_killed_one_left(
    killed: tuple[Any, Plays], tmp_path: Path, has_context: bool
) -> None:
    accounts, plays = killed
    kubeconfig = yaml.safe_load(Path(accounts.kubeconfig).read_text())
    other = {"name": "other", "cluster": {"server": "https://192.0.2.1"}}
    context = {"name": "other", "context": {"cluster": "other", "user": kubeconfig["users"][0]["name"]}}
    more = {"clusters": [*kubeconfig["clusters"], other], "contexts": [*kubeconfig["contexts"], context]}
    if not has_context:
        more = {"clusters": [other], "contexts": [context]}
    (tmp_path / "several").write_text(yaml.safe_dump({**kubeconfig, **more, "current-context": "other"}))
    environment = {**JSON_LINE, "K8S_AUTH_KUBECONFIG": str(tmp_path / "several")}
    (report,) = reports(plays.playbook([NOTHING], environment=environment).output)
    if has_context:
        assert [one["fate"] for one in report["dead"]] == ["revoked"]
        assert (accounts.left(), notes_of(plays)) == ([], [])
    else:
        assert report["dead"] == []
        assert "left leases that were minted elsewhere: http://127.0.0.1:" in report["warnings"][0]
        assert f"{accounts.namespace}/temp-" in report["warnings"][0]


@pytest.mark.one_core
def test_a_task_ends_what_dead_runs_left_at_its_cluster(killed: tuple[Any, Plays]) -> None:
    accounts, plays = killed
    ending = {"name": "end", LEASE: {"minted": "dead_runs", "kubeconfig": str(accounts.kubeconfig)}}
    foretold, outcome, again = (plays.tasks([ending], arguments=more).ok().result for more in (("--check",), (), ()))
    assert foretold["changed"]
    assert foretold["revoked"] == outcome["revoked"] != []
    assert (accounts.left(), notes_of(plays)) == ([], [])
    assert (again["changed"], again["revoked"]) == (False, [])
