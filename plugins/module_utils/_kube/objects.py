# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects and requests of a cluster as values: kinds, answers, and the one place that decides what may be sent again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Protocol, Union
from urllib.parse import quote, urlencode

from .errors import ClusterError


@dataclass(frozen=True)
class ObjectKind:
    """A kind, as manifests and as addresses name it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def is_core(self) -> bool:
        """Whether every cluster serves it."""
        return "/" not in self.api_version

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """The address of one object, or of all in a namespace, or of all there are."""
        parts = ["api" if self.is_core else "apis", *self.api_version.split("/")]
        if namespace and self.namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts += [self.plural, *([quote(name, safe="")] if name else [])]
        return "/" + "/".join(parts)


# JSON names a character beyond U+FFFF by two escapes.
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")
_OPERATOR = "external-secrets.io/v1"
_GENERATORS = "generators.external-secrets.io/v1alpha1"
_RBAC = "rbac.authorization.k8s.io/v1"

OBJECT_KINDS: Mapping[str, ObjectKind] = {
    one.kind: one
    for one in (
        ObjectKind("v1", "Namespace", "namespaces", namespaced=False),
        ObjectKind("v1", "Secret", "secrets"),
        ObjectKind("v1", "Event", "events"),
        ObjectKind("v1", "ServiceAccount", "serviceaccounts"),
        ObjectKind(_RBAC, "Role", "roles"),
        ObjectKind(_RBAC, "RoleBinding", "rolebindings"),
        ObjectKind(_RBAC, "ClusterRole", "clusterroles", namespaced=False),
        ObjectKind(_RBAC, "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
        ObjectKind(_OPERATOR, "ExternalSecret", "externalsecrets"),
        ObjectKind(_OPERATOR, "SecretStore", "secretstores"),
        ObjectKind(_OPERATOR, "ClusterSecretStore", "clustersecretstores", namespaced=False),
        ObjectKind(_GENERATORS, "ClusterGenerator", "clustergenerators", namespaced=False),
        ObjectKind(
            _GENERATORS, "BeyondtrustWorkloadCredentialsDynamicSecret", "beyondtrustworkloadcredentialsdynamicsecrets"
        ),
        ObjectKind(_GENERATORS, "STSSessionToken", "stssessiontokens"),
        ObjectKind(_GENERATORS, "Webhook", "webhooks"),
    )
}


def kind_of(manifest: Mapping[str, Any]) -> ObjectKind:
    """The kind of a manifest.

    :raises ClusterError: it is none of those that this collection writes.
    """
    name, version = manifest.get("kind"), manifest.get("apiVersion")
    found = OBJECT_KINDS.get(str(name))
    if found is None or found.api_version != version:
        raise ClusterError(f"{name} of {version} is no kind that this collection handles: check the template.")
    return found


def place_of(manifest: Mapping[str, Any]) -> tuple[str | None, str]:
    """Namespace and name of a manifest.

    :raises ClusterError: it has no name, or no namespace where its kind needs one.
    """
    kind, metadata = kind_of(manifest), manifest.get("metadata") or {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if not name or (kind.namespaced and not namespace):
        raise ClusterError(f"A {kind.kind} without {'a namespace' if name else 'a name'}: check the template.")
    return (namespace if kind.namespaced else None), name


def reference(found: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """As much of an object as it takes to name it.

    :arg more: what else its metadata holds.
    """
    own = {field: found["metadata"][field] for field in ("name", "namespace") if field in found["metadata"]}
    return {"apiVersion": found["apiVersion"], "kind": found["kind"], "metadata": {**own, **more}}


def exact_reference(found: Mapping[str, Any]) -> dict[str, Any]:
    """A reference to this very object, and not to one of its name that somebody makes meanwhile."""
    uid = found["metadata"].get("uid")
    return reference(found, **({"uid": uid} if uid else {}))


def as_json(manifest: Mapping[str, Any]) -> str:
    """The manifest as it is sent, which YAML reads as JSON does.

    :raises ClusterError: something in it is no JSON, as a date that stands in YAML without quotes.
    """
    try:
        return without_pairs(json.dumps(manifest, allow_nan=False))
    except (TypeError, ValueError):
        where = "/".join(filter(None, place_of(manifest)))
        problem = "holds a value that is no text, number, list or mapping (a date needs quotes)"
        raise ClusterError(f"{manifest.get('kind')} {where}: the manifest {problem}: check the template.") from None


def without_pairs(text: str) -> str:
    """JSON, or a text with some in it, without the pairs of escapes for one character that YAML does not know."""
    return _PAIR.sub(_whole, text)


def _whole(found: re.Match[str]) -> str:
    high, low = (int(found.group(number), 16) for number in (2, 3))
    return f"{found.group(1)}{chr(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00)}"


def named(kind: ObjectKind, body: Mapping[str, Any]) -> dict[str, Any]:
    """The object with its own kind, which items of lists lack and metadata alone has another of."""
    return {**body, "apiVersion": kind.api_version, "kind": kind.kind}


FIELD_MANAGER = "community.workload_credentials"
# The modules of kubernetes.core that can do it, too.
WRITE, READ = "kubernetes.core.k8s", "kubernetes.core.k8s_info"

# An object as the API writes it; a manifest or a reference holds as much of it as is needed.
# The reason of what never left this machine.
NOT_SENT = "NotSent"

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Refusal:
    """What the cluster did not do.

    ``status`` is 0 where no answer came, so that it may have been done all the same. ``reason`` is Kubernetes' word, or
    NOT_SENT.
    ``words`` is for the user: it names the object, holds no secret value, and says what to do next.
    ``exists``: what should be made was there already.
    """

    status: int
    reason: str
    words: str
    exists: bool = False

    @property
    def may_be_done(self) -> bool:
        """Whether the cluster may have done it all the same."""
        return not 400 <= self.status < 500 and self.reason != NOT_SENT


@dataclass(frozen=True)
class Gone:
    """A deletion that the cluster accepted. ``was_there``: not, where somebody else was first."""

    was_there: bool = True


# The object as the cluster then had it, and (dry run) as it would have it.
Applied = Union[dict[str, Any], Refusal]
Removed = Union[Gone, Refusal]
NamespacedName = tuple[Optional[str], str]
# Named here because the protocol has a method of the name of Python's list.
Objects = list[dict[str, Any]]
FoundObjects = list[Optional[dict[str, Any]]]
Results = list[Applied]
Removals = list[Removed]
References = list[Object]


class Cluster(Protocol):
    """Reads raise ClusterError; writes answer for each object by itself, and none stops another."""

    @property
    def address(self) -> str:
        """Which cluster it is, in words that only compare."""

    def list(
        self,
        kind: ObjectKind,
        *,
        namespace: str | None = None,
        labels: Sequence[str] = (),
        fields: Sequence[str] = (),
        metadata_only: bool = False,
    ) -> Objects | None:
        """The objects of a kind; None: the cluster does not serve the kind.

        :arg labels: selectors that all must hold, such as ``a=b``; ``fields`` likewise.
        :arg metadata_only: no data leaves the cluster.
        :raises ForbiddenError: the identity may not list them.
        """

    def get(
        self, kind: ObjectKind, name: str, namespace: str | None = None, *, metadata_only: bool = False
    ) -> dict[str, Any] | None:
        """One object; None: there is none.

        :raises ForbiddenError: the identity may not get it.
        """

    def get_many(
        self, kind: ObjectKind, places: Sequence[NamespacedName], *, metadata_only: bool = False
    ) -> FoundObjects:
        """The objects of these namespaces and names, in their order.

        :raises ForbiddenError: the identity may not get one of them.
        """

    def apply(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Bring objects to what the manifests say, by server-side apply; what others own of that is taken over.

        A manifest with a ``resourceVersion`` is applied only while its object has that version or is not there at all.
        """

    def create(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """The same, for objects that must not be there yet; those that are give a refusal with ``exists``."""

    def patch(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Merge manifests into objects that are there: what is None goes, lists are replaced."""

    def delete(self, references: Sequence[Object], *, dry_run: bool = False) -> Removals:
        """Delete objects; what is not there is gone.

        A ``resourceVersion`` in a reference must still be the object's. One that has another ``uid`` is another object.
        """

    def wait_gone(self, references: Sequence[Object], timeout_s: float) -> References:
        """Wait until they are gone, and return those that are not when the time is over."""


# No object has this version: the first write to a cluster's store makes a later one. What is applied with it can only
# be made new, by the same request that would otherwise change what is there.
UNSEEN = "1"
# As many objects in one answer; what is left follows in the next.
PAGE = 500

_JSON, _DRY = "application/json", "All"
_AS = {
    "PartialObjectMetadata": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "PartialObjectMetadataList": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
}
# What the API server itself says of failures that pass: a busy or changing store.
_PASSING = ("etcdserver: leader changed", "etcdserver: request timed out", "etcdserver: no leader")


@dataclass(frozen=True)
class ClusterRequest:
    """One request below the cluster's address.

    ``versioned``: it names the version of the object that it is for, so a conflict will not pass.
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: str = ""
    content_type: str = _JSON
    accept: str = _JSON
    versioned: bool = False
    dry_run: bool = False

    @property
    def target(self) -> str:
        """Path and query, as sent."""
        query = {name: value for name, value in self.query.items() if value not in (None, "")}
        return f"{self.path}?{urlencode(query)}" if query else self.path


def list_request(
    kind: ObjectKind,
    namespace: str | None,
    labels: Sequence[str],
    fields: Sequence[str],
    *,
    metadata_only: bool,
) -> ClusterRequest:
    """The objects of a kind; without what divides them into pages."""
    query = {"labelSelector": ",".join(labels), "fieldSelector": ",".join(fields)}
    accept = _AS["PartialObjectMetadataList"] if metadata_only else _JSON
    return ClusterRequest("GET", kind.path(namespace), query, accept=accept)


def get_request(kind: ObjectKind, place: NamespacedName, *, metadata_only: bool) -> ClusterRequest:
    """One object."""
    return ClusterRequest("GET", kind.path(*place), accept=_AS["PartialObjectMetadata"] if metadata_only else _JSON)


def apply_request(manifest: Object, *, dry_run: bool) -> ClusterRequest:
    """Server-side apply of a manifest."""
    query = {
        "fieldManager": FIELD_MANAGER,
        "force": "true",
        "fieldValidation": "Strict",
        "dryRun": _DRY if dry_run else None,
    }
    path = kind_of(manifest).path(*place_of(manifest))
    # JSON is YAML.
    content_type = "application/apply-patch+yaml"
    return ClusterRequest(
        "PATCH", path, query, as_json(manifest), content_type, versioned=is_versioned(manifest), dry_run=dry_run
    )


def create_request(manifest: Object, *, dry_run: bool) -> ClusterRequest:
    """A new object, for which the right to change what is there is not needed."""
    query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict", "dryRun": _DRY if dry_run else None}
    path = kind_of(manifest).path(place_of(manifest)[0])
    return ClusterRequest("POST", path, query, as_json(manifest), dry_run=dry_run)


def question_request(path: str, question: Mapping[str, Any]) -> ClusterRequest:
    """What the cluster answers at once and does not keep, such as a token or a review.

    :arg question: the object, without what names it.
    """
    return ClusterRequest("POST", path, body=json.dumps(question))


def patch_request(manifest: Object, *, dry_run: bool) -> ClusterRequest:
    """A merge patch."""
    path = kind_of(manifest).path(*place_of(manifest))
    query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict", "dryRun": _DRY if dry_run else None}
    content_type = "application/merge-patch+json"
    return ClusterRequest(
        "PATCH", path, query, as_json(manifest), content_type, versioned=is_versioned(manifest), dry_run=dry_run
    )


def delete_request(reference: Object, *, dry_run: bool) -> ClusterRequest:
    """A deletion, with the reference's uid and version as conditions."""
    # A deletion with a body looks for its options nowhere else: a dryRun in the query would delete.
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions(reference)}
    if dry_run:
        body["dryRun"] = [_DRY]
    path = kind_of(reference).path(*place_of(reference))
    return ClusterRequest("DELETE", path, body=json.dumps(body), versioned=is_versioned(reference), dry_run=dry_run)


def preconditions(reference: Object) -> dict[str, str]:
    """What of a reference must still be so when it is deleted."""
    metadata = reference["metadata"]
    return {name: str(metadata[name]) for name in ("uid", "resourceVersion") if metadata.get(name)}


def is_versioned(manifest: Object) -> bool:
    """Whether a write of this manifest depends on what is there."""
    return bool(preconditions(manifest))


def unseen(manifest: Object) -> dict[str, Any]:
    """The manifest for an object that must not be there yet."""
    return {**manifest, "metadata": {**(manifest.get("metadata") or {}), "resourceVersion": UNSEEN}}


def is_passing(status: int, body: Mapping[str, Any], *, versioned: bool) -> bool:
    """Whether the same request may succeed a little later. All that are made here may be sent again."""
    if status == 409:
        return body.get("reason") == "Conflict" and not versioned
    if status == 500:
        return body.get("reason") == "ServerTimeout" or str(body.get("message")).startswith(_PASSING)
    return status in (429, 502, 503, 504)
