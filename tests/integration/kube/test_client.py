# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The port to a cluster does the same in the worker and through kubernetes.core's modules."""

from __future__ import annotations

import base64
import time
from datetime import date
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import (
    ClusterError,
    ForbiddenError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.objects import (
    FIELD_MANAGER,
    OBJECT_KINDS,
    Gone,
    ObjectKind,
    Refusal,
)
from kubernetes import client

from tests.support.ports import WAYS, namespace, port, secret
from tests.support.represented import represented

pytestmark = pytest.mark.one_core
SECRET = OBJECT_KINDS["Secret"]
CANARY = "canary-7f3a"


@pytest.fixture(params=represented(WAYS, by=["in_worker"]))
def ways(request: pytest.FixtureRequest, cluster: Any) -> Any:
    return lambda **options: port(request.param, cluster.kubeconfig, **options)


def values(found: Any) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in (found.get("data") or {}).items()}


def managers(found: Any) -> list[tuple[str, str]]:
    return [(one["manager"], one["operation"]) for one in found["metadata"]["managedFields"]]


def test_objects_come_change_and_go(ways: Any, space: str) -> None:
    cluster = ways()
    one, two = (
        secret("one", space, {"a": "1", "b": "2"}),
        secret("two", space, {"a": "1"}, metadata={"labels": {"x": "y"}}),
    )
    dry, _two = cluster.create([one, two], dry_run=True)
    assert (values(dry), cluster.get(SECRET, "one", space)) == ({"a": "1", "b": "2"}, None)

    made = cluster.create([one, two])
    assert [values(found) for found in made] == [{"a": "1", "b": "2"}, {"a": "1"}]
    # By apply alone: or a key that a later manifest leaves out would stay.
    assert managers(made[0]) == [(FIELD_MANAGER, "Apply")]
    again = cluster.create([secret("one", space, {"a": CANARY}), secret("three", space)])
    assert isinstance(again[0], Refusal)
    assert (again[0].exists, again[1]["metadata"]["name"]) == (True, "three")

    changed = cluster.apply([secret("one", space, {"a": "3"}), two])
    assert [values(found) for found in changed] == [{"a": "3"}, {"a": "1"}]
    assert changed[1]["metadata"]["resourceVersion"] == made[1]["metadata"]["resourceVersion"]

    version = {"resourceVersion": changed[0]["metadata"]["resourceVersion"]}
    fresh = cluster.apply([secret("one", space, {"a": "4"}, metadata=version)])
    stale = cluster.apply([secret("one", space, {"a": "5"}, metadata=version)])
    assert (values(fresh[0]), stale[0].status, stale[0].exists) == ({"a": "4"}, 409, False)

    reference = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "two", "namespace": space}}
    merged = cluster.patch([{**reference, "metadata": {**reference["metadata"], "labels": {"x": None, "z": "1"}}}])
    missing = cluster.patch([secret("nobody", space, {"a": "1"})])
    assert (merged[0]["metadata"]["labels"], values(merged[0])) == ({"z": "1"}, {"a": "1"})
    assert (missing[0].status, cluster.get(SECRET, "nobody", space)) == (404, None)

    other = {**reference, "metadata": {**reference["metadata"], "uid": "11111111-1111-1111-1111-111111111111"}}
    exact = {**reference, "metadata": {**reference["metadata"], "uid": made[1]["metadata"]["uid"]}}
    assert cluster.delete([reference], dry_run=True) == [Gone()]
    assert cluster.delete([other, secret("three", space)]) == [Gone(was_there=False), Gone()]
    changed_since = {**exact, "metadata": {**exact["metadata"], "resourceVersion": "1"}}
    assert (cluster.delete([changed_since])[0].status, cluster.get(SECRET, "two", space) is not None) == (409, True)
    assert cluster.delete([exact, secret("three", space)]) == [Gone(), Gone(was_there=False)]
    assert cluster.wait_gone([reference, secret("three", space)], 20) == []
    assert cluster.wait_gone([one, other], 0) == [one]


