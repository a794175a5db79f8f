# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback plugin leases at the end of whole runs, and what the next run finds of one that was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import origin_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases import journal, run_end
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases import run_end as progress
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.notes import Notes

from tests.kubernetes.tests.waiting import wait_until
from tests.support.definitions import do, populate
from tests.support.plays import ANSIBLE_PLAYBOOK, Plays
from tests.support.rounds import CALLBACK, kill, living, notes_of, output_of, start
from tests.support.site import TOKEN, Site

COLLECTION = "community.workload_credentials"
DYNAMIC = f"{COLLECTION}.dynamic_credentials"
JSON_LINE = {**CALLBACK, "WORKLOAD_CREDENTIALS_JSON_LINE": "true"}
# A stdout callback of that kind; those of ansible.posix are not here.
AS_JSON = """
import json
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = "name: jsonlike\\ntype: stdout\\nshort_description: JSON\\ndescription: [JSON.]\\noptions: {}"


class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "stdout", "jsonlike"

    def v2_playbook_on_stats(self, stats):
        self._display.display(json.dumps({"hosts": sorted(stats.processed)}))
"""


@pytest.fixture(autouse=True)
def definitions(site: Site) -> None:
    """Something to generate from."""
    populate(site)


def read(path: str = "prod/azure", **options: Any) -> dict[str, Any]:
    more = "".join(f", {name}={value!r}" for name, value in options.items())
    return {
        "name": "read",
        "ansible.builtin.debug": {"msg": "{{ query('" + DYNAMIC + f"', '{path}'{more}) | length }}}}"},
    }


def play(*tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "test", "hosts": "all", "gather_facts": False, "tasks": list(tasks), **more}


def reports(output: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in output.splitlines() if line.startswith('{"workload_credentials_leases"')]
    return [line["workload_credentials_leases"] for line in lines]


def test_a_run_that_fails_ends_its_leases_and_tells_of_each(plays: Plays, site: Site) -> None:
    connection = {f"workload_credentials_{name}": value for name, value in {"access_token": TOKEN}.items()}
    tasks = [
        read(),
        read("prod/aws"),
        read(reuse="never", outlives_run=True),
        {"name": "module", DYNAMIC: {"path": "prod/azure"}},
        {"name": "ended", f"{COLLECTION}.lease": {"path": "prod/azure"}, "when": "false"},
        {"name": "fails", "ansible.builtin.fail": {}},
    ]
    # The token is known to the play alone, and to nobody in Ansible's main process.
    outcome = plays.playbook(
        [play(*tasks, vars=connection)], environment={**CALLBACK, "BEYONDTRUST_ACCESS_TOKEN": None}
    )
    assert outcome.status == 2
    table = outcome.output.partition("LEASES OF THIS RUN")[2]
    first = min(table.splitlines()[1:5])
    by_kind = {one["type"]: one["id"] for one in site.leases() if one["state"] == "active"}
    assert len(living(site)) == 2
    assert first.startswith("prod/aws ")
    assert first.endswith(f" (cannot be revoked early): {by_kind['aws']}")
    assert f"{by_kind['azure']} outlives the run, until " in table
    assert table.count("  revoked") == 2
    assert "host host0" in table
    assert TOKEN not in outcome.output
    assert notes_of(plays) == []


def test_a_run_that_mints_nothing_shows_and_asks_nothing(plays: Plays, site: Site) -> None:
    outcome = plays.playbook([play({"name": "nothing", "ansible.builtin.debug": {}})], environment=CALLBACK)
    assert "LEASES" not in outcome.output
    assert site.requests() == []


def test_output_that_programs_read_stays_one_document(plays: Plays, site: Site) -> None:
    (plays.folder / "jsonlike.py").write_text(AS_JSON)
    apart = replace(plays, before=("sh", "-c", 'exec "$@" 2>errors', "sh"))
    environment = {**CALLBACK, "ANSIBLE_STDOUT_CALLBACK": "jsonlike", "ANSIBLE_CALLBACK_PLUGINS": str(plays.folder)}
    outcome = apart.playbook([play(read())], environment=environment).ok()
    assert json.loads(outcome.output) == {"hosts": ["host0"]}
    assert "LEASES OF THIS RUN" in (plays.folder / "errors").read_text()
    assert living(site) == set()


