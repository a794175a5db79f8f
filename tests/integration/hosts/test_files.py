# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file on a host: written once, renewed when it is due, and nothing else changes it."""

from __future__ import annotations

import json
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.hosts.conftest import MODULE, Host
from tests.support.definitions import do, populate
from tests.support.env_files import by_systemd
from tests.support.site import Site

INFO = "community.workload_credentials.credentials_file_info"


def living(site: Site) -> set[str]:
    """The IDs of the leases that have not ended."""
    return {lease["id"] for lease in site.leases() if lease["state"] == "active"}


def age(host: Host, part: float) -> None:
    """Let the note say that so much of the lease's life has passed."""
    noted = host.noted
    now = time.time()
    minted, expiration = now - 3600 * part, now + 3600 * (1 - part)
    for name, moment in (("minted", minted), ("expiration", expiration)):
        noted["lease"][name] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
    host.note.write_text(json.dumps(noted), encoding="utf-8")


def mode(path: Any) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def test_three_runs_are_changed_ok_ok_with_one_lease_and_one_list_a_run(host: Host, site: Site) -> None:
    first = host.run().ok().result
    assert (first["changed"], first["reason"]) == (True, "minted: file missing")
    assert sorted(by_systemd(host.file.read_text())) == ["AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"]
    assert (mode(host.file), mode(host.note)) == (0o600, 0o600)
    content = host.file.read_bytes()
    for _run in range(2):
        site.forget()
        again = host.run().ok().result
        assert not again["changed"]
        assert re.fullmatch("kept: 59 minutes left|kept: 60 minutes left", again["reason"])
        assert (again["lease_id"], again["expiration"]) == (first["lease_id"], first["expiration"])
        assert site.requests() == ["GET /leases/azure?folder=prod"]
    assert host.file.read_bytes() == content
    assert [lease["id"] for lease in site.leases()] == [first["lease_id"]]
    assert sorted(path.name for path in host.folder.iterdir()) == [host.note.name, host.file.name]


@pytest.mark.thorough
@pytest.mark.one_core
def test_a_handler_runs_once(host: Host) -> None:
    play = {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [{**host.task(), "notify": "restart"}],
        "handlers": [{"name": "restart", "ansible.builtin.debug": {"msg": "restarted"}}],
    }
    outputs = [host.plays.playbook([play]).output for _run in range(3)]
    assert [output.count("restarted") for output in outputs] == [1, 0, 0]


def test_a_due_lease_is_renewed_and_the_next_run_ends_the_former(host: Host, site: Site) -> None:
    first = host.run().ok().result
    age(host, 0.76)
    second = host.run("--diff").ok().result
    assert second["changed"]
    assert re.fullmatch("minted: lease due: 14 minutes left", second["reason"])
    assert [(one["lease_id"], one["ended"]) for one in second["superseded"]] == [(first["lease_id"], False)]
    assert living(site) == {first["lease_id"], second["lease_id"]}
    assert second["diff"]["before"]["lease_id"] == first["lease_id"]
    assert second["diff"]["after"]["lease_id"] == second["lease_id"]
    third = host.run().ok().result
    assert not third["changed"]
    assert [(one["lease_id"], one["ended"]) for one in third["superseded"]] == [(first["lease_id"], True)]
    assert living(site) == {second["lease_id"]}
    assert host.run().ok().result["superseded"] == []
    assert host.noted["superseded"] == []


@pytest.mark.thorough
@pytest.mark.one_core
@pytest.mark.parametrize(("policy", "left"), [("end", 1), ("keep", 2)])
def test_a_superseded_lease_is_ended_at_once_or_never(host: Host, site: Site, policy: str, left: int) -> None:
    tasks = [host.task(), host.task(renew="always", superseded=policy), host.task(superseded=policy)]
    _first, second, third = host.tasks(tasks).ok().results
    assert [one["ended"] for one in second["superseded"]] == [policy == "end"]
    assert not third["changed"]
    assert len(living(site)) == left


@pytest.mark.thorough
@pytest.mark.one_core
def test_a_file_that_each_run_renews_leaves_one_former_lease(host: Host, site: Site) -> None:
    made = [one["lease_id"] for one in host.tasks([host.task(renew="always")] * 4).ok().results]
    assert living(site) == set(made[-2:])
    assert [lease["id"] for lease in host.noted["superseded"]] == [made[-2]]