def test_what_is_read(ways: Any, api: client.CoreV1Api, space: str) -> None:
    cluster = ways()
    for name, kind in (("a", "Opaque"), ("b", "example.com/other"), ("c", "Opaque")):
        body = secret(name, space, {"key": CANARY}, type=kind, metadata={"labels": {"read": name}})
        api.create_namespaced_secret(space, body)
    everywhere = cluster.list(
        SECRET, labels=["read in (a, b)"], fields=["type!=example.com/other", f"metadata.namespace={space}"]
    )
    assert [(one["metadata"]["name"], values(one)) for one in everywhere] == [("a", {"key": CANARY})]
    lean = [
        *cluster.list(SECRET, namespace=space, metadata_only=True),
        cluster.get(SECRET, "a", space, metadata_only=True),
    ]
    assert [one["metadata"]["name"] for one in lean] == ["a", "b", "c", "a"]
    assert [(one["apiVersion"], one["kind"], one.get("data")) for one in lean] == [("v1", "Secret", None)] * 4
    places = [(space, "c"), (space, "no"), ("nowhere", "a"), (space, "a"), (space, "b")]
    found = cluster.get_many(SECRET, places)
    assert [one and (one["kind"], one["metadata"]["name"]) for one in found] == [
        ("Secret", "c"),
        None,
        None,
        ("Secret", "a"),
        ("Secret", "b"),
    ]
    unserved = ObjectKind("example.com/v1", "Nothing", "nothings")
    assert (cluster.list(unserved), cluster.get(unserved, "a", space)) == (None, None)
    assert cluster.get(OBJECT_KINDS["Namespace"], space)["kind"] == "Namespace"
    assert cluster.list(SECRET, namespace="nowhere") == []


