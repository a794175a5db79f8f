# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of the role that died has left is settled by the next one, and leases that nobody holds are seen."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import origin_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster import left_behind
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import (
    GIVEN,
    MINTED,
    Note,
    Notes,
)
from kubernetes import client, config

from tests.integration.role.test_push_faults import AZURE, held
from tests.support.definitions import do
from tests.support.deliveries import Deliveries
from tests.support.rounds import living
from tests.support.site import Site

pytestmark = pytest.mark.one_core
OTHER, COPY = {**AZURE, "name": "other"}, {**AZURE, "name": "copy"}


class Left:
    """A journal of a run that died on another machine, and what the next run has to do with it."""

    def __init__(self, deliveries: Deliveries, site: Site, folder: Path, patch: pytest.MonkeyPatch) -> None:
        temporary = folder / "tmp" / "ansible-local-now"
        temporary.mkdir(parents=True)
        patch.setattr(left_behind, "run_folder", lambda: temporary)
        self._journal, self._site, self._namespace = folder / "journals" / "dead", site, deliveries.namespace
        self._journal.mkdir(parents=True)
        run = {"pid": 1, "started": "?", "machine": "another", "locked": True}
        (self._journal / "run.json").write_text(json.dumps(run))
        origin = origin_of(site.settings())
        self.notes = Notes(self._journal, origin)
        journals = str(folder / "journals")
        self.options: dict[str, Any] = {
            "notes": lambda: Notes.of_this_run(temporary, origin, journals, {}),
            "journal_dir": lambda: journals,
        }
        config.load_kube_config(str(deliveries.kubeconfig))
        self._cluster = client.ApiClient().configuration.host

    def lease(self, phase: str, name: str, lease_id: str | None = None, cluster: str = "") -> str:
        """The ID of a lease that was noted for a Secret of this name."""
        lease_id = lease_id or do(self._site, "dynamic_credentials", path="prod/azure")["lease_id"]
        needs = {"cluster": cluster or self._cluster, "namespace": self._namespace, "name": name}
        note = Note("dynamic_secret", self.notes.site, "prod/azure", f"Secret {name}", time.time(), needs=needs)
        self.notes.add(replace(note, id=lease_id, phase=phase))
        return str(lease_id)

    def asked(self, name: str) -> str:
        """The ID of a lease that was asked for when the run died."""
        needs = {"cluster": self._cluster, "namespace": self._namespace, "name": name}
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
    assert "Leases that dead runs had left, now ended: 4." in deliveries.lines
    assert living(site) & loose == set()
    assert living(site) == held(api, deliveries.namespace) | {elsewhere}
    assert {holding, copied} <= held(api, deliveries.namespace)
    (kept,) = left.notes.all()[0].values()
    assert kept.id == elsewhere


def test_what_cannot_be_ended_is_named_and_tried_again(deliveries: Deliveries, site: Site, left: Left) -> None:
    lease = left.lease(MINTED, "azure")
    site.fault("status", method="DELETE", path=f"/leases/id/{lease}", status=403)
    outcome = deliveries.run(AZURE, **left.options)
    assert outcome.problems == []
    assert any(f"A dead run has left a lease that may live on: {lease} (until" in one for one in outcome.warnings)
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
    assert warning.startswith("prod/azure: no Secret of this cluster holds these leases, minted by the same identity")
    assert loose in warning
    assert others not in warning