@pytest.mark.thorough
@pytest.mark.one_core
def test_a_lease_of_aws_only_expires_and_is_named_until_then(host: Host, site: Site) -> None:
    aws = {"dynamic_secret": "prod/aws", "format": "aws_credentials"}
    tasks = [host.task(**aws), host.task(**aws, renew="always"), host.task(**aws)]
    first, second, third = host.tasks(tasks).ok().results
    (superseded,) = second["superseded"]
    assert (superseded["lease_id"], superseded["revocable"], superseded["ended"]) == (first["lease_id"], False, False)
    assert not third["changed"]
    assert not any(line.startswith("DELETE") for line in site.requests())
    assert [one["id"] for one in host.noted["superseded"]] == [first["lease_id"]]


@pytest.mark.one_core
def test_a_lease_that_somebody_revoked_is_due_unless_nobody_is_to_look(host: Host, site: Site) -> None:
    first = host.run().ok().result
    do(site, "lease", state="absent", lease_id=first["lease_id"])
    assert host.run(check_lease=False).ok().result["lease_id"] == first["lease_id"]
    second = host.run().ok().result
    assert (second["changed"], second["reason"]) == (True, "minted: its lease ended early")


@pytest.mark.thorough
@pytest.mark.one_core
def test_a_token_that_may_not_list_leases_keeps_the_file(host: Host, site: Site) -> None:
    host.run().ok()
    token = site.token_for("GenerateDynamicCredential", "ReadDynamicSecret", path="prod")
    kept = host.run(access_token=token).ok().result
    assert (kept["changed"], kept.get("warnings", [])) == (False, [])


def test_permissions_alone_change_without_a_lease(host: Host, site: Site) -> None:
    host.run().ok()
    site.forget()
    predicted = host.run("--check", "--diff", mode="0640").ok().result
    assert (predicted["changed"], mode(host.file)) == (True, 0o600)
    changed = host.run("--diff", mode="0640").ok().result
    assert (changed["changed"], changed["diff"]["after"]["mode"]) == (True, "0640")
    assert (mode(host.file), mode(host.note)) == (0o640, 0o640)
    assert not host.run(mode="0640").ok().result["changed"]
    assert site.writes() == []


def test_check_mode_predicts_and_touches_nothing(host: Host, site: Site) -> None:
    predicted = host.run("--check", "--diff").ok().result
    assert (predicted["changed"], predicted["reason"], predicted["lease_id"]) == (True, "minted: file missing", None)
    assert list(host.folder.iterdir()) == []
    host.run().ok()
    assert not host.run("--check").ok().result["changed"]
    age(host, 0.9)
    before = {path: (path.read_bytes(), os.stat(path).st_mtime_ns) for path in host.folder.iterdir()}
    assert host.run("--check").ok().result["reason"].startswith("minted: lease due")
    assert host.run("--check", state="absent").ok().result["changed"]
    assert {path: (path.read_bytes(), os.stat(path).st_mtime_ns) for path in host.folder.iterdir()} == before
    assert len(site.leases()) == 1


@pytest.mark.one_core
@pytest.mark.parametrize(
    "what",
    [
        "changed",
        "note lost",
        *(
            pytest.param(what, marks=pytest.mark.thorough)
            for what in ("missing", "note damaged", "other format", "other keys")
        ),
    ],
)
def test_what_is_not_as_it_should_be_gets_a_new_lease_and_no_lease_is_lost(host: Host, site: Site, what: str) -> None:
    first = host.run().ok().result
    options: dict[str, Any] = {}
    if what == "changed":
        host.file.write_text("mine")
    elif what == "missing":
        host.file.unlink()
    elif what == "note lost":
        host.note.unlink()
    elif what == "note damaged":
        host.note.write_text('{"managed_by": ')
    elif what == "other format":
        options = {"format": "json"}
    else:
        options = {"keys": {"SECRET": "client_secret"}}
    second = host.run(**options).ok().result
    assert second["changed"]
    assert second["lease_id"] != first["lease_id"]
    assert not host.run(**options).ok().result["changed"]
    # Without the note nothing leads to the first lease.
    assert living(site) == {second["lease_id"], *([first["lease_id"]] if "note" in what else [])}


@pytest.mark.one_core
def test_a_file_that_is_not_ours_is_replaced_only_by_force(host: Host, site: Site) -> None:
    host.file.write_text("mine")
    refused = host.run().result
    assert refused["failed"]
    assert "force=true" in refused["msg"]
    assert (host.file.read_text(), site.leases()) == ("mine", [])
    assert host.run(state="absent").result["failed"]
    assert host.run(force=True).ok().result["changed"]
    assert "AZURE_CLIENT_SECRET" in host.file.read_text()


