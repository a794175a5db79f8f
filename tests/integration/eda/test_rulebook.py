# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real ansible-rulebook with the collection's rulebook: a Secret is renewed before its lease ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import written
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import LEASE_MARKS

from tests.integration.eda.conftest import HOUR, ago, deliver_long_ago
from tests.support.role import Role
from tests.support.site import TOKEN, Site

pytestmark = [
    pytest.mark.one_core,
    pytest.mark.skipif(not shutil.which("java"), reason="ansible-rulebook needs Java"),
]
RULEBOOK = Path(sys.executable).with_name("ansible-rulebook")
NAME = "community.workload_credentials.renew"


@contextmanager
def listening(role: Role, log: Path, variables: dict[str, Any]) -> Iterator[Callable[[str, int], None]]:
    """ansible-rulebook at work; gives a function that waits until its log has a text so often."""
    folder = role.plays.folder
    (folder / "vars.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")
    (folder / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": {"localhost": role.plays.host()}}}))
    command = [str(RULEBOOK), "--rulebook", NAME, "--inventory", "inventory.yml", "--vars", "vars.yml", "--verbose"]
    environment = {**role.plays.variables({}), "JAVA_HOME": str(Path(shutil.which("java") or "").resolve().parents[1])}
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield lambda text, times: _until(process, log, text, times)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _until(process: subprocess.Popen[bytes], log: Path, text: str, times: int) -> None:
    deadline = time.monotonic() + 120
    while log.read_text(encoding="utf-8").count(text) < times:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.2)


def test_a_secret_is_renewed_before_its_lease_ends(role: Role, site: Site, cluster: Any, tmp_path: Path) -> None:
    deliver_long_ago(role, site)
    old = role.secret("app").metadata.annotations[LEASE_MARKS[0]]
    entry = {"name": "app", "namespace": role.namespace, "dynamic_secret": "prod/azure"}
    other = {"name": "other", "namespace": role.namespace, "dynamic_secret": "prod/azure"}
    entries = tmp_path / "entries.yml"
    entries.write_text(yaml.safe_dump({"cluster_credentials_entries": [other, entry]}), encoding="utf-8")
    variables = {
        "clusters": [{"name": "main", "kubeconfig": str(cluster.kubeconfig), "namespace": role.namespace}],
        "entries": str(entries),
        "state_file": str(tmp_path / "told.json"),
        "interval": 1,
    }
    site.forget()
    with listening(role, tmp_path / "log", variables) as wait:
        wait("PLAY RECAP", 1)
    output = (tmp_path / "log").read_text(encoding="utf-8")
    assert "failed=0" in output, output
    assert role.secret("app").metadata.annotations[LEASE_MARKS[0]] != old
    # One lease for the one entry, and the end of the old one.
    assert [line.split()[0] for line in site.writes()] == ["POST", "DELETE"]
    assert [*json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))] == [old]
    values = [value for value in [*role.data("app").values(), TOKEN] if len(value) > 15]
    assert values
    assert not [value for value in values if value in output]


def test_a_file_on_a_host_is_renewed_before_its_lease_ends(role: Role, site: Site, tmp_path: Path) -> None:
    path = tmp_path / "azure.env"
    task = {"path": str(path), "dynamic_secret": "prod/azure", "format": "dotenv"}
    with ago(site, HOUR - 300):
        play = {"hosts": "localhost", "tasks": [{"community.workload_credentials.credentials_file": task}]}
        made = role.plays.playbook([{**play, "gather_facts": False}], inventory={"localhost": role.plays.host()})
    assert made.status == 0, made.output
    note = tmp_path / ".azure.env.workload-credentials"
    noted = json.loads(note.read_text(encoding="utf-8"))
    old = noted["lease"]["id"]
    noted["lease"]["minted"] = written(datetime.now(UTC) - timedelta(seconds=HOUR - 300))
    note.write_text(json.dumps(noted), encoding="utf-8")
    files = tmp_path / "files.yml"
    others = {**task, "path": str(tmp_path / "other"), "dynamic_secret": "prod/aws"}
    files.write_text(yaml.safe_dump({"credentials_files": [{**task, "mode": "0600"}, others]}), encoding="utf-8")
    variables = {
        "clusters": [],
        "folder": "prod",
        "files": str(files),
        "files_hosts": "localhost",
        "files_become": False,
        "state_file": str(tmp_path / "told.json"),
        "interval": 1,
    }
    with listening(role, tmp_path / "log", variables) as wait:
        wait("PLAY RECAP", 1)
    output = (tmp_path / "log").read_text(encoding="utf-8")
    assert "failed=0" in output, output
    renewed = json.loads(note.read_text(encoding="utf-8"))
    assert (renewed["lease"]["id"] != old, [one["id"] for one in renewed["superseded"]]) == (True, [old])
    assert not (tmp_path / "other").exists()
    assert TOKEN not in output
