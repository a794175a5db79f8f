# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When an entry counts as ready, and what is said where it does not."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.secrets import fingerprint
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.spec import MANAGED_LABEL
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.status import (
    Observed,
    Status,
    by_subject,
    statuses,
    warning_key,
)

AWS = {"name": "aws", "namespace": "web", "dynamic_secret": "prod/aws"}
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
FRESH = "2026-01-02T11:59:00Z"
KEYS = ("accessKeyId", "secretAccessKey", "sessionToken", "leaseId", "expiration")


def external(
    ready: str = "True", reason: str = "SecretSynced", synced: str = "2-abc", refreshed: str | None = FRESH, **spec: Any
) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready, "reason": reason, "message": "m"}]
    source = {"generatorRef": {"kind": "BeyondtrustWorkloadCredentialsDynamicSecret", "name": "aws"}}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "aws", "namespace": "web", "generation": 2, "uid": "u1"},
        "spec": {"refreshInterval": "45m", "dataFrom": [{"sourceRef": source}], **spec},
        "status": {"conditions": conditions, "syncedResourceVersion": synced, "refreshTime": refreshed},
    }


def secret(**texts: str) -> dict[str, Any]:
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    return {"kind": "Secret", "metadata": {"name": "aws", "namespace": "web"}, "data": data}


def whole(**texts: str) -> dict[str, Any]:
    return secret(**{**dict.fromkeys(KEYS, "x"), "expiration": "2026-01-02T12:30:00Z", **texts})


def status(seen: Observed, entry: dict[str, Any] | None = None, now: datetime = NOW) -> Status:
    (found,) = statuses(checked_entries([entry or AWS], "external_secret"), seen, now)
    return found


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (external(), None),
        (external(synced="1-abc"), "not synchronised its newest form"),
        (external(synced="21-abc"), "not synchronised its newest form"),
        (external("False", "SecretSyncedError", ""), "SecretSyncedError: m"),
        ({**external(), "status": {}}, "not processed it yet"),
        (None, "there is no ExternalSecret"),
    ],
)
def test_ready_means_that_this_generation_was_synchronised(found: dict[str, Any] | None, problem: str | None) -> None:
    one = status(Observed(external=[found] if found else []))
    assert one.reported()["ready"] is (problem is None)
    assert problem is None or problem in one.reported()["problem"]


@pytest.mark.parametrize(
    ("age", "spec", "is_late"),
    [
        (49, {}, False),
        (50, {}, True),
        (2, {"refreshInterval": "2m"}, False),
        (4, {"refreshInterval": "2m"}, True),
        (9999, {"refreshPolicy": "CreatedOnce"}, False),
        (9999, {"refreshPolicy": "OnChange"}, False),
        (9999, {"refreshInterval": "0s"}, False),
        (67, {"refreshInterval": None}, True),
    ],
)
def test_a_condition_outlives_its_controller(age: int, spec: dict[str, Any], is_late: bool) -> None:
    refreshed = (NOW - timedelta(minutes=age)).isoformat()
    found = external(refreshed=refreshed, **{name: value for name, value in spec.items() if value})
    if spec.get("refreshInterval", "") is None:
        # What the cluster's own default is.
        found["spec"]["refreshInterval"] = "1h0m0s"
    problem = status(Observed(external=[found])).problem
    assert ("check that its controller runs" in (problem or "")) is is_late


@pytest.mark.parametrize(
    ("found", "entry", "problem"),
    [
        (whole(), AWS, None),
        (None, AWS, "the operator calls it ready, but its Secret does not exist"),
        (secret(accessKeyId="x", leaseId="y"), AWS, "its Secret lacks expiration, secretAccessKey, sessionToken"),
        (secret(), AWS, "its Secret lacks accessKeyId"),
        (whole(expiration="2026-01-02T11:59:59Z"), AWS, "its credentials expired at 2026-01-02T11:59:59Z"),
        (whole(expiration="1767355199"), AWS, "its credentials expired at 2026-01-02T11:59:59Z"),
        (whole(expiration="soon"), AWS, None),
    ],
)
def test_ready_means_that_the_secret_holds_what_it_should(
    found: dict[str, Any] | None, entry: dict[str, Any], problem: str | None
) -> None:
    one = status(Observed(external=[external()], secrets=[found] if found else []), entry)
    assert (one.problem or "").startswith(problem or "") if problem is None else problem in str(one.problem)
    assert (one.problem is None) is (problem is None)


def test_the_end_of_the_credentials_is_known_where_the_secret_has_it() -> None:
    until = "web/aws: ready, until 2026-01-02T12:30:00Z."
    assert status(Observed(external=[external()], secrets=[whole()])).line == until
    template = {"template": {"data": {"ID": "{{ .accessKeyId }}", "END": '{{ index . "expiration" }}'}}}
    renamed = external(target=template)
    held = secret(ID="x", END="2026-01-02T12:30:00Z")
    assert status(Observed(external=[renamed], secrets=[held])).line == until
    assert "lacks END" in str(status(Observed(external=[renamed], secrets=[secret(ID="x")])).problem)
    without = external(target={"template": {"data": {"ID": "{{ .accessKeyId }}"}}})
    assert status(Observed(external=[without], secrets=[secret(ID="x")])).line == "web/aws: ready."