@pytest.mark.one_core
def test_absent_removes_file_and_note_and_ends_all_leases(host: Host, site: Site) -> None:
    gone = host.task(state="absent", dynamic_secret=None, format=None)
    tasks = [host.task(), host.task(renew="always"), host.task(state="absent"), gone]
    _first, _second, removed, again = host.tasks(tasks).ok().results
    assert (removed["changed"], [one["ended"] for one in removed["superseded"]]) == (True, [True, True])
    assert (list(host.folder.iterdir()), living(site)) == ([], set())
    assert (again["changed"], again["reason"]) == (False, "absent: nothing is there")


def test_a_static_secret_is_written_when_a_value_differs(host: Host, site: Site) -> None:
    options = {"dynamic_secret": None, "static_secret": "prod/app", "format": "env_file"}
    assert host.run(**options).ok().result["reason"] == "written: file missing"
    assert by_systemd(host.file.read_text())["password"] == "canary-static-password"
    again = host.run(**options).ok().result
    assert (again["changed"], again["reason"]) == (False, "kept: its values are the same")
    do(site, "static_secret", path="prod/app", secret={"password": "new"})
    assert host.run("--check", **options).ok().result["changed"]
    third = host.run(**options).ok().result
    assert (third["changed"], third["reason"]) == (True, "written: other values")
    assert by_systemd(host.file.read_text())["password"] == "new"
    assert not host.run(**options).ok().result["changed"]


def test_a_template_is_rendered_with_the_credentials_and_what_a_value_says_is_no_template(
    host: Host, site: Site
) -> None:
    do(site, "static_secret", path="prod/app", secret={"password": "{{ 1 + 1 }}", "user": "x"})
    (host.plays.folder / "app.j2").write_text("p={{ credentials.password }} h={{ inventory_hostname }}\n")
    options = {"dynamic_secret": None, "static_secret": "prod/app", "format": None, "template": "app.j2"}
    assert host.run(**options).ok().result["changed"]
    assert host.file.read_text() == "p={{ 1 + 1 }} h=host0\n"
    assert not host.run(**options).ok().result["changed"]
    (host.plays.folder / "app.j2").write_text("{{ credentials.passwort }}")
    failed = host.run(**options).result
    assert failed["failed"]
    assert "app.j2 cannot be rendered" in failed["msg"]
    assert host.file.read_text() == "p={{ 1 + 1 }} h=host0\n"


INVALID = {
    "sh -c 'cat %s; exit 3'": "validate: the command refused the new file (status 3)",
    "/no/such/program %s": "validate: the command cannot be run",
}


@pytest.mark.one_core
def test_a_refused_file_leaves_the_former_one_and_no_lease(host: Host, site: Site) -> None:
    first = host.run().ok().result
    before = {path: path.read_bytes() for path in host.folder.iterdir()}
    tasks = [host.task(renew="always", validate=command) for command in INVALID]
    outcome = host.tasks([*tasks, host.task(validate="grep -q AZURE_TENANT_ID %s")])
    for words, refused in zip(INVALID.values(), outcome.results[:-1], strict=True):
        assert refused["failed"]
        assert words in refused["msg"]
    assert "AZURE_CLIENT_SECRET" not in outcome.output
    assert not outcome.result["changed"]
    assert {path: path.read_bytes() for path in host.folder.iterdir()} == before
    assert living(site) == {first["lease_id"]}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"path": "/no/such/folder/x"}, "there is no folder /no/such/folder on the host"),
    ({"path": "/etc/passwd/x"}, "/etc/passwd on the host is not a folder"),
    ({"owner": "nobody-of-that-name"}, "the host knows no owner 'nobody-of-that-name'"),
    ({"format": "env_file", "keys": {"a-b": "client_id"}}, "cannot name 'a-b'"),
    ({"keys": {"A": "no_such_key"}}, "have no 'no_such_key'"),
    ({"format": "kubeconfig"}, "have no 'kubeconfig'"),
    ({"static_secret": "prod/app"}, "Exactly one of"),
    ({"dynamic_secret": "prod/nothing"}, "prod/nothing"),
    ({"host_step": {"do": "look"}}, "it is not for tasks"),
    ({"template": "x.j2"}, "template"),
    ({"mode": "rw-r--r--"}, "mode: 'rw-r--r--' is no mode"),
    ({"validate": "true"}, "validate: it must contain %s"),
    ({"validate": "sh -c 'test -s %s"}, "validate: the command cannot be split into words (No closing quotation)"),
]


@pytest.mark.one_core
def test_what_is_refused_is_refused_before_anything_is_minted(host: Host, site: Site) -> None:
    made = host.tasks([host.task(**one) for one, _words in REFUSED]).results
    for (_options, words), refused in zip(REFUSED, made, strict=True):
        assert refused["failed"]
        assert words in refused["msg"]
    assert (site.leases(), list(host.folder.iterdir())) == ([], [])


