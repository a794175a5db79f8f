# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushed tokens of service accounts and sessions of STS: minted, kept, superseded and ended as others are."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.sources import origin_at
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.notes import Notes
from kubernetes import client, config

from tests.support.accounts import Accounts
from tests.support.deliveries import Deliveries
from tests.support.role import Role
from tests.support.sts import Sts

pytestmark = pytest.mark.one_core
TOKEN: dict[str, Any] = {"name": "ci", "service_account_token": {"service_account": "app"}}
TEMPORARY: dict[str, Any] = {
    "name": "temp",
    "service_account_token": {"credential_type": "dynamic", "role": {"name": "view"}, "ttl": "20m"},
    "format": "kubeconfig",
}
ROLE = "arn:aws:iam::123456789012:role/deploy"


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with Sts() as running:
        yield running


def notes_at(folder: Path, kind: str, service: Any) -> Notes:
    """Notes of a run with this temporary folder."""
    temporary = folder / "ansible-local-now"
    temporary.mkdir(exist_ok=True)
    origin = origin_at(kind, service)
    assert origin
    return Notes.of_this_run(temporary, origin, str(folder / "journals"), {})


def data(api: client.CoreV1Api, deliveries: Deliveries, name: str) -> dict[str, str]:
    found = api.read_namespaced_secret(name, deliveries.namespace).data
    return {key: base64.b64decode(value).decode() for key, value in found.items()}


def actions(outcome: Any) -> list[str]:
    assert outcome.problems == []
    return [one["action"] for one in outcome.report]


def test_a_token_is_delivered_once_and_accepted(deliveries: Deliveries, accounts: Accounts, api: Any) -> None:
    assert actions(deliveries.run(TOKEN)) == ["created"]
    found = data(api, deliveries, "ci")
    assert accounts.accepted(found["token"])
    (lease,) = accounts.leases()
    assert (lease["lease_id"], lease["name"]) == (found["lease_id"], "ci")
    assert actions(deliveries.run(TOKEN)) == ["kept"]
    assert len(accounts.leases()) == 1


def test_another_request_supersedes_the_lease_and_ends_it(deliveries: Deliveries, accounts: Accounts, api: Any) -> None:
    deliveries.run(TOKEN)
    before = accounts.leases()[0]["lease_id"]
    other = {**TOKEN, "service_account_token": {"service_account": "app", "audiences": ["vault"]}}
    assert actions(deliveries.run(other)) == ["renewed"]
    (lease,) = accounts.leases()
    assert lease["lease_id"] != before
    assert accounts.accepted(data(api, deliveries, "ci")["token"], "vault")


def test_what_no_entry_wants_any_more_goes_with_all_that_was_made_for_it(
    deliveries: Deliveries, accounts: Accounts, api: Any
) -> None:
    deliveries.run(TOKEN, TEMPORARY)
    assert len(accounts.left()) > 2
    deliveries.run(TOKEN, prune=True)
    assert [lease["name"] for lease in accounts.leases()] == ["ci"]
    deliveries.run(TOKEN, state="absent")
    assert accounts.left() == []


def test_a_kubeconfig_works_and_may_do_what_its_role_says(
    deliveries: Deliveries, accounts: Accounts, api: Any, tmp_path: Path
) -> None:
    assert actions(deliveries.run(TEMPORARY)) == ["created"]
    text = data(api, deliveries, "temp")["kubeconfig"]
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    core = client.CoreV1Api(config.new_client_from_config(str(path)))
    assert core.list_namespaced_pod(deliveries.namespace).items == []
    with pytest.raises(client.ApiException, match="forbidden"):
        core.list_namespaced_secret(deliveries.namespace)


def test_a_token_may_come_from_another_cluster_whose_lease_is_ended_there(
    deliveries: Deliveries, accounts: Accounts, cluster: Any, tmp_path: Path
) -> None:
    # The same API server under another address is another cluster to whom asks.
    content = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    server = content["clusters"][0]["cluster"]["server"]
    content["clusters"][0]["cluster"]["server"] = server.replace("127.0.0.1", "localhost")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(yaml.safe_dump(content))
    other = {"service_account": "app", "kubeconfig": str(elsewhere)}
    noted: dict[str, Any] = {"notes": lambda kind, service: notes_at(tmp_path, kind, service)}
    assert actions(deliveries.run({**TOKEN, "service_account_token": other}, **noted)) == ["created"]
    again = {**TOKEN, "service_account_token": {**other, "ttl": "30m"}}
    assert actions(deliveries.run(again, **noted)) == ["renewed"]
    assert len(accounts.leases()) == 1
    # Without the entry nobody knows the way there, which stops nothing else.
    outcome = deliveries.run({**TOKEN, "name": "here"}, prune=True, **noted)
    problem = " ".join(outcome.problems)
    assert "which no entry uses" in problem
    own = [one for one in outcome.report if one["namespace"] == deliveries.namespace]
    assert sorted(one["action"] for one in own) == ["created", "removed"]
    (living,) = (lease["lease_id"] for lease in accounts.leases() if lease["name"] == "ci")
    assert living in problem


def test_check_mode_makes_nothing_and_says_what_it_would(deliveries: Deliveries, accounts: Accounts) -> None:
    outcome = deliveries.run(TOKEN, TEMPORARY, check_mode=True)
    assert actions(outcome) == ["created", "created"]
    assert accounts.left() == []


