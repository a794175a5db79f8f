# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator needs may be the user's own, and goes with the last entry that uses it where it is the role's."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.client import InWorker
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ForbiddenError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.objects import ObjectKind
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Reference, Scope
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso import handover
from kubernetes import client

from tests.integration.role.test_push_faults import APP, AWS, AZURE, living
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.operator_sources import GENERATORS, STORES
from tests.support.site import TOKEN, Site

pytestmark = pytest.mark.one_core
OPERATED = {"delivery": "external_secret", "wait_timeout": 30}
KEPT = {"token": Reference("my-token", "api.token"), "access_token": None}
PLURALS = {
    "externalsecrets": STORES,
    "secretstores": STORES,
    "beyondtrustworkloadcredentialsdynamicsecrets": GENERATORS,
    "webhooks": GENERATORS,
}


def left(namespace: str) -> list[str]:
    """What there is for the operator, and the Secrets."""
    custom = client.CustomObjectsApi()
    found = [
        f"{plural}/{one['metadata']['name']}"
        for plural, group in PLURALS.items()
        for one in custom.list_namespaced_custom_object(*group, namespace, plural)["items"]
    ]
    return sorted([*found, *(f"secrets/{one.metadata.name}" for one in secrets(namespace))])


def secrets(namespace: str) -> list[Any]:
    return list(client.CoreV1Api().list_namespaced_secret(namespace).items)


def keep(namespace: str, site: Site, *, label: bool = True) -> dict[str, str]:
    """The Secrets with token and CA that a user keeps, with their versions."""
    ca_cert = Path(site.emulator.ca_cert).read_text(encoding="utf-8")
    api = client.CoreV1Api()
    labels = {"external-secrets.io/type": "webhook"} if label else {}
    for name, key, text in (("my-token", "api.token", TOKEN), ("my-ca", "my.crt", ca_cert)):
        metadata = {"name": name, "labels": labels}
        api.create_namespaced_secret(namespace, {"metadata": metadata, "stringData": {key: text}})
    return {one.metadata.name: one.metadata.resource_version for one in secrets(namespace)}


@pytest.mark.parametrize("kind", ["secret", "inline", "config_map"])
def test_token_and_authority_may_be_kept_by_the_user(
    working: Operator, deliveries: Deliveries, site: Site, kind: str
) -> None:
    place = deliveries.namespace
    versions = keep(place, site)
    service: dict[str, Any] = dict(KEPT)
    if kind == "secret":
        service.update(ca_source=Reference("my-ca", "my.crt"))
    elif kind == "inline":
        service.update(ca_inline=True)
    else:
        ca_cert = Path(site.emulator.ca_cert).read_text(encoding="utf-8")
        body = {"metadata": {"name": "authorities"}, "data": {"ca": ca_cert}}
        client.CoreV1Api().create_namespaced_config_map(place, body)
        service.update(ca_source=Reference("authorities", "ca", kind="ConfigMap"))
    assert deliveries.run(AWS, AZURE, APP, service=service, **OPERATED).problems == []
    names = {one.metadata.name for one in secrets(place)}
    assert names == {"my-token", "my-ca", "aws", "azure", "app"}
    assert deliveries.run(AWS, AZURE, APP, service=service, **OPERATED).before == {}
    assert deliveries.run(AWS, state="absent", service=service, delivery="external_secret").problems == []
    assert {one.metadata.name: one.metadata.resource_version for one in secrets(place)} == versions


