# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of the role that died has left is settled by the next one, and leases that nobody holds are seen."""

from __future__ import annotations

import json
import shlex
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import (
    Origin,
    origin_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.client import InWorker
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.sources import origin_at
from ansible_collections.community.workload_credentials.plugins.plugin_utils._delivery import recovery
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.notes import (
    GIVEN,
    MINTED,
    Note,
    Notes,
)
from kubernetes import client, config

from tests.integration.role.test_push_faults import AZURE, held
from tests.support.accounts import Accounts
from tests.support.definitions import do
from tests.support.deliveries import Deliveries
from tests.support.plays import ANSIBLE_PLAYBOOK, Plays
from tests.support.rounds import living
from tests.support.site import Site

pytestmark = pytest.mark.one_core
OTHER, COPY = {**AZURE, "name": "other"}, {**AZURE, "name": "copy"}


class Left:
    """A journal of a run that died on another machine, and what the next run has to do with it."""

    def __init__(self, deliveries: Deliveries, site: Site, folder: Path, patch: pytest.MonkeyPatch) -> None:
        temporary = folder / "tmp" / "ansible-local-now"
        temporary.mkdir(parents=True)
        patch.setattr(recovery, "run_folder", lambda: temporary)
        self.journal, self._site, self._namespace = folder / "journals" / "dead", site, deliveries.namespace
        self.journal.mkdir(parents=True)
        run = {"pid": 1, "started": "?", "machine": "another", "locked": True}
        (self.journal / "run.json").write_text(json.dumps(run))
        origin = origin_of(site.settings())
        self.notes = Notes(self.journal, origin)
        journals = str(folder / "journals")
        self.options: dict[str, Any] = {
            "notes": lambda kind, service: Notes.of_this_run(temporary, self.origin(kind, service), journals, {}),
            "journal_dir": lambda: journals,
        }
        config.load_kube_config(str(deliveries.kubeconfig))
        self.cluster = client.ApiClient().configuration.host

    @staticmethod
    def origin(kind: str, service: Any) -> Origin:
        """Whose the notes of these leases are."""
        found = origin_at(kind, service)
        assert found
        return found

    def lease(self, phase: str, name: str, lease_id: str | None = None, cluster: str = "") -> str:
        """The ID of a lease that was noted for a Secret of this name."""
        lease_id = lease_id or do(self._site, "dynamic_credentials", path="prod/azure")["lease_id"]
        needs = {"cluster": cluster or self.cluster, "namespace": self._namespace, "name": name}
        note = Note("dynamic_secret", self.notes.site, "prod/azure", f"Secret {name}", time.time(), needs=needs)
        self.notes.add(replace(note, id=lease_id, phase=phase))
        return str(lease_id)

    def asked(self, name: str) -> str:
        """The ID of a lease that was asked for when the run died."""
        needs = {"cluster": self.cluster, "namespace": self._namespace, "name": name}
        self.notes.ask("prod/azure", f"Secret {name}", needs=needs)
        return str(do(self._site, "dynamic_credentials", path="prod/azure")["lease_id"])


@pytest.fixture
def left(deliveries: Deliveries, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Left:
    return Left(deliveries, site, tmp_path, monkeypatch)


def test_the_next_run_ends_what_no_secret_holds_and_nothing_else(
    deliveries: Deliveries, site: Site, left: Left
) -> None:
    api = client.CoreV1Api()
    deliveries.run(AZURE)
    (holding,) = held(api, deliveries.namespace)
    left.lease(GIVEN, "azure", holding)
    deliveries.run(COPY)
    (copied,) = held(api, deliveries.namespace) - {holding}
    # Noted for the Secret that this one was copied from.
    left.lease(GIVEN, "copied", copied)
    loose = {left.lease(GIVEN, "azure"), left.lease(GIVEN, "nowhere"), left.lease(MINTED, "azure")}
    loose.add(left.asked("azure"))
    elsewhere = left.lease(GIVEN, "azure", cluster="https://another.example.com")
    assert len(living(site)) == 7
    checked = deliveries.run(AZURE, check_mode=True, **left.options)
    assert (checked.problems, len(living(site))) == ([], 7)
    outcome = deliveries.run(AZURE, OTHER, **left.options)
    assert outcome.problems == []
    assert "Leases of dead runs that were revoked now: 4." in deliveries.lines
    assert living(site) & loose == set()
    assert living(site) == held(api, deliveries.namespace) | {elsewhere}
    assert {holding, copied} <= held(api, deliveries.namespace)
    (kept,) = left.notes.all()[0].values()
    assert kept.id == elsewhere


def test_a_token_that_no_secret_got_is_ended_at_its_cluster(
    deliveries: Deliveries, left: Left, accounts: Accounts, api: Any
) -> None:
    token: dict[str, Any] = {"name": "ci", "service_account_token": {"service_account": "app"}}
    deliveries.run(token)
    (holding,) = (lease["lease_id"] for lease in accounts.leases())
    loose = accounts.mint(name="ci", service_account="app")["lease_id"]
    with InWorker({"kubeconfig": deliveries.kubeconfig}) as cluster:
        notes = Notes(left.journal, left.origin("service_account", cluster))
    for lease_id, phase in ((holding, GIVEN), (loose, MINTED)):
        needs = {"cluster": left.cluster, "namespace": deliveries.namespace, "name": "ci"}
        note = Note("service_account", notes.site, "ci", "Secret ci", time.time(), phase, needs=needs)
        notes.add(replace(note, id=lease_id))
    # Killed before the answer came: its name was known before it was asked for.
    unmade = f"{deliveries.namespace}/ci-unmade"
    notes.ask("ci", "Secret ci", lease_id=unmade, needs=needs)
    outcome = deliveries.run(token, **left.options)
    assert outcome.problems == []
    assert "Leases of dead runs that were revoked now: 2." in deliveries.lines
    assert [lease["lease_id"] for lease in accounts.leases()] == [holding]
    assert notes.all()[0] == {}


def test_what_cannot_be_ended_is_named_and_tried_again(deliveries: Deliveries, site: Site, left: Left) -> None:
    lease = left.lease(MINTED, "azure")
    site.fault("status", method="DELETE", path=f"/leases/id/{lease}", status=403)
    outcome = deliveries.run(AZURE, **left.options)
    assert outcome.problems == []
    assert any(f"A lease of a dead run may still be active: {lease} (until" in one for one in outcome.warnings)
    assert deliveries.run(AZURE, **left.options).warnings == []
    assert lease not in living(site)


def test_verified_warns_of_leases_of_this_identity_that_no_secret_holds(deliveries: Deliveries, site: Site) -> None:
    site.token("somebody-else", ["read", "generate"])
    deliveries.run(AZURE)
    assert deliveries.run(AZURE, state="verified").warnings == []
    loose = do(site, "dynamic_credentials", path="prod/azure")["lease_id"]
    others = do(site, "dynamic_credentials", path="prod/azure", access_token="somebody-else")["lease_id"]
    outcome = deliveries.run(AZURE, state="verified")
    assert outcome.problems == []
    (warning,) = outcome.warnings
    assert warning.startswith("prod/azure: no Secret of this cluster uses these leases, minted by the same identity")
    assert loose in warning
    assert others not in warning


@pytest.mark.parametrize("state", ["present", "verified", "absent"])
def test_the_lease_of_a_secret_that_somebody_deleted_is_named(
    deliveries: Deliveries, site: Site, plays: Plays, state: str
) -> None:
    site.token("somebody-else", ["read", "generate"])
    deliveries.run(AZURE, OTHER)
    api = client.CoreV1Api()
    others = do(site, "dynamic_credentials", path="prod/azure", access_token="somebody-else")["lease_id"]
    kept = held(api, deliveries.namespace)
    api.delete_namespaced_secret("azure", deliveries.namespace)
    (lost,) = kept - held(api, deliveries.namespace)
    outcome = deliveries.run(AZURE, OTHER, state=state)
    (warning,) = outcome.warnings
    assert warning.startswith("prod/azure: no Secret of this cluster uses these leases, minted by the same identity")
    assert lost in warning
    assert others not in warning
    assert {lost, others} <= living(site)
    # The command that it names is typed.
    words = shlex.split(warning[warning.index("To revoke them, run: ") :].partition(": ")[2])
    assert words[-1] == f"lease_id={lost}"
    program = ANSIBLE_PLAYBOOK.with_name(words[0])
    subprocess.run([program, *words[1:]], cwd=plays.folder, env=plays.variables({}), capture_output=True, check=True)
    assert lost not in living(site)
    assert others in living(site)


def test_a_first_delivery_names_nothing(deliveries: Deliveries, site: Site) -> None:
    site.token("somebody-else", ["read", "generate"])
    do(site, "dynamic_credentials", path="prod/azure", access_token="somebody-else")
    assert deliveries.run(AZURE).warnings == []
