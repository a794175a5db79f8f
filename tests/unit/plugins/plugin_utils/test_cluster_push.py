# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which entries are due, and what their Secrets look like."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError, StateError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_marks import (
    EXPIRATION,
    FIELD_MANAGER,
    MANAGED_LABEL,
    MARKS,
    MINTED,
    condensed,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_plan import (
    letting_go,
    planned,
    takeovers,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_push import (
    difference,
    leftovers,
    manifests,
    push,
    report,
)

NOW = datetime.now(UTC)
LIFE = timedelta(hours=8)
AWS = {"name": "aws", "namespace": "web", "dynamic_secret": "prod/aws"}
APP = {"name": "app", "namespace": "web", "static_secret": "prod/app"}
CREDENTIALS = {
    "accessKeyId": "ASIA",
    "secretAccessKey": "s",
    "sessionToken": "t",
    "leaseId": "l",
    "expiration": (NOW + LIFE).isoformat(),
}
LEASE_OF = {"leaseId": "l", "expiration": CREDENTIALS["expiration"]}


def secret(entry: dict[str, Any] | None = None, values: Any = None) -> dict[str, Any]:
    """The Secret of an entry as the cluster has it after the role has run."""
    entries = checked_entries([entry or AWS], "push")
    held = [values or CREDENTIALS]
    (made,) = manifests(entries, planned(entries, [], NOW), [], held, held)
    made["metadata"]["managedFields"] = [{"manager": FIELD_MANAGER, "fieldsV1": {"f:data": {}}}]
    return made


def due(existing: dict[str, Any], entry: dict[str, Any] | None = None, now: datetime = NOW) -> tuple[str, str]:
    (one,) = planned(checked_entries([entry or AWS], "push"), [existing], now)
    return one["action"], one["reason"]


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (0.9, ("keep", "it is fresh")),
        (0.26, ("keep", "it is fresh")),
        (0.24, ("mint", "no more than a quarter of its life is left")),
        (-0.1, ("mint", "it has expired")),
    ],
)
def test_a_lease_is_renewed_when_a_quarter_of_its_life_is_left(left: float, expected: tuple[str, str]) -> None:
    assert due(secret(), now=NOW + LIFE * (1 - left)) == expected


@pytest.mark.parametrize("data", [{"accessKeyId": "eA=="}, {}, {**secret()["data"], "more": "eA=="}])
def test_missing_and_additional_keys_are_seen(data: dict[str, str]) -> None:
    assert due({**secret(), "data": data}) == ("mint", "its data was changed by somebody else")


@pytest.mark.parametrize(("seconds", "action"), [(60, "mint"), (-60, "keep")])
def test_another_writer_of_data_counts_once_even_if_the_keys_are_the_same(seconds: int, action: str) -> None:
    existing = secret()
    at = (NOW + timedelta(seconds=seconds)).isoformat()
    owner = {"manager": "kubectl-edit", "time": at, "fieldsV1": {"f:data": {"f:accessKeyId": {}}}}
    existing["metadata"]["managedFields"].append(owner)
    # What was written before the lease was minted has been overwritten since.
    assert due(existing)[0] == action


def test_keys_that_others_own_are_patched_away_and_the_operators_label_with_them() -> None:
    made, existing = secret(), secret()
    existing["data"]["more"] = "eA=="
    existing["metadata"]["managedFields"].append(
        {"manager": "kubectl-edit", "fieldsV1": {"f:data": {".": {}, "f:more": {}, "f:accessKeyId": {}}}}
    )
    (patch,) = leftovers([made], [existing])
    assert patch["data"] == {"more": None}
    assert leftovers([made], [secret()]) == leftovers([made], []) == []
    existing = secret()
    existing["metadata"]["labels"]["reconcile.external-secrets.io/managed"] = "true"
    (patch,) = leftovers([made], [existing])
    assert patch["metadata"]["labels"] == {"reconcile.external-secrets.io/managed": None}


def test_only_pushed_secrets_are_pruned_and_only_when_asked() -> None:
    foreign = {"metadata": {"name": "foreign", "namespace": "web", "labels": {}}}
    connection = {"metadata": {"name": "token", "namespace": "web", "labels": dict(MANAGED_LABEL)}}
    existing = [secret(), foreign, connection]
    entries = checked_entries([APP], "push")
    assert [one["action"] for one in planned(entries, existing, NOW)] == ["read"]
    plan = planned(entries, existing, NOW, prune=True)
    assert [(one["name"], one["action"], one["supersedes"]) for one in plan] == [
        ("app", "read", None),
        ("aws", "remove", LEASE_OF),
    ]


def test_a_secret_that_was_pushed_is_let_go_when_the_operator_delivers_it() -> None:
    (one,) = planned(checked_entries([{**AWS, "delivery": "external_secret"}], "push"), [secret()], NOW)
    assert (one["action"], one["supersedes"]) == ("let_go", LEASE_OF)
    status = {"namespace": "web", "name": "aws", "ready": False}
    assert letting_go([one], [status]) == []
    (settled,) = letting_go([one], [{**status, "ready": True}])
    assert settled["patch"]["metadata"] == {"name": "aws", "namespace": "web", "annotations": dict.fromkeys(MARKS)}


def test_the_operator_may_take_a_foreign_secret_over_only_where_it_was_told_to_merge() -> None:
    foreign = {"metadata": {"name": "aws", "namespace": "web"}}
    operated = {**AWS, "delivery": "external_secret"}
    assert planned(checked_entries([{**operated, "creation_policy": "Merge"}], "push"), [foreign], NOW) == []
    with pytest.raises(StateError, match="web/aws: a Secret of this name exists and is not managed by this role"):
        planned(checked_entries([operated], "push"), [foreign], NOW)


