# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which entries are due, and what their Secrets look like."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import (
    Credentials,
    Lease,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.objects import FIELD_MANAGER
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.pushed_secrets import (
    has_marks,
    is_same,
    kept,
    leftovers,
    manifest,
    misfit,
    shown,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.secrets import (
    EXPIRATION,
    LEASE,
    MINTED,
    named,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.spec import MANAGED_LABEL
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.steps import (
    Step,
    foreign,
    planned,
)

NOW = datetime.now(UTC).replace(microsecond=0)
LIFE = timedelta(hours=8)
AWS = {"name": "aws", "namespace": "web", "dynamic_secret": "prod/aws"}
APP = {"name": "app", "namespace": "web", "static_secret": "prod/app"}
VALUES = {
    "accessKeyId": "ASIA",
    "secretAccessKey": "canary-key",
    "sessionToken": "canary-token",
    "leaseId": "l",
    "expiration": (NOW + LIFE).isoformat(),
}
KEYS = sorted(VALUES)


def secret(entry: dict[str, Any] | None = None, values: Any = None) -> dict[str, Any]:
    """The Secret of an entry as the cluster has it after the role has run."""
    (checked,) = checked_entries([entry or AWS], "push")
    lease = None if "static_secret" in (entry or AWS) else Lease("l", "prod/aws", NOW, NOW + LIFE)
    made = manifest(checked, Credentials(values or VALUES, lease))
    made["metadata"]["managedFields"] = [{"manager": FIELD_MANAGER, "fieldsV1": fields(made)}]
    return made


def fields(made: dict[str, Any]) -> dict[str, Any]:
    """What the API server says that its writer owns."""
    metadata = {
        f"f:{field}": {f"f:{name}": {} for name in made["metadata"][field]} for field in ("labels", "annotations")
    }
    return {"f:data": {".": {}, **{f"f:{key}": {} for key in made["data"]}}, "f:metadata": metadata}


def step(existing: dict[str, Any] | None, entry: dict[str, Any] | None = None, now: datetime = NOW) -> Step:
    (one,) = planned(checked_entries([entry or AWS], "push"), [existing] if existing else [], now, prune=False)
    return one


@pytest.mark.parametrize(
    ("left", "action", "reason"),
    [
        (0.9, "keep", "it is fresh"),
        (0.26, "keep", "it is fresh"),
        (0.24, "mint", "at most a quarter of its lifetime is left"),
        (-0.1, "mint", "it has expired"),
    ],
)
def test_a_lease_is_renewed_when_a_quarter_of_its_life_is_left(left: float, action: str, reason: str) -> None:
    found = step(secret(), now=NOW + LIFE * (1 - left))
    assert (found.action, found.reason) == (action, reason)
    assert found.line == f"web/aws: {action}, {reason}"


@pytest.mark.parametrize(
    "owned", [{"manager": FIELD_MANAGER, "fieldsV1": {"f:data": {"f:accessKeyId": {}}}}, {"manager": FIELD_MANAGER}]
)
def test_missing_keys_are_seen_in_the_metadata_alone(owned: dict[str, Any]) -> None:
    existing = secret()
    del existing["data"]
    existing["metadata"]["managedFields"] = [owned]
    assert step(existing).reason == "its data was changed by someone else"


@pytest.mark.parametrize(
    ("data", "action"), [({"f:accessKeyId": {}}, "mint"), ({"f:more": {}}, "mint"), ({".": {}}, "keep"), (None, "keep")]
)
def test_another_writer_of_data_is_seen_even_if_the_keys_are_the_same(data: Any, action: str) -> None:
    existing = secret()
    (own,) = existing["metadata"]["managedFields"]
    # Who writes another value takes the key away from who had written it.
    own["fieldsV1"]["f:data"] = {key: one for key, one in own["fieldsV1"]["f:data"].items() if key not in (data or ())}
    owner = {"manager": "kubectl-edit", "fieldsV1": {"f:data": data} if data else {"f:metadata": {}}}
    existing["metadata"]["managedFields"].append(owner)
    assert step(existing).action == action


def test_a_writer_of_the_same_value_costs_no_lease() -> None:
    existing = secret()
    owner = {"manager": "external-secrets", "fieldsV1": {"f:data": {"f:accessKeyId": {}}}}
    existing["metadata"]["managedFields"].append(owner)
    assert step(existing).action == "keep"


@pytest.mark.parametrize("keys", ["no json", "5", '{"a": 1}', "[null]", ""])
def test_what_somebody_wrote_into_the_role_s_annotations_is_no_crash(keys: str) -> None:
    existing = secret()
    existing["metadata"]["annotations"]["workload-credentials.ansible.com/keys"] = keys
    assert step(existing).reason == "its data was changed by someone else"


@pytest.mark.parametrize("minted", ["", "yesterday", "9999-12-31T23:59:59-23:00"])
def test_a_lease_of_unknown_age_is_renewed_and_not_forgotten(minted: str) -> None:
    existing = secret()
    existing["metadata"]["annotations"][MINTED] = minted
    found = step(existing)
    assert (found.action, found.supersedes and found.supersedes.id) == ("mint", "l")


@pytest.mark.parametrize(
    "change",
    [
        {"dynamic_secret": "prod/other"},
        {"format": "aws_env"},
        {"keys": {"id": "accessKeyId"}},
        {"type": "example.com/aws"},
    ],
)
def test_another_definition_needs_a_new_lease(change: dict[str, Any]) -> None:
    assert step(secret(), {**AWS, **change}).reason == "its definition has changed"


@pytest.mark.parametrize("change", [{"labels": {"a": "b"}}, {"annotations": {"a": "b"}}])
def test_labels_and_annotations_need_none(change: dict[str, Any]) -> None:
    assert step(secret(), {**AWS, **change}).action == "keep"


@pytest.mark.parametrize("annotation", [EXPIRATION, MINTED, LEASE])
def test_a_secret_without_its_lease_is_renewed(annotation: str) -> None:
    existing = secret()
    del existing["metadata"]["annotations"][annotation]
    assert step(existing).reason == "its expiration is not known"


def test_only_pushed_secrets_are_pruned_and_only_when_asked() -> None:
    other = {"metadata": {"name": "foreign", "namespace": "web", "labels": {}}}
    connection = {"metadata": {"name": "token", "namespace": "web", "labels": dict(MANAGED_LABEL)}}
    existing, entries = [secret(), other, connection], checked_entries([APP], "push")
    assert [one.action for one in planned(entries, existing, NOW, prune=False)] == ["read"]
    read, remove = planned(entries, existing, NOW, prune=True)
    assert (read.name, read.action, read.supersedes) == ("app", "read", None)
    assert (remove.name, remove.action) == ("aws", "remove")
    assert remove.supersedes == Lease("l", "web/aws", NOW, NOW + LIFE)


def test_a_secret_that_was_pushed_is_let_go_when_the_operator_delivers_it() -> None:
    found = step(secret(), {**AWS, "delivery": "external_secret"})
    assert (found.action, found.supersedes and found.supersedes.id) == ("let_go", "l")


def test_a_secret_of_the_operator_is_taken_over() -> None:
    existing = secret()
    existing["metadata"]["ownerReferences"] = [{"kind": "ExternalSecret"}]
    assert (step(existing).is_operated, step(existing).reason) == (True, "it moves from the operator to push")


@pytest.mark.parametrize("delivery", ["push", "external_secret"])
def test_a_secret_of_somebody_else_is_theirs_unless_the_operator_was_told_to_merge(delivery: str) -> None:
    found = named([{"metadata": {"name": "aws", "namespace": "web"}}])
    (said,) = foreign(checked_entries([{**AWS, "delivery": delivery}], "push"), found)
    assert said.startswith("web/aws: a Secret of this name exists and is not managed by this role")
    merging = {**AWS, "delivery": "external_secret", "creation_policy": "Merge"}
    assert foreign(checked_entries([merging], "push"), found) == []
    assert foreign(checked_entries([AWS], "push"), named([secret()])) == []


def test_keys_that_others_have_added_are_patched_away_and_the_operators_label_with_them() -> None:
    made, existing = secret(), secret()
    existing["data"]["more"] = "eA=="
    patch = leftovers(made, existing)
    assert patch is not None
    assert patch["data"] == {"more": None}
    assert leftovers(made, secret()) is leftovers(made, None) is None
    existing = secret()
    existing["metadata"]["labels"]["reconcile.external-secrets.io/managed"] = "true"
    patch = leftovers(made, existing)
    assert patch is not None
    assert patch["metadata"]["labels"] == {"reconcile.external-secrets.io/managed": None}


def test_a_kept_secret_keeps_its_data_and_loses_a_label_that_nobody_wants_any_more() -> None:
    (with_label,) = checked_entries([{**AWS, "labels": {"app": "web"}}], "push")
    (without,) = checked_entries([AWS], "push")
    existing = secret({**AWS, "labels": {"app": "web"}})
    existing["metadata"]["labels"]["others"] = "label"
    assert is_same(existing, kept(with_label, existing))
    assert (has_marks(with_label, existing), has_marks(without, existing)) == (True, False)
    again = kept(without, existing)
    assert (again["data"], again["metadata"]["labels"]) == (existing["data"], MANAGED_LABEL)


def test_values_that_are_no_text_become_json() -> None:
    data = secret(APP, {"port": 5432, "hosts": ["a"], "user": "app"})["data"]
    texts = {key: base64.b64decode(text).decode() for key, text in data.items()}
    assert texts == {"port": "5432", "hosts": '["a"]', "user": "app"}


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("azcollection_env", ["AZURE_CLIENT_ID", "AZURE_SECRET", "AZURE_TENANT"]),
        ("arm_env", ["ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_TENANT_ID"]),
    ],
)
def test_a_pushed_secret_has_the_variables_of_its_format(name: str, variables: list[str]) -> None:
    values = {"client_id": "an-id", "client_secret": "canary-key", "tenant_id": "a-tenant", "key_id": "a-key"}
    made = secret({"name": "azure", "namespace": "web", "dynamic_secret": "prod/azure", "format": name}, values)
    texts = {key: base64.b64decode(text).decode() for key, text in made["data"].items()}
    assert texts == dict(zip(variables, ("an-id", "canary-key", "a-tenant"), strict=True))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"keys": {"a": "nothing"}}, "web/aws.keys: prod/aws has no nothing; it has accessKeyId, "),
        ({"format": "azure_env"}, "web/aws.format: prod/aws has no client_id, client_secret, tenant_id; it has "),
        ({"format": "aws_credentials"}, None),
        ({"keys": {"a": "leaseId"}}, None),
        ({}, None),
    ],
)
def test_what_cannot_become_the_entry_is_known_from_its_keys(change: dict[str, Any], says: str | None) -> None:
    (entry,) = checked_entries([{**AWS, **change}], "push")
    found = misfit(entry, KEYS)
    assert found is None if says is None else found is not None and found.startswith(says)


def test_annotations_and_diffs_hold_no_value_and_times_are_utc() -> None:
    made = secret()
    notes = made["metadata"]["annotations"]
    assert "canary" not in str(made["metadata"])
    assert notes[EXPIRATION] == (NOW + LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")
    view = shown(made, "new values", is_minted=False)
    assert not [value for value in made["data"].values() if value in str(view)]
    assert {view["annotations"][name] for name in (LEASE, EXPIRATION, MINTED)} == {"known after minting"}
    assert view["keys"] == KEYS