def test_of_a_store_of_the_cluster_the_users_secret_lies_where_the_user_says(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    home = f"{deliveries.namespace}-home"
    client.CoreV1Api().create_namespace({"metadata": {"name": home}})
    keep(home, site)
    service = {
        **KEPT,
        "token": Reference("my-token", "api.token", home),
        "ca_source": Reference("my-ca", "my.crt", home),
    }
    outcome = deliveries.run(APP, service=service, scope=Scope(True, "nowhere"), **OPERATED)
    assert outcome.problems == []
    assert deliveries.run(APP, state="absent", service=service, delivery="external_secret").problems == []
    assert [one.metadata.name for one in secrets(home)] == ["my-ca", "my-token"]


def test_what_the_user_keeps_must_be_there_and_readable_before_anything_is_applied(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    place = deliveries.namespace
    outcome = deliveries.run(AWS, AZURE, service=KEPT, **OPERATED)
    assert outcome.problems == [f"operator_token_secret: the Secret {place}/my-token does not exist."]
    foreseen = deliveries.run(AWS, AZURE, service=KEPT, check_mode=True, **OPERATED)
    assert (foreseen.problems, len(foreseen.warnings)) == ([], 1)
    keep(place, site, label=False)
    assert deliveries.run(AWS, service=KEPT, check_mode=True, **OPERATED).problems == []
    said = " ".join(deliveries.run(AWS, AZURE, service=KEPT, **OPERATED).problems)
    assert "my-token needs the label external-secrets.io/type=webhook" in said
    assert left(place) == ["secrets/my-ca", "secrets/my-token"]


def test_webhooks_ask_by_the_product_of_the_connection_and_a_change_of_it_moves_nothing(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    site.behave(living=True)
    assert deliveries.run(AZURE, **OPERATED).problems == []
    there, leases = left(deliveries.namespace), site.leases()
    by_product = {"service": {"product": "wlc"}, "connection": {"api_product": "wlc"}, **OPERATED}
    assert deliveries.run(AZURE, **by_product).before.keys() == {f"Webhook/{deliveries.namespace}/azure"}
    assert (left(deliveries.namespace), site.leases()) == (there, leases)
    assert deliveries.run(AZURE, renew=True, **by_product).problems == []
    generated = [one["path"] for one in site.journal() if "/generate" in one["path"]]
    assert [path.split("/")[3] for path in generated] == ["secrets", "wlc"]
    assert deliveries.run(AZURE, **by_product).before == {}


def test_one_generator_serves_several_entries_and_each_gets_a_lease_of_its_own(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    one = {**AZURE, "generator_name": "both", "external_secret_name": "first"}
    two = {**AZURE, "name": "other", "generator_name": "both", "external_secret_name": "second"}
    outcome = deliveries.run(one, two, **OPERATED)
    assert outcome.problems == []
    assert [(found["name"], found["action"]) for found in outcome.report] == [
        ("azure", "created"),
        ("other", "created"),
    ]
    assert [name for name in left(deliveries.namespace) if not name.startswith("secrets/")] == [
        "externalsecrets/first",
        "externalsecrets/second",
        "webhooks/both",
    ]
    assert len(site.leases()) == 2
    assert deliveries.run(one, two, **OPERATED).before == {}
    said = " ".join(deliveries.run({**one, "external_secret_name": "third"}, two, **OPERATED).problems)
    assert "azure.external_secret_name: the ExternalSecret first writes this Secret" in said
    assert deliveries.run(one, two, state="verified", delivery="external_secret").problems == []


def test_session_tokens_without_keys_and_once_from_a_code(
    working: Operator, deliveries: Deliveries, tmp_path: Path
) -> None:
    parameters = {"serialNumber": "arn:aws:iam::123456789012:mfa/user", "tokenCode": "123456"}
    entry = {
        "name": "sts",
        "sts_session_token": {"region": "eu-central-1", "request_parameters": parameters},
        "refresh_policy": "CreatedOnce",
    }
    outcome = deliveries.run(entry, **OPERATED)
    assert outcome.problems == []
    assert "123456" not in str(outcome.after).replace("123456789012", "")
    assert deliveries.lines == [f"{deliveries.namespace}/sts: the operator's, once"]
    found = client.CustomObjectsApi().get_namespaced_custom_object(
        *GENERATORS, deliveries.namespace, "stssessiontokens", "sts"
    )
    assert found["spec"] == {"region": "eu-central-1", "requestParameters": parameters}
    for state in ("rendered", "present"):
        rendered = deliveries.run(entry, state=state, render_dir=str(tmp_path), **OPERATED)
        assert "an MFA code is valid for seconds only" in " ".join(rendered.problems)
    assert list(tmp_path.glob("*.yml")) == []


@pytest.mark.parametrize("is_shared", [False, True], ids=["namespace", "cluster"])
def test_a_new_code_reaches_the_secret_and_one_that_has_served_harms_none(
    working: Operator, deliveries: Deliveries, *, is_shared: bool
) -> None:
    place, options = deliveries.namespace, {**OPERATED, "scope": Scope(is_shared, deliveries.namespace)}
    assert deliveries.run(coded("123456"), **options).problems == []
    foreseen = deliveries.run(coded("654321"), check_mode=True, **options)
    outcome = deliveries.run(coded("654321"), **options)
    assert (outcome.problems, outcome.warnings) == ([], [])
    assert foreseen.before.keys() == outcome.before.keys()
    assert deliveries.lines[1:] == [
        f"{place}/sts: renew, there is a new code; one new lease",
        "The operator mints 1 new leases for the renewed entries.",
    ]
    assert secret_text(place, "sts", "session_token") == "t654321"
    (external,) = client.CustomObjectsApi().list_namespaced_custom_object(*STORES, place, "externalsecrets")["items"]
    assert external["spec"]["refreshPolicy"] == "CreatedOnce"
    assert deliveries.run(coded("654321"), **options).before == {}
    assert deliveries.run(coded("654321"), state="verified", **options).problems == []
    said = " ".join(deliveries.run(coded("123456"), **{**options, "wait_timeout": 3}).problems)
    assert "invalid MFA one time pass code" in said
    assert secret_text(place, "sts", "session_token") == "t654321"
    # What failed is tried again with the next.
    assert deliveries.run(coded("111111"), **options).problems == []
    assert secret_text(place, "sts", "session_token") == "t111111"
    deliveries.run(coded("111111"), state="absent", **options)


def coded(code: str) -> dict[str, Any]:
    """An entry of a session that a code of an MFA device proves."""
    parameters = {"serialNumber": "arn:aws:iam::1:mfa/user", "tokenCode": code}
    source = {"region": "eu-central-1", "request_parameters": parameters}
    return {"name": "sts", "sts_session_token": source, "refresh_policy": "CreatedOnce"}


def test_the_token_goes_with_the_last_entry_that_moves_to_push(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    place = deliveries.namespace
    deliveries.run(AZURE, AWS, APP, **OPERATED)
    minted = secret_text(place, "azure", "leaseId")
    outcome = deliveries.run(AZURE, {**AWS, "delivery": "external_secret"}, {**APP, "delivery": "external_secret"})
    assert outcome.problems == []
    assert minted not in living(site)
    connection = [f"secrets/{name}" for name in site.operators_secrets]
    store = next(one for one in left(place) if one.startswith("secretstores/"))
    both = ["beyondtrustworkloadcredentialsdynamicsecrets/aws", "externalsecrets/app", "externalsecrets/aws"]
    assert left(place) == [*both, "secrets/app", "secrets/aws", "secrets/azure", *connection, store]
    foreseen = deliveries.run(AZURE, AWS, APP, check_mode=True)
    outcome = deliveries.run(AZURE, AWS, APP)
    assert outcome.problems == [] or "cannot be revoked" in outcome.problems[0]
    assert "cannot be revoked" in " ".join([*outcome.warnings, *outcome.problems])
    assert secret_text(place, "aws", "leaseId") not in " ".join(outcome.warnings)
    assert left(place) == ["secrets/app", "secrets/aws", "secrets/azure"]
    assert foreseen.before.keys() == outcome.before.keys()


def test_the_token_of_a_store_of_the_cluster_goes_too(working: Operator, deliveries: Deliveries, site: Site) -> None:
    home = f"{deliveries.namespace}-home"
    client.CoreV1Api().create_namespace({"metadata": {"name": home}})
    scope = Scope(True, home)
    assert deliveries.run(AZURE, APP, scope=scope, **OPERATED).problems == []
    deliveries.run(AZURE, {**APP, "delivery": "external_secret"}, scope=scope)
    connection = [f"secrets/{name}" for name in site.operators_secrets]
    assert (left(home), left(deliveries.namespace)) == (
        connection,
        ["externalsecrets/app", "secrets/app", "secrets/azure"],
    )
    # Whoever pushes only need not say where the operator is.
    foreseen = deliveries.run(AZURE, APP, check_mode=True)
    outcome = deliveries.run(AZURE, APP)
    assert (outcome.problems, foreseen.before.keys()) == ([], outcome.before.keys())
    assert (left(home), left(deliveries.namespace)) == ([], ["secrets/app", "secrets/azure"])


def test_the_delivery_changes_where_options_of_the_other_are_set_and_they_are_said_to_be_ignored(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    place = deliveries.namespace
    pace = {"refresh_policy": "Periodic", "refresh_interval": "20m", "deletion_policy": "Retain"}
    azure = {**AZURE, **pace, "creation_policy": "Owner", "external_secret_name": "writer", "generator_name": "source"}
    app = {**APP, **pace}
    assert deliveries.run(azure, app, **OPERATED).warnings == []
    outcome = deliveries.run(azure, app)
    assert outcome.problems == []
    assert outcome.warnings == [
        (
            "These options need delivery external_secret, and are ignored: creation_policy, external_secret_name, "
            f"generator_name, refresh_policy, refresh_interval, deletion_policy of {place}/azure; refresh_policy, "
            f"refresh_interval, deletion_policy of {place}/app."
        )
    ]
    assert left(place) == ["secrets/app", "secrets/azure"]
    outcome = deliveries.run(azure, app, **OPERATED)
    assert (outcome.problems, outcome.warnings) == ([], [])
    assert len(living(site)) == 1


def test_a_teardown_where_the_operator_is_leaves_the_token_of_others(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    home = f"{deliveries.namespace}-home"
    client.CoreV1Api().create_namespace({"metadata": {"name": home}})
    options = {"scope": Scope(True, home), **OPERATED}
    there = {**AZURE, "namespace": home}
    assert deliveries.run(APP, there, **{**options, "wait": False}).problems == []
    assert deliveries.run(there, state="absent", **options).problems == []
    assert left(home) == [f"secrets/{name}" for name in site.operators_secrets]
    assert deliveries.run(APP, state="absent", **options).problems == []
    assert left(home) == []


def test_a_secret_that_the_operator_only_merges_into_is_not_taken_over(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    place = deliveries.namespace
    client.CoreV1Api().create_namespaced_secret(place, {"metadata": {"name": "azure"}, "stringData": {"mine": "x"}})
    assert deliveries.run({**AZURE, "creation_policy": "Merge"}, **OPERATED).problems == []
    said = " ".join(deliveries.run(AZURE).problems)
    assert f"{place}/azure: the operator merges into this Secret (creation_policy Merge)" in said
    assert (secret_text(place, "azure", "mine"), len(site.leases())) == ("x", 1)
    assert deliveries.run(AZURE, state="absent", delivery="external_secret").problems == []
    assert secret_text(place, "azure", "leaseId") in living(site)


def test_the_lease_ends_where_the_operator_removes_the_secret_during_a_move(
    working: Operator, deliveries: Deliveries, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = deliveries.namespace
    deliveries.run(AZURE, **OPERATED)
    minted = secret_text(place, "azure", "leaseId")
    removed = handover.remove

    def with_secret(*arguments: Any) -> Any:
        client.CoreV1Api().delete_namespaced_secret("azure", place)
        return removed(*arguments)

    working.leave()
    monkeypatch.setattr(handover, "remove", with_secret)
    assert deliveries.run(AZURE).problems == []
    assert living(site) == {secret_text(place, "azure", "leaseId")} != {minted}


def test_a_token_that_somebody_elses_store_uses_stays(working: Operator, deliveries: Deliveries, site: Site) -> None:
    place, custom = deliveries.namespace, client.CustomObjectsApi()
    deliveries.run(APP, **OPERATED)
    (store,) = custom.list_namespaced_custom_object(*STORES, place, "secretstores")["items"]
    body = {
        "apiVersion": "/".join(STORES),
        "kind": "SecretStore",
        "metadata": {"name": "theirs"},
        "spec": store["spec"],
    }
    custom.create_namespaced_custom_object(*STORES, place, "secretstores", body)
    assert deliveries.run(APP).problems == []
    connection = [f"secrets/{name}" for name in site.operators_secrets]
    assert left(place) == ["secrets/app", *connection, "secretstores/theirs"]


@pytest.mark.parametrize("last", [{"state": "present"}, {"state": "absent", "delivery": "external_secret"}])
def test_who_sees_not_all_users_of_a_shared_generator_leaves_it(
    working: Operator,
    deliveries: Deliveries,
    site: Site,
    cluster: Any,
    monkeypatch: pytest.MonkeyPatch,
    last: dict[str, Any],
) -> None:
    other = f"{deliveries.namespace}-other"
    client.CoreV1Api().create_namespace({"metadata": {"name": other}})
    options = {"scope": Scope(True, other)}
    with Operator(other, str(site.emulator.ca_cert), str(cluster.kubeconfig)):
        assert deliveries.run(AZURE, {**AZURE, "namespace": other}, **options, **OPERATED).problems == []
    listed = InWorker.list

    def in_namespaces_only(self: InWorker, kind: ObjectKind, *, namespace: str | None = None, **query: Any) -> Any:
        if kind.namespaced and namespace is None:
            raise ForbiddenError("not everywhere")
        return listed(self, kind, namespace=namespace, **query)

    monkeypatch.setattr(InWorker, "list", in_namespaces_only)
    assert deliveries.run(AZURE, **options, **last).problems == []
    monkeypatch.undo()
    theirs = {**AZURE, "namespace": other}
    assert deliveries.run(theirs, state="verified", delivery="external_secret", **options).problems == []
    found = client.CustomObjectsApi().list_cluster_custom_object(*GENERATORS, "clustergenerators")["items"]
    assert len(found) == 1
    deliveries.run({**AZURE, "namespace": other}, state="absent", delivery="external_secret", **options)
    assert client.CustomObjectsApi().list_cluster_custom_object(*GENERATORS, "clustergenerators")["items"] == []


def test_who_sees_not_all_users_of_a_shared_store_locks_nobody_out(
    working: Operator, deliveries: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, other = deliveries.namespace, f"{deliveries.namespace}-other"
    client.CoreV1Api().create_namespace({"metadata": {"name": other}})
    options: dict[str, Any] = {**OPERATED, "scope": Scope(True, place), "wait": False}
    assert deliveries.run({**APP, "namespace": other}, **options).problems == []
    listed = InWorker.list

    def in_namespaces_only(self: InWorker, kind: ObjectKind, *, namespace: str | None = None, **query: Any) -> Any:
        if kind.namespaced and namespace is None:
            raise ForbiddenError("not everywhere")
        return listed(self, kind, namespace=namespace, **query)

    with monkeypatch.context() as patch:
        patch.setattr(InWorker, "list", in_namespaces_only)
        for _time in range(2):
            outcome = deliveries.run(APP, **options)
            assert outcome.problems == []
            (store,) = client.CustomObjectsApi().list_cluster_custom_object(*STORES, "clustersecretstores")["items"]
            assert store["spec"]["conditions"] == [{"namespaces": sorted([place, other])}]
        assert outcome.before == {}
    # Who sees them all takes those away that use it no more.
    deliveries.run({**APP, "namespace": other}, state="absent", **options)
    assert deliveries.run(APP, **options).problems == []
    (store,) = client.CustomObjectsApi().list_cluster_custom_object(*STORES, "clustersecretstores")["items"]
    assert store["spec"]["conditions"] == [{"namespaces": [place]}]
    deliveries.run(APP, state="absent", **options)


def test_the_lease_of_a_push_lives_on_when_a_move_that_was_begun_is_pruned(
    kinds: None, deliveries: Deliveries, site: Site
) -> None:
    place = deliveries.namespace
    deliveries.run(AZURE)
    assert deliveries.run(AZURE, delivery="external_secret", wait=False).problems == []
    assert deliveries.run(AZURE, prune=True).problems == []
    assert left(place) == ["secrets/azure"]
    assert living(site) == {secret_text(place, "azure", "leaseId")}


def test_a_generator_that_somebody_else_uses_stays_with_its_token(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    place = deliveries.namespace
    deliveries.run(AZURE, **OPERATED)
    reference = {"apiVersion": "/".join(GENERATORS), "kind": "Webhook", "name": "azure"}
    spec = {"dataFrom": [{"sourceRef": {"generatorRef": reference}}], "target": {"name": "theirs"}}
    body = {"apiVersion": "/".join(STORES), "kind": "ExternalSecret", "metadata": {"name": "theirs"}, "spec": spec}
    client.CustomObjectsApi().create_namespaced_custom_object(*STORES, place, "externalsecrets", body)
    assert deliveries.run(AZURE).problems == []
    assert {"webhooks/azure", f"secrets/{site.operators_secrets[1]}"} <= set(left(place))


def secret_text(namespace: str, name: str, key: str) -> str:
    data = client.CoreV1Api().read_namespaced_secret(name, namespace).data
    return base64.b64decode(data[key]).decode()


def test_a_second_play_with_the_same_folder_locks_nobody_out(working: Operator, deliveries: Deliveries) -> None:
    other = f"{deliveries.namespace}-other"
    client.CoreV1Api().create_namespace({"metadata": {"name": other}})
    scope = Scope(True, deliveries.namespace)
    assert deliveries.run(APP, scope=scope, **OPERATED).problems == []
    assert deliveries.run({**APP, "namespace": other}, scope=scope, **{**OPERATED, "wait": False}).problems == []
    (store,) = client.CustomObjectsApi().list_cluster_custom_object(*STORES, "clustersecretstores")["items"]
    assert store["spec"]["conditions"] == [{"namespaces": sorted([deliveries.namespace, other])}]
    assert deliveries.run(APP, scope=scope, **OPERATED).before == {}
    deliveries.run(APP, {**APP, "namespace": other}, state="absent", scope=scope, **OPERATED)


@pytest.mark.parametrize("wait", [True, False])
def test_what_a_move_has_left_that_never_ended_goes_with_the_next_push(
    working: Operator, deliveries: Deliveries, site: Site, wait: bool
) -> None:
    place = deliveries.namespace
    entries = ({**AZURE, "keys": {"ID": "client_id"}}, APP)
    assert deliveries.run(*entries).problems == []
    working.failing.update({"taker": "not yet", "app": "not yet"})
    moved = ({**entries[0], "external_secret_name": "taker"}, APP)
    deliveries.run(*moved, **{**OPERATED, "wait": wait, "wait_timeout": 1})
    assert {"externalsecrets/taker", "externalsecrets/app", "webhooks/azure"} <= set(left(place))
    foreseen = deliveries.run(*entries, check_mode=True)
    outcome = deliveries.run(*entries)
    assert (outcome.problems, foreseen.before.keys()) == ([], outcome.before.keys())
    # The lease is kept, and nothing is there that could take the Secrets.
    assert left(place) == ["secrets/app", "secrets/azure"]
    assert (len(site.leases()), [one["action"] for one in outcome.report]) == (1, ["kept", "kept"])
    assert deliveries.run(*entries).before == {}


def test_sessions_alone_need_no_secrets_api(working: Operator, deliveries: Deliveries, tmp_path: Path) -> None:
    def nothing() -> Any:
        raise AssertionError("the Secrets API was asked for")

    source = {"region": "eu-central-1"}
    entry = {"name": "sts", "sts_session_token": source, "format": "aws_env"}
    options: dict[str, Any] = {**OPERATED, "without_api": nothing}
    assert deliveries.run(entry, **options).problems == []
    assert secret_text(deliveries.namespace, "sts", "AWS_ACCESS_KEY_ID") == "A"
    assert deliveries.run(entry, state="verified", **options).problems == []
    assert deliveries.run(entry, state="rendered", render_dir=str(tmp_path), **options).problems == []
    assert deliveries.run(entry, state="absent", **options).problems == []


def test_the_commands_of_the_rendered_folder_make_secrets_that_the_role_takes(
    working: Operator, deliveries: Deliveries, site: Site, tmp_path: Path
) -> None:
    place, api = deliveries.namespace, client.CoreV1Api()
    assert deliveries.run(AZURE, state="rendered", render_dir=str(tmp_path), **OPERATED).problems == []
    commands = re.findall(r"kubectl -n (\S+) (create|label) secret (?:generic )?(\S+) (.*)", _readme(tmp_path))
    values = {"TOKEN_FILE": TOKEN, "CA_FILE": Path(site.emulator.ca_cert).read_text(encoding="utf-8")}
    for namespace, verb, name, rest in commands:
        if verb == "create":
            key, file = rest.removeprefix("--from-file=").split("=")
            body = {"metadata": {"name": name}, "stringData": {key: values[file]}}
            api.create_namespaced_secret(namespace, body)
        else:
            labels = dict(one.split("=") for one in rest.split())
            api.patch_namespaced_secret(name, namespace, {"metadata": {"labels": labels}})
    versions = {one.metadata.name: one.metadata.resource_version for one in secrets(place)}
    assert sorted(versions) == site.operators_secrets
    outcome = deliveries.run(AZURE, **OPERATED)
    assert outcome.problems == []
    assert not [name for name in outcome.before if name.startswith("Secret/")]
    assert deliveries.run(AZURE, state="absent", **OPERATED).problems == []
    assert left(place) == []


def _readme(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def test_a_generator_that_a_new_name_leaves_behind_goes_unless_somebody_uses_it(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    place = deliveries.namespace
    one, two = {**AZURE, "generator_name": "old"}, {**AZURE, "name": "other", "generator_name": "old"}
    assert deliveries.run(one, two, **OPERATED).problems == []
    assert deliveries.run({**one, "generator_name": "new"}, two, **OPERATED).warnings == []
    assert {"webhooks/old", "webhooks/new"} < set(left(place))
    changed = [{**entry, "generator_name": "new"} for entry in (one, two)]
    foreseen = deliveries.run(*changed, check_mode=True, **OPERATED)
    outcome = deliveries.run(*changed, **OPERATED)
    assert (outcome.problems, outcome.before.keys()) == ([], foreseen.before.keys())
    assert f"Webhook/{place}/old: remove, no entry wants it" in deliveries.lines
    assert "webhooks/old" not in left(place)
    assert deliveries.run(*changed, **OPERATED).before == {}


def test_what_another_scope_leaves_behind_goes(working: Operator, deliveries: Deliveries, site: Site) -> None:
    place, home = deliveries.namespace, f"{deliveries.namespace}-home"
    client.CoreV1Api().create_namespace({"metadata": {"name": home}})
    options = {**OPERATED, "scope": Scope(True, home)}
    for entries, stays in (((APP,), []), ((APP, AZURE), [f"secrets/{name}" for name in site.operators_secrets])):
        assert deliveries.run(*entries, **OPERATED).problems == []
        names = [entry["name"] for entry in entries]
        foreseen = deliveries.run(*entries, check_mode=True, **options)
        outcome = deliveries.run(*entries, **options)
        assert (outcome.problems, outcome.warnings) == ([], [])
        assert outcome.before.keys() == foreseen.before.keys()
        own = [f"{plural}/{name}" for plural in ("externalsecrets", "secrets") for name in names]
        assert left(place) == sorted([*own, *stays])
        # Back again, what the cluster shared goes too.
        assert deliveries.run(*entries, **OPERATED).problems == []
        assert left(home) == []
        assert deliveries.run(*entries, state="absent", **OPERATED).problems == []


def test_what_the_operator_may_still_use_is_named_instead(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    place = deliveries.namespace
    assert deliveries.run(AZURE, **OPERATED).problems == []
    working.unwritable.add("azure")
    outcome = deliveries.run({**AZURE, "generator_name": "new"}, **{**OPERATED, "wait_timeout": 3})
    said = " ".join(outcome.warnings)
    assert (
        f"Webhook/{place}/azure: no entry uses it any more. It stays, as the operator may not be done with it" in said
    )
    assert {"webhooks/azure", "webhooks/new"} < set(left(place))


def test_another_owners_user_keeps_a_generator(working: Operator, deliveries: Deliveries, site: Site) -> None:
    place, custom = deliveries.namespace, client.CustomObjectsApi()
    assert deliveries.run(AZURE, **OPERATED).problems == []
    (external,) = custom.list_namespaced_custom_object(*STORES, place, "externalsecrets")["items"]
    spec = {**external["spec"], "target": {"name": "theirs"}}
    body = {"apiVersion": "/".join(STORES), "kind": "ExternalSecret", "metadata": {"name": "theirs"}, "spec": spec}
    custom.create_namespaced_custom_object(*STORES, place, "externalsecrets", body)
    outcome = deliveries.run({**AZURE, "generator_name": "new"}, **OPERATED)
    assert (outcome.problems, "webhooks/azure" in left(place)) == ([], True)