def test_a_difference_names_what_changes_and_holds_no_value() -> None:
    before, after = secret(), secret({**AWS, "keys": {"ID": "accessKeyId"}})
    assert difference([before], [before]) == {"before": {}, "after": {}}
    found = difference([before], [after])
    assert found["before"]["web/aws"]["keys"] == sorted(before["data"])
    assert (found["after"]["web/aws"]["keys"], found["after"]["web/aws"]["data"]) == (["ID"], "new values")
    assert not [value for value in (*before["data"].values(), *after["data"].values()) if value in str(found)]


def test_a_secret_of_this_roles_external_secret_is_taken_over_and_no_other() -> None:
    existing = secret()
    existing["metadata"].update(ownerReferences=[{"kind": "ExternalSecret"}], labels={})
    plan = planned(checked_entries([AWS], "push"), [existing], NOW)
    assert (plan[0]["action"], plan[0]["reason"]) == ("mint", "it moves from the operator to push")
    ours = {"apiVersion": "v", "kind": "ExternalSecret", "metadata": {"name": "aws", "namespace": "web", "uid": "u"}}
    where = {"name": "aws", "namespace": "web"}
    unowned = {"apiVersion": "v1", "kind": "Secret", "metadata": {**where, "ownerReferences": None}}
    assert takeovers(plan, [ours]) == {"external": [{**ours, "metadata": where}], "secrets": [unowned]}
    with pytest.raises(StateError, match="web/aws: an ExternalSecret that this role does not manage"):
        takeovers(plan, [])


@pytest.mark.parametrize(
    "change", [{"dynamic_secret": "prod/other"}, {"format": "aws_env"}, {"keys": {"id": "accessKeyId"}}]
)
def test_another_definition_needs_a_new_lease(change: dict[str, Any]) -> None:
    assert due(secret(), {**AWS, **change}) == ("mint", "its definition has changed")


@pytest.mark.parametrize("change", [{"labels": {"a": "b"}}, {"annotations": {"a": "b"}}])
def test_labels_and_annotations_need_none(change: dict[str, Any]) -> None:
    assert due(secret(), {**AWS, **change})[0] == "keep"


@pytest.mark.parametrize("annotation", [EXPIRATION, MINTED])
def test_a_secret_without_its_dates_is_renewed(annotation: str) -> None:
    existing = secret()
    del existing["metadata"]["annotations"][annotation]
    assert due(existing) == ("mint", "its expiration is not known")


def test_a_secret_of_somebody_else_is_refused() -> None:
    existing = secret()
    existing["metadata"]["labels"] = {}
    with pytest.raises(StateError, match="web/aws: a Secret of this name exists and is not managed by this role"):
        due(existing)


def test_a_kept_secret_is_applied_as_it_is() -> None:
    entries, existing = checked_entries([AWS], "push"), secret()
    plan = planned(entries, [existing], NOW)
    (again,) = manifests(entries, plan, [existing], [], [])
    assert (again["data"], again["metadata"]["annotations"]) == (
        existing["data"],
        existing["metadata"]["annotations"],
    )
    assert report(plan, [existing], [again])[0]["action"] == "kept"


def test_values_that_are_no_text_become_json() -> None:
    data = secret(APP, {"port": 5432, "hosts": ["a"], "user": "app"})["data"]
    texts = {key: base64.b64decode(text).decode() for key, text in data.items()}
    assert texts == {"port": "5432", "hosts": '["a"]', "user": "app"}


def test_a_key_that_the_source_does_not_have_is_named() -> None:
    with pytest.raises(OptionError, match="web/aws.keys: prod/aws has no nothing; it has accessKeyId"):
        secret({**AWS, "keys": {"a": "nothing"}})


def test_annotations_and_report_hold_no_value() -> None:
    made = secret(values={**CREDENTIALS, "secretAccessKey": "canary-key", "sessionToken": "canary-token"})
    entries = checked_entries([AWS], "push")
    assert "canary" not in str(made["metadata"])
    assert "canary" not in str(report(planned(entries, [], NOW), [], [made]))


@pytest.mark.parametrize("delivery", ["push", "external_secret"])
def test_a_secret_of_another_type_is_refused(delivery: str) -> None:
    entries = checked_entries([{**AWS, "delivery": delivery, "type": "example.com/aws"}], "push")
    with pytest.raises(StateError, match=r"web/aws\.type: the Secret is of type Opaque"):
        planned(entries, [secret()], NOW)


def test_only_what_changes_is_applied_and_a_label_that_nobody_wants_any_more_goes() -> None:
    entry = {**AWS, "labels": {"app": "web"}}
    existing = secret(entry)
    existing["metadata"]["labels"]["others"] = "label"
    own = existing["metadata"]["managedFields"][0]["fieldsV1"]
    own["f:metadata"] = {"f:labels": {".": {}, "f:app": {}}, "f:annotations": {}}
    existing = condensed(existing)

    def pushed(wanted: dict[str, Any]) -> tuple[int, list[str]]:
        entries = checked_entries([wanted], "push")
        found = push(entries, planned(entries, [existing], NOW), [existing], [], [])
        return len(found["manifests"]), [one["action"] for one in found["report"]]

    assert pushed(entry) == (0, ["kept"])
    assert pushed(AWS) == (1, ["updated"])