@pytest.mark.one_core
@pytest.mark.thorough
def test_a_run_of_several_playbooks_that_names_the_plugin_twice_ends_its_leases_once(plays: Plays, site: Site) -> None:
    site.token("other-token", ["read", "generate", "revoke"])
    first = play(read(), vars={"workload_credentials_access_token": "other-token"})
    (plays.folder / "first.yml").write_text(json.dumps([first]))
    twice = ",".join([CALLBACK["ANSIBLE_CALLBACKS_ENABLED"]] * 2)
    environment = {**JSON_LINE, "ANSIBLE_CALLBACKS_ENABLED": twice}
    (report,) = reports(plays.playbook([play(read())], arguments=["first.yml"], environment=environment).output)
    assert [one["fate"] for one in report["own"]] == ["revoked", "revoked"]
    assert report["warnings"] == []


@pytest.mark.one_core
@pytest.mark.thorough
def test_show_only_ends_nothing_and_a_slip_neither(plays: Plays, site: Site) -> None:
    shown = plays.playbook([play(read())], environment={**CALLBACK, "WORKLOAD_CREDENTIALS_SHOW_ONLY": "yes"})
    (lease,) = living(site)
    assert f"{lease} lives until " in shown.output
    slip = plays.playbook([play(read())], environment={**CALLBACK, "WORKLOAD_CREDENTIALS_SHOW_ONLY": "yess"})
    assert "show_only: 'yess' is neither yes nor no" in " ".join(slip.output.split())
    assert len(living(site)) == 2


@pytest.mark.one_core
def test_what_could_not_be_ended_is_named_with_its_reason(plays: Plays, site: Site) -> None:
    site.fault("status", method="DELETE", path="/leases", status=403)
    site.fault("drop_after", method="POST", path="/dynamic/azure/generate")
    tasks = [{**read(), "ignore_errors": True}, read(), read(reuse="never")]
    (report,) = reports(plays.playbook([play(*tasks)], environment=JSON_LINE).output)
    # The lease of the answer that was lost is found, and ended like any other.
    assert sorted(one["fate"] for one in report["own"]) == ["refused", "revoked", "revoked"]
    (refused,) = (one for one in report["own"] if one["fate"] == "refused")
    assert {refused["lease_id"]} == living(site)
    assert "status 403" in refused["reason"]


def killed(plays: Plays, site: Site, *tasks: dict[str, Any], **environment: str) -> None:
    """A run that is killed with SIGKILL after these tasks, and that has no process any more."""
    fifo = plays.folder / "go"
    fifo.unlink(missing_ok=True)
    os.mkfifo(fifo)
    wait = {"name": "wait", "ansible.builtin.command": f"cat {fifo}", "changed_when": False}
    process = start(plays, play(*tasks, wait), environment)
    # Who reads the other end is in the last task.
    writer = os.open(fifo, os.O_WRONLY)
    kill(plays, process)
    process.wait()
    os.close(writer)


def test_the_next_run_ends_what_a_killed_one_left(plays: Plays, site: Site) -> None:
    killed(plays, site, read(), read("prod/aws"), {"name": "module", DYNAMIC: {"path": "prod/azure"}})
    assert len(living(site)) == 3
    (aws,) = living(site, "aws")
    ending = {"name": "end", f"{COLLECTION}.lease": {"minted": "dead_runs"}}
    foretold, outcome, again = (plays.tasks([ending], arguments=more).ok() for more in (("--check",), (), ()))
    assert foretold.result["changed"]
    assert sorted(foretold.result["revoked"]) == sorted(outcome.result["revoked"])
    assert len(outcome.result["revoked"]) == 2
    assert [one["id"] for one in outcome.result["not_revocable"]] == [aws]
    assert living(site) == {aws}
    assert notes_of(plays) == []
    assert not again.result["changed"]


ENDING = {"name": "end", f"{COLLECTION}.lease": {"minted": "dead_runs"}}


@pytest.mark.one_core
def test_what_a_dead_run_minted_with_another_token_is_ended_with_the_one_of_now(plays: Plays, site: Site) -> None:
    site.token("other-token", ["read", "generate", "write"])
    killed(plays, site, read(), BEYONDTRUST_ACCESS_TOKEN="other-token")
    (lease,) = living(site)
    foretold, outcome = (plays.tasks([ENDING], arguments=more).ok().result for more in (("--check",), ()))
    assert (foretold["revoked"], foretold["changed"]) == (outcome["revoked"], outcome["changed"]) == ([lease], True)
    assert (living(site), notes_of(plays)) == (set(), [])