def test_behind_a_generator_of_the_cluster_the_keys_are_known_too() -> None:
    source = {"generatorRef": {"kind": "ClusterGenerator", "name": "shared"}}
    found = external(dataFrom=[{"sourceRef": source}])
    shared = {"metadata": {"name": "shared"}, "spec": {"kind": "STSSessionToken"}}
    seen = Observed(external=[found], generators=[shared], secrets=[secret(access_key_id="x")])
    assert "lacks expiration, secret_access_key, session_token" in str(status(seen).problem)


def event(kind: str, name: str, text: str, at: str, **more: Any) -> dict[str, Any]:
    subject = {"kind": kind, "name": name, "namespace": "web", "uid": "u1" if kind == "ExternalSecret" else "u2"}
    own = {"metadata": {"uid": text}, "reason": "Failed", "message": text, "lastTimestamp": at, "count": 1}
    return {**own, "involvedObject": {**subject, **more}}


def test_the_cause_of_a_static_secrets_failure_stands_at_its_store() -> None:
    found = external("False", "SecretSyncedError", "")
    found["spec"] = {"secretStoreRef": {"kind": "SecretStore", "name": "s"}}
    condition = {"type": "Ready", "status": "False", "reason": "InvalidProviderConfig", "message": "unable"}
    store = {"kind": "SecretStore", "metadata": {"name": "s", "namespace": "web", "uid": "u2"}}
    store["status"] = {"conditions": [condition]}
    events = [
        event("ExternalSecret", "aws", "store is not ready", "2026-01-02T11:00:00Z"),
        event("SecretStore", "s", "status 401", "2026-01-02T11:30:00Z"),
        event("SecretStore", "s", "an older one", "2026-01-02T11:10:00Z"),
        event("SecretStore", "s", "of its forerunner", "2026-01-02T11:50:00Z", uid="another"),
        event("SecretStore", "another", "no concern", "2026-01-02T11:50:00Z"),
    ]
    problem = status(Observed(external=[found], stores=[store], events=by_subject(events))).problem
    assert problem == (
        "SecretSyncedError: m (SecretStore s: InvalidProviderConfig: unable; Failed at 2026-01-02T11:30:00Z: "
        "status 401; Failed at 2026-01-02T11:00:00Z: store is not ready)"
    )


def test_the_store_of_the_cluster_belongs_to_no_namespace() -> None:
    found = external("False", "SecretSyncedError", "")
    found["spec"] = {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "s"}}
    stores = [
        {"kind": "SecretStore", "metadata": {"name": "s", "namespace": "web"}},
        {"kind": "ClusterSecretStore", "metadata": {"name": "s", "uid": "u2"}},
    ]
    events = [event("ClusterSecretStore", "s", "x509: unknown authority", FRESH, namespace="")]
    assert "x509" in str(status(Observed(external=[found], stores=stores, events=by_subject(events))).problem)


def test_what_was_said_before_a_change_is_no_answer_to_it() -> None:
    found, old = external("False", "SecretSyncedError", ""), event("ExternalSecret", "aws", "status 401", FRESH)
    before = {warning_key(old)}
    said = str(status(Observed(external=[found], events=by_subject([old]), before=before)).problem)
    assert "the operator has not tried again since the last change, and may wait up to 7 minutes" in said
    assert "before it said Failed at 2026-01-02T11:59:00Z: status 401" in said
    # The same again is counted up, and is an answer.
    again = status(Observed(external=[found], events=by_subject([{**old, "count": 2}]), before=before)).problem
    assert again == "SecretSyncedError: m (Failed at 2026-01-02T11:59:00Z: status 401)"


@pytest.mark.parametrize(
    ("expiration", "line"),
    [
        ("2099-01-01T00:00:00.123-06:00", "web/aws: ready, until 2099-01-01T06:00:00Z."),
        ("2020-01-01T00:00:00Z", "web/aws: its lease has expired."),
    ],
)
def test_a_pushed_secret_is_ready_while_its_lease_lives(expiration: str, line: str) -> None:
    prefix = "workload-credentials.ansible.com/"
    pushed = {**AWS, "delivery": "push"}
    (entry,) = checked_entries([pushed], "push")
    notes = {f"{prefix}expiration": expiration, f"{prefix}definition": fingerprint(entry), f"{prefix}keys": "[]"}
    metadata = {"name": "aws", "namespace": "web", "annotations": notes}
    found = {"kind": "Secret", "metadata": {**metadata, "labels": MANAGED_LABEL}}
    assert status(Observed(pushed=[found]), pushed).line == line
    # Where Secrets may not be listed they are got by name, whoever they belong to.
    assert (
        status(Observed(pushed=[{**found, "metadata": metadata}]), pushed).problem == "there is no Secret of this role"
    )