def until(condition: Any) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def policy(admin: client.ApiClient, api: client.CoreV1Api, space: str) -> None:
    """A policy that quotes what it refuses, as nobody should write one."""
    admission = client.AdmissionregistrationV1Api(admin)
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["secrets"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": space}}
    admission.create_validating_admission_policy(
        {
            "metadata": {"name": space},
            "spec": {
                "matchConstraints": {"resourceRules": [rule], "namespaceSelector": here},
                "validations": [
                    {
                        "expression": "!has(object.data) || !('forbidden' in object.data)",
                        "messageExpression": "'not this: ' + object.data.forbidden",
                    },
                    {"expression": "object.metadata.name != 'policy'", "message": "no Secret has this name"},
                ],
            },
        }
    )
    binding = {"policyName": space, "validationActions": ["Deny"]}
    admission.create_validating_admission_policy_binding({"metadata": {"name": space}, "spec": binding})

    def is_refused() -> bool:
        try:
            api.create_namespaced_secret(space, secret("policy", space), dry_run="All")
        except client.ApiException:
            return True
        return False

    until(is_refused)


@pytest.fixture
def held(api: client.CoreV1Api, space: str) -> dict[str, str]:
    """Namespaces that are being deleted, and that may hold no Secret more."""
    ending, full = f"{space}-ending", f"{space}-full"
    for name in (ending, full):
        api.create_namespace({"metadata": {"name": name}})
    api.create_namespaced_config_map(ending, {"metadata": {"name": "held", "finalizers": ["example.com/held"]}})
    api.delete_namespace(ending)
    hard = {"hard": {"count/secrets": "0"}}
    api.create_namespaced_resource_quota(full, {"metadata": {"name": "few"}, "spec": hard})
    api.patch_namespaced_resource_quota_status("few", full, {"status": {**hard, "used": {"count/secrets": "0"}}})
    return {"ending": ending, "full": full}


@pytest.mark.usefixtures("policy")
def test_each_refusal_is_said_in_words_and_stops_no_other(
    ways: Any, api: client.CoreV1Api, space: str, held: dict[str, str]
) -> None:
    cluster = ways()
    api.create_namespaced_secret(space, secret("fixed", space, {"a": "1"}, immutable=True))
    api.create_namespaced_secret(space, secret("typed", space, {"a": "1"}))
    text = {"a": CANARY}
    cases = {
        "good": (secret("good", space, text), ""),
        "ending": (secret("x", held["ending"], text), "its namespace is being deleted: wait"),
        "full": (secret("x", held["full"], text), "exceeded quota: few"),
        "no namespace": (secret("x", "nowhere", text), "its namespace does not exist: create it"),
        "immutable": (secret("fixed", space, text, immutable=True), "data: Forbidden: field is immutable"),
        "type": (secret("typed", space, text, type="kubernetes.io/tls"), "type: Invalid value"),
        "keys": (secret("keys", space, text, type="kubernetes.io/tls"), "data[tls.crt]: Required value"),
        "name": (secret("No_Name", space, text), "metadata.name: Invalid value"),
        "key": (secret("key", space, {"a b": CANARY}), "data[a b]: Invalid value"),
        "field": (secret("field", space, text, foo="bar"), "field not declared in schema"),
        "number": ({**secret("number", space), "stringData": {"a": 734512}}, "withheld"),
        "policy": (secret("policy", space, text), "no Secret has this name: an admission policy of the cluster"),
        "quoted": (secret("quoted", space, {"forbidden": CANARY}), "withheld"),
        "last": (secret("last", space, text), ""),
    }
    for dry_run in (True, False):
        results = dict(zip(cases, cluster.apply([one for one, _words in cases.values()], dry_run=dry_run), strict=True))
        for name, (manifest, words) in cases.items():
            result, metadata = results[name], manifest["metadata"]
            if not words:
                assert result["metadata"]["name"] == name
                continue
            assert isinstance(result, Refusal), name
            assert result.words.startswith(f"Secret {metadata['namespace']}/{metadata['name']}: "), result
            assert words in result.words, result
            for hidden in (CANARY, base64.b64encode(CANARY.encode()).decode(), "734512", "{", "Status", "\n"):
                assert hidden not in result.words
    assert {one.metadata.name for one in api.list_namespaced_secret(space).items} == {"fixed", "typed", "good", "last"}


def test_what_an_identity_may_not_do(ways: Any, admin: client.ApiClient, space: str) -> None:
    ways().create([secret("there", space, {"a": "1"})])
    rbac = client.RbacAuthorizationV1Api(admin)
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["there"], "verbs": ["get"]}
    rbac.create_namespaced_role(space, {"metadata": {"name": "one"}, "rules": [rule]})
    subject = {"kind": "Group", "name": space, "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"kind": "Role", "name": "one", "apiGroup": "rbac.authorization.k8s.io"}
    rbac.create_namespaced_role_binding(
        space, {"metadata": {"name": "one"}, "subjects": [subject], "roleRef": reference}
    )
    limited = ways(impersonate_user="joe", impersonate_groups=[space, "others"])
    until(lambda: values(limited.get(SECRET, "there", space)) == {"a": "1"})
    assert [values(one) for one in limited.get_many(SECRET, [(space, "there")] * 3)] == [{"a": "1"}] * 3

    for refused, sentence in (
        (lambda: limited.list(SECRET), "secrets cannot be read: joe may not list secrets in the whole cluster: grant"),
        (lambda: limited.list(SECRET, namespace=space), f"joe may not list secrets in namespace {space}: grant"),
        (lambda: limited.get(SECRET, "other", space), f"joe may not get secrets in namespace {space}: grant"),
    ):
        with pytest.raises(ForbiddenError, match=sentence):
            refused()
    for verb, (result,) in (
        ("patch", limited.apply([secret("there", space, {"a": CANARY})])),
        ("delete", limited.delete([secret("there", space)])),
    ):
        assert result.status == 403
        assert f"Secret {space}/there: joe may not {verb} secrets in namespace {space}: grant" in result.words


def test_a_manifest_that_cannot_be_sent_stops_before_anything_is_sent(ways: Any, space: str) -> None:
    cluster = ways()
    good = secret("good", space)
    for bad, words in (
        ({**good, "kind": "Pod"}, "does not handle Pod of v1"),
        ({**good, "apiVersion": "v2"}, "does not handle Secret of v2"),
        (secret("", space), "without a name"),
        (secret("x", ""), "without a namespace"),
        ({"apiVersion": "v1", "kind": "Secret"}, "without a name"),
        (
            secret("x", space, metadata={"annotations": {"on": date(2026, 1, 1)}}),
            f"Secret {space}/x: .*put dates in quotes",
        ),
    ):
        with pytest.raises(ClusterError, match=words):
            cluster.apply([good, bad])
        with pytest.raises(ClusterError, match=words):
            cluster.create([good, bad])
    assert cluster.get(SECRET, "good", space) is None
    assert cluster.apply([namespace(space)])[0]["metadata"]["name"] == space