def test_what_cannot_be_made_is_refused_before_anything_is_minted(deliveries: Deliveries, accounts: Accounts) -> None:
    wrong = {**TEMPORARY, "service_account_token": {"credential_type": "dynamic", "role": {"name": "no-such-role"}}}
    nobody = {"name": "nobody", "service_account_token": {"ttl": "1h"}}
    (problem,) = deliveries.run(TOKEN, wrong, nobody).problems
    assert f"{accounts.namespace}/temp: role: there is no ClusterRole no-such-role" in problem
    assert f"there is no service account {accounts.namespace}/nobody" in problem
    assert accounts.left() == []
    outcome = deliveries.run(TOKEN, wrong, nobody, check_mode=True)
    assert actions(outcome) == ["created"] * 3
    assert "no-such-role" in " ".join(outcome.warnings)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({**TOKEN, "delivery": "external_secret"}, "service_account_token: it needs delivery push"),
        ({"name": "a", "service_account_token": {"ttl": "2h", "max_ttl": "1h"}}, "service_account_token.ttl"),
        ({"name": "a", "service_account_token": {"role": {"name": "view"}}}, "it needs credential_type=dynamic"),
        ({**TOKEN, "format": "aws_env"}, "service_account_token has raw, token, kubeconfig"),
        ({"name": "a", "sts_session_token": {"duration_seconds": 60}}, "sts_session_token.duration_seconds"),
        ({"name": "a", "sts_session_token": {"role": ROLE, "role_arn": ROLE}}, "mean the same"),
        (
            {"name": "a", "sts_session_token": {"region": "r", "role_arn": ROLE}, "delivery": "external_secret"},
            "role_arn: it needs delivery push",
        ),
        ({"name": "a", "sts_session_token": {"role_arn": ROLE}, "delivery": "external_secret"}, "region: it is needed"),
    ],
)
def test_a_wrong_request_is_named(deliveries: Deliveries, entry: dict[str, Any], problem: str) -> None:
    with pytest.raises(WorkloadCredentialsError, match=problem):
        deliveries.run(entry)


def test_a_session_is_delivered_kept_and_renewed(deliveries: Deliveries, api: Any, sts: Sts) -> None:
    keys = {"access_key": "AKIAENTRY", "secret_key": "canary-secret-of-entry"}
    session = {"region": "eu-west-1", "endpoint_url": sts.url, "duration_seconds": 900, **keys}
    entry: dict[str, Any] = {"name": "aws", "sts_session_token": session, "format": "aws_env"}
    assert actions(deliveries.run(entry)) == ["created"]
    assert sorted(data(api, deliveries, "aws")) == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    assert actions(deliveries.run(entry)) == ["kept"]
    assert sts.actions == ["GetSessionToken"]
    outcome = deliveries.run({**entry, "sts_session_token": {**session, "role_arn": ROLE}})
    assert actions(outcome) == ["renewed"]
    assert sts.actions == ["GetSessionToken", "AssumeRole"]
    # The first one lives on: AWS ends none.
    assert "are valid until they expire: sts-" in " ".join(outcome.warnings)


def test_the_operators_way_of_writing_a_session_works_when_it_is_pushed(
    deliveries: Deliveries, accounts: Accounts, api: Any, sts: Sts
) -> None:
    api.create_namespaced_secret(
        deliveries.namespace,
        {"metadata": {"name": "iam"}, "stringData": {"id": "AKIASECRET\n", "key": "canary-of-iam\n"}},
    )
    references = {"access_key_id": {"name": "iam", "key": "id"}, "secret_access_key": {"name": "iam", "key": "key"}}
    own: dict[str, Any] = {"region": "eu-west-1", "endpoint_url": sts.url}
    copied = dict(zip(("accessKeyIDSecretRef", "secretAccessKeySecretRef"), references.values(), strict=True))
    keyed = {**own, "auth": {"secretRef": copied}, "role": ROLE}
    account = {**own, "jwt": {"serviceAccountRef": {"name": "app"}}, "role": ROLE}
    entries = [{"name": "keyed", "sts_session_token": keyed}, {"name": "account", "sts_session_token": account}]
    assert actions(deliveries.run(*entries)) == ["created", "created"]
    assert sorted(sts.actions) == ["AssumeRole", "AssumeRoleWithWebIdentity"]
    assert {call["signed_by"] for call in sts.calls} == {"AKIASECRET", ""}
    wrong = {**keyed, "secret_ref": {**references, "access_key_id": {"name": "iam", "key": "no"}}, "auth": None}
    other = {"name": "other", "sts_session_token": wrong}
    (problem,) = deliveries.run(other).problems
    assert f"{accounts.namespace}/other: sts_session_token.secret_ref.access_key_id" in problem
    assert "has no usable key no" in problem
    # An earlier task may make it in a real run.
    assert "has no usable key no" in " ".join(deliveries.run(other, check_mode=True).warnings)


def test_a_play_shows_no_value_and_needs_no_secrets_api(role: Role, sts: Sts) -> None:
    own = {name: one for name, one in role.plays.environment.items() if not name.startswith("BEYONDTRUST")}
    role.plays = replace(role.plays, environment=own)
    session = {"region": "eu-west-1", "endpoint_url": sts.url, "access_key": "AKIAPLAY", "secret_key": "canary-of-play"}
    entries = [TEMPORARY, {"name": "aws", "sts_session_token": session}]
    for more in (("--check",), ()):
        outcome = role.play(*entries, arguments=("-vvvvv", "--diff", *more))
        assert outcome.status == 0, outcome.output
        assert [one["action"] for one in role.report()] == ["created", "created"]
        assert "canary" not in outcome.output
        assert "eyJ" not in outcome.output
    held = role.data("aws")
    assert held["secret_access_key"] not in outcome.output
    assert held["session_token"] not in outcome.output
    assert sts.actions == ["GetSessionToken"]
    assert role.play(*entries).output.count("changed=0") == 1
    assert sts.actions == ["GetSessionToken"]