@pytest.mark.thorough
@pytest.mark.one_core
def test_async_is_refused_with_the_reason(host: Host, site: Site) -> None:
    refused = host.tasks([{**host.task(), "async": 30, "poll": 1}]).result
    assert "async: this task mints on the controller" in refused["msg"]
    assert site.leases() == []


@pytest.mark.one_core
def test_what_lies_on_a_host_is_listed(host: Host) -> None:
    made = host.run().ok().result
    other = host.folder / "other"
    host.run(path=str(other), renew="always").ok()
    other.write_text("mine")
    outcome = host.tasks([{INFO: {"paths": [str(host.folder)]}}]).ok()
    first, second = outcome.result["credentials_files"]
    assert first["lease_id"] == made["lease_id"]
    assert (first["state"], first["due"], first["source"]) == (
        "intact",
        False,
        {"kind": "dynamic_secret", "name": "prod/azure"},
    )
    assert (second["path"], second["state"]) == (str(other), "changed")
    (missing,) = host.tasks([{INFO: {"path": str(host.folder / "x")}}]).ok().result["credentials_files"]
    assert (missing["state"], missing["lease_id"]) == ("missing", None)


def test_hosts_share_one_list_and_each_has_a_lease_of_its_own(host: Host, site: Site) -> None:
    task = {MODULE: {"path": f"{host.folder}/{{{{ inventory_hostname }}}}", "dynamic_secret": "prod/azure"}}
    host.plays.tasks([task], hosts=8, arguments=["-f", "4"]).ok()
    assert len(site.leases()) == 8
    assert sum(line.startswith("GET /dynamic/") for line in site.requests()) == 1, "one definition for all hosts"
    site.forget()
    host.plays.tasks([task], hosts=8, arguments=["-f", "4"]).ok()
    assert site.requests() == ["GET /leases/azure?folder=prod"]


@pytest.mark.thorough
@pytest.mark.one_core
def test_a_loop_and_run_once_and_delegation_write_what_they_name(host: Host, site: Site) -> None:
    looped = {
        MODULE: {"path": f"{host.folder}/{{{{ item }}}}", "dynamic_secret": "prod/azure"},
        "loop": ["a", "b"],
    }
    once = {MODULE: {"path": f"{host.folder}/once", "dynamic_secret": "prod/azure"}, "run_once": True}
    delegated = {
        MODULE: {"path": f"{host.folder}/of-{{{{ inventory_hostname }}}}", "dynamic_secret": "prod/azure"},
        "delegate_to": "localhost",
        "throttle": 1,
    }
    host.tasks([looped]).ok()
    host.plays.tasks([once, delegated], hosts=2, play={"serial": 2}).ok()
    names = [path.name for path in sorted(host.folder.iterdir()) if not path.name.startswith(".")]
    assert names == ["a", "b", "of-host0", "of-host1", "once"]
    assert len(site.leases()) == 5
    noted = json.loads((host.folder / ".of-host0.workload-credentials").read_text())
    assert noted["host"] == "localhost"


@pytest.mark.thorough
@pytest.mark.one_core
@pytest.mark.parametrize("version", ["3.9", "3.13"])
def test_a_host_with_any_python_is_written_to(host: Host, version: str) -> None:
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))
    if not installed:
        pytest.skip(f"there is no Python {version}")
    inventory = {"host0": {**host.plays.host(), "ansible_python_interpreter": str(installed[0])}}
    tasks = [host.task(), host.task(renew="always"), host.task(state="absent"), {INFO: {"paths": [str(host.folder)]}}]
    outcome = host.plays.playbook([{"hosts": "all", "gather_facts": False, "tasks": tasks}], inventory=inventory)
    assert outcome.status == 0, outcome.output
    assert "changed=3" in outcome.output


@pytest.mark.thorough
@pytest.mark.one_core
def test_another_site_needs_another_lease_and_does_not_end_those_of_the_first(
    host: Host, site: Site, unused_sites: Iterator[str]
) -> None:
    first = host.run().ok().result
    other = Site(site.emulator, next(unused_sites))
    populate(other)
    moved = host.run(site_id=other.site_id).ok().result
    assert (moved["reason"], len(living(other)), living(site)) == ("minted: other site", 1, {first["lease_id"]})
    kept = host.run(site_id=other.site_id).ok().result
    assert not kept["changed"]
    assert f"They are of the site {site.site_id}" in " ".join(kept["warnings"])
    assert living(site) == {first["lease_id"]}