@pytest.mark.one_core
def test_what_this_token_may_not_end_is_named_until_it_has_expired(plays: Plays, site: Site, tmp_path: Path) -> None:
    site.token("reads-only", ["read"])
    elsewhere = {"WORKLOAD_CREDENTIALS_JOURNAL_DIR": str(tmp_path / "journal")}
    killed(plays, site, read(), **elsewhere)
    (lease,) = living(site)
    now = {**elsewhere, "BEYONDTRUST_ACCESS_TOKEN": "reads-only"}
    said = " ".join(plays.tasks([ENDING], environment=now).ok().result["warnings"])
    assert f"Leases that another token has minted may still be active: {lease} (until " in said
    (report,) = reports(plays.playbook([play()], environment={**JSON_LINE, **now}).output)
    assert [(one["lease_id"], one["fate"]) for one in report["dead"]] == [(lease, "refused")]
    (folder,) = (tmp_path / "journal").iterdir()
    (note,) = (folder / "minted").iterdir()
    entry = json.loads(note.read_text())
    note.write_text(json.dumps({**entry, "entry": {**entry["entry"], "expiration": "2020-01-01T00:00:00Z"}}))
    assert reports(plays.playbook([play()], environment={**JSON_LINE, **now}).output) == []
    assert list((tmp_path / "journal").iterdir()) == []


@pytest.mark.one_core
def test_what_lies_on_another_site_is_named_with_its_place(plays: Plays, site: Site, tmp_path: Path) -> None:
    elsewhere = {"WORKLOAD_CREDENTIALS_JOURNAL_DIR": str(tmp_path / "journal")}
    killed(plays, site, read(), **elsewhere)
    (lease,) = living(site)
    (folder,) = (tmp_path / "journal").iterdir()
    (note,) = (folder / "minted").iterdir()
    entry = json.loads(note.read_text())
    there = "https://another.example.com"
    note.write_text(json.dumps({**entry, "by": "another", "entry": {**entry["entry"], "site": there}}))
    (folder / "minted" / "damaged").write_text("")
    (report,) = reports(plays.playbook([play()], environment={**JSON_LINE, **elsewhere}).output)
    said = " ".join(report["warnings"])
    assert f"left leases that were minted elsewhere: {there}: {lease} (until 20" in said
    assert f"they are noted in {folder} until they have expired" in said
    assert f"{folder / 'minted' / 'damaged'}.damaged" in said
    assert (folder / "minted" / "damaged.damaged").exists()


@pytest.mark.one_core
def test_a_run_ends_what_its_earlier_token_minted(plays: Plays, site: Site, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("other-token")
    site.token("other-token", ["read", "generate", "write"])
    rotate = {"name": "rotate", "ansible.builtin.copy": {"content": TOKEN, "dest": str(token), "mode": "0600"}}
    ending = {"name": "end", f"{COLLECTION}.lease": {"minted": "run"}}
    rotated = {"BEYONDTRUST_ACCESS_TOKEN": None, "BEYONDTRUST_ACCESS_TOKEN_FILE": str(token)}
    outcome = plays.tasks([read(), rotate, read("prod/azure", reuse="never"), ending], environment=rotated).ok()
    assert len(outcome.result["revoked"]) == 2
    assert living(site) == set()


@pytest.mark.one_core
def test_a_journal_outlives_the_temporary_folder_and_the_machine(plays: Plays, site: Site, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    elsewhere = {"WORKLOAD_CREDENTIALS_JOURNAL_DIR": str(journal)}
    killed(plays, site, read(), **CALLBACK, **elsewhere)
    (folder,) = journal.iterdir()
    assert not any(TOKEN.encode() in one.read_bytes() for one in folder.rglob("*") if one.is_file())
    # As if it had been left by a container.
    run = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**run, "machine": "another"}))
    (report,) = reports(plays.playbook([play()], environment={**JSON_LINE, **elsewhere}).output)
    assert [one["fate"] for one in report["dead"]] == ["revoked"]
    assert living(site) == set()
    assert list(journal.iterdir()) == []


@pytest.mark.newest_core
def test_a_living_run_keeps_its_leases(plays: Plays, site: Site, tmp_path: Path) -> None:
    fifo = plays.folder / "go"
    os.mkfifo(fifo)
    wait = {"name": "wait", "ansible.builtin.command": f"cat {fifo}", "changed_when": False}
    process = start(plays, play(read(), wait), CALLBACK)
    writer = os.open(fifo, os.O_WRONLY)
    other = Plays(tmp_path / "other", plays.environment)
    other.folder.mkdir()
    shared = {"ANSIBLE_HOME": str(plays.folder / "ansible")}
    assert other.playbook([play(read())], environment={**JSON_LINE, **shared}).status == 0
    assert len(living(site)) == 1
    os.close(writer)
    assert process.wait(60) == 0
    assert living(site) == set()
    assert "  revoked" in output_of(plays).read_text()


@pytest.mark.one_core
def test_leases_that_may_have_ended_are_not_used_again(plays: Plays, site: Site) -> None:
    lease_id = "{{ lookup('" + DYNAMIC + "', 'prod/azure', key='leaseId') }}"
    get = {"ansible.builtin.set_fact": {"found": lease_id}}
    site.fault("status", method="DELETE", path="/leases", status=403, skip=0)
    remove = {f"{COLLECTION}.dynamic_secret": {"path": "prod/azure", "state": "absent", "revoke_leases": True}}
    both = {DYNAMIC: {"path": "prod/azure"}}
    results = plays.tasks([get, both, remove, get]).results
    first, again = (results[number]["ansible_facts"]["found"] for number in (0, 3))
    assert results[2]["failed"]
    assert first != again


HANGS = """
import time
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "notification", "hangs"

    def v2_playbook_on_stats(self, stats):
        for marker in ("begun", "interrupted"):
            open(marker, "w").close()
            try:
                time.sleep(1000)
            except KeyboardInterrupt:
                pass
"""


def test_where_ansible_hangs_a_second_ctrl_c_still_ends_leases(plays: Plays, site: Site) -> None:
    (plays.folder / "callback_plugins").mkdir()
    (plays.folder / "callback_plugins" / "hangs.py").write_text(HANGS)
    process = start(plays, play(read()), CALLBACK)
    for marker in ("begun", "interrupted"):
        wait_until((plays.folder / marker).exists, f"the file {marker}", 60)
        os.killpg(process.pid, signal.SIGINT)
    process.wait(60)
    assert "  revoked" in output_of(plays).read_text()
    assert living(site) == set()


@pytest.fixture
def left(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An order about twenty leases of a run that is dead, for a process that has two seconds."""
    monkeypatch.setattr(run_end, "_FOR_ENDING", 12.0)
    monkeypatch.setattr(run_end, "_FOR_REPORTING", 10.0)
    journals = tmp_path / "journals"
    (tmp_path / "ansible-local-own").mkdir()
    (tmp_path / "ansible-local-dead").mkdir()
    journal.claim(journals / "dead", tmp_path / "ansible-local-dead")
    file = journals / "dead" / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "started": "before"}))
    notes = Notes(journals / "dead", origin_of(site.settings()))
    for _number in range(20):
        result = do(site, "dynamic_credentials", path="prod/azure")
        name = notes.ask("prod/azure", "host web1")
        notes.minted(name, result["lease_id"], expiration=result["expiration"], revocable=True)
    connection = asdict(site.settings())
    own = {"temporary": str(tmp_path / "ansible-local-own"), "journal_dir": str(journals), "key": ""}
    return {**own, "ends": True, "connection": connection, "done": []}


@pytest.mark.newest_core
def test_what_is_open_when_the_time_is_over_is_named_with_its_expiration(site: Site, left: dict[str, Any]) -> None:
    site.fault("delay", method="DELETE", path="/leases", times=99, seconds=60)
    site.fault("status", method="DELETE", path="/leases", times=1, status=403)
    report = run_end._carried_out(left)
    assert {one["lease_id"] for one in report["dead"]} == living(site)
    assert {one["fate"] for one in report["dead"]} == {"refused"}
    assert all(one["expiration"] for one in report["dead"])
    reasons = [one["reason"] for one in report["dead"]]
    assert reasons.count("the service did not answer within the time limit for revoking leases.") >= 19
    assert report["warnings"] == ["leases: the time limit for revoking leases passed before all were answered."]


@pytest.mark.newest_core
def test_a_process_that_dies_has_told_of_each_lease_by_then(
    site: Site, left: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[int, int]] = []
    started: list[Any] = []
    popen = run_end.subprocess.Popen

    def start(*given: Any, **options: Any) -> Any:
        started.append(popen(*given, **options))
        return started[0]

    class Impatient(progress.ProgressReader):
        def tick(self) -> None:
            if len(self._leases) - len(self._open) >= 5:
                started[0].kill()
            super().tick()

    monkeypatch.setattr(run_end.subprocess, "Popen", start)
    monkeypatch.setattr(run_end, "ProgressReader", Impatient)
    monkeypatch.setattr(progress, "_FIRST", 0.0)
    monkeypatch.setattr(progress, "_EACH", 0.0)
    site.fault("delay", method="DELETE", path="/leases", times=99, seconds=0.1)
    report = run_end._carried_out(left, lambda *numbers: shown.append(numbers))
    named = {one["lease_id"]: one["fate"] for one in report["dead"]}
    assert len(named) == 20
    assert {"revoked", "refused"} == set(named.values())
    # One that was just being ended is named.
    assert living(site) <= {one for one, fate in named.items() if fate == "refused"}
    assert "failed with status -9" in report["warnings"][0]
    assert shown[0] == (0, 20)


@pytest.mark.one_core
def test_a_journal_that_a_power_cut_has_damaged_is_looked_after_and_told(
    plays: Plays, site: Site, tmp_path: Path
) -> None:
    elsewhere = {"WORKLOAD_CREDENTIALS_JOURNAL_DIR": str(tmp_path / "journal")}
    killed(plays, site, read(), **CALLBACK, **elsewhere)
    (folder,) = (tmp_path / "journal").iterdir()
    (folder / "run.json").write_text("")
    (report,) = reports(plays.playbook([play()], environment={**JSON_LINE, **elsewhere}).output)
    assert [one["fate"] for one in report["dead"]] == ["revoked"]
    assert f"damaged, as after a power cut or on a full disk: {folder / 'run.json'}." in report["warnings"][0]
    assert living(site) == set()
    assert list((tmp_path / "journal").iterdir()) == []


@pytest.mark.thorough
def test_a_run_that_nobody_looks_after_warns_once(plays: Plays, site: Site, tmp_path: Path) -> None:
    tasks = [read(), read(reuse="never"), {"name": "module", DYNAMIC: {"path": "prod/azure"}}]
    hosts = {"host0": plays.host(), "host1": plays.host()}
    said = "The leases of this run stay active if it is interrupted"

    def count(*what: dict[str, Any], **environment: str) -> int:
        outcome = plays.playbook([play(*what)], inventory=hosts, environment=environment).ok()
        return " ".join(outcome.output.split()).count(said)

    assert count(*tasks) == 1
    assert count(*tasks, **CALLBACK) == 0
    assert count(*tasks, WORKLOAD_CREDENTIALS_JOURNAL_DIR=str(tmp_path / "journal")) == 0
    # What nothing can end, and what is meant to live on.
    assert count(read("prod/aws"), read(reuse="never", outlives_run=True)) == 0


@pytest.mark.thorough
def test_an_ad_hoc_command_and_a_console_end_their_leases_where_they_load_callbacks(plays: Plays, site: Site) -> None:
    (plays.folder / "inventory.yml").write_text(json.dumps({"all": {"hosts": {"host0": plays.host()}}}))
    environment = plays.variables({**CALLBACK, "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1"})

    def run(program: str, *arguments: str, words: str = "") -> str:
        command = [str(ANSIBLE_PLAYBOOK.with_name(program)), "-i", "inventory.yml", "all", *arguments]
        done = subprocess.run(
            command, cwd=plays.folder, env=environment, input=words, capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    adhoc = run("ansible", "-m", DYNAMIC, "-a", "path=prod/azure")
    console = run("ansible-console", words=f"{DYNAMIC} path=prod/azure\nexit\n")
    for output in (adhoc, console):
        assert output.count("LEASES OF THIS RUN") == 1, output
        assert output.count("  revoked") == 1
    assert len(site.leases()) == 2
    assert living(site) == set()
