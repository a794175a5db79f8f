# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects and requests of a cluster as values, and the one place that decides which requests may be sent again."""

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
    """A kind of object, with its names in manifests and in addresses."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def is_core(self) -> bool:
        """Return whether every cluster serves it."""
        return "/" not in self.api_version

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Return the address of one object, of all in a namespace, or of all in the cluster."""
        parts = ["api" if self.is_core else "apis", *self.api_version.split("/")]
        if namespace and self.namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        return "/" + "/".join(parts)


# JSON writes a character beyond U+FFFF as two escapes.
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")
_OPERATOR = "external-secrets.io/v1"
_GENERATORS = "generators.external-secrets.io/v1alpha1"
_RBAC = "rbac.authorization.k8s.io/v1"

OBJECT_KINDS: Mapping[str, ObjectKind] = {
    kind.kind: kind
    for kind in (
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
    """Return the kind of a manifest.

    :raises ClusterError: this collection does not write it.
    """
    name, version = manifest.get("kind"), manifest.get("apiVersion")
    kind = OBJECT_KINDS.get(str(name))
    if kind is None or kind.api_version != version:
        raise ClusterError(f"This collection does not handle {name} of {version}: check the template.")
    return kind


def place_of(manifest: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return namespace and name of a manifest.

    :raises ClusterError: it has no name, or no namespace where its kind needs one.
    """
    kind, metadata = kind_of(manifest), manifest.get("metadata") or {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if not name or (kind.namespaced and not namespace):
        raise ClusterError(f"A {kind.kind} without {'a namespace' if name else 'a name'}: check the template.")
    return (namespace if kind.namespaced else None), name


def reference(manifest: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return the part of an object that names it.

    :arg more: other fields of its metadata.
    """
    metadata = manifest["metadata"]
    own = {field: metadata[field] for field in ("name", "namespace") if field in metadata}
    return {"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], "metadata": {**own, **more}}


def exact_reference(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reference to this very object, and not to a later one of the same name."""
    uid = manifest["metadata"].get("uid")
    return reference(manifest, uid=uid) if uid else reference(manifest)


def as_json(manifest: Mapping[str, Any]) -> str:
    """Return the manifest as JSON that is valid YAML too.

    :raises ClusterError: it holds a value that JSON does not have, such as a date without quotes in YAML.
    """
    try:
        return without_pairs(json.dumps(manifest, allow_nan=False))
    except (TypeError, ValueError):
        where = "/".join(filter(None, place_of(manifest)))
        problem = "contains a value that is not text, a number, a list or a mapping (put dates in quotes)"
        raise ClusterError(f"{manifest.get('kind')} {where}: the manifest {problem}: check the template.") from None


def without_pairs(text: str) -> str:
    """Return a text with JSON without pairs of escapes for one character, which YAML does not know."""
    return _PAIR.sub(_whole, text)


def _whole(pair: re.Match[str]) -> str:
    high, low = int(pair.group(2), 16), int(pair.group(3), 16)
    return f"{pair.group(1)}{chr(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00)}"


def with_kind(kind: ObjectKind, body: Mapping[str, Any]) -> dict[str, Any]:
    """Add apiVersion and kind, which list items omit and PartialObjectMetadata replaces."""
    return {**body, "apiVersion": kind.api_version, "kind": kind.kind}


FIELD_MANAGER = "community.workload_credentials"
# kubernetes.core's modules for both.
WRITE, READ = "kubernetes.core.k8s", "kubernetes.core.k8s_info"

# The reason of a request that never left this machine.
NOT_SENT = "NotSent"

# An object in the API's form; a manifest or a reference holds a part of it.
Object = Mapping[str, Any]


@dataclass(frozen=True)
class Refusal:
    """A request that the cluster refused or did not answer.

    :arg status: 0: no answer came, so it may have been carried out.
    :arg reason: Kubernetes' word, or NOT_SENT.
    :arg words: the message for the user; it names the object and the next step, and holds no secret value.
    :arg exists: the object that should be created exists already.
    """

    status: int
    reason: str
    words: str
    exists: bool = False

    @property
    def may_be_done(self) -> bool:
        """Return whether the cluster may have carried it out."""
        return not 400 <= self.status < 500 and self.reason != NOT_SENT


@dataclass(frozen=True)
class Gone:
    """A deletion that the cluster accepted. ``was_there``: false if somebody else was first."""

    was_there: bool = True


# The object as the cluster has it then, or would have it after a real run.
Applied = Union[dict[str, Any], Refusal]
Removed = Union[Gone, Refusal]
NamespacedName = tuple[Optional[str], str]
# These are defined here because the protocol has a method list, which hides Python's.
Objects = list[dict[str, Any]]
FoundObjects = list[Optional[dict[str, Any]]]
Results = list[Applied]
Removals = list[Removed]
References = list[Object]


class Cluster(Protocol):
    """A client of a cluster. Reads raise ClusterError; each write returns results for all of its objects."""

    @property
    def address(self) -> str:
        """Return an opaque identifier of the cluster; compare it and do nothing else."""

    def list(
        self,
        kind: ObjectKind,
        *,
        namespace: str | None = None,
        labels: Sequence[str] = (),
        fields: Sequence[str] = (),
        metadata_only: bool = False,
    ) -> Objects | None:
        """Return the objects of a kind; None: the cluster does not serve the kind.

        :arg labels, fields: selectors that must all hold, such as ``a=b``.
        :arg metadata_only: no data leaves the cluster.
        :raises ForbiddenError: the identity may not list them.
        """

    def get(
        self, kind: ObjectKind, name: str, namespace: str | None = None, *, metadata_only: bool = False
    ) -> dict[str, Any] | None:
        """Return one object; None: it does not exist.

        :raises ForbiddenError: the identity may not get it.
        """

    def get_many(
        self, kind: ObjectKind, places: Sequence[NamespacedName], *, metadata_only: bool = False
    ) -> FoundObjects:
        """Return the objects of these namespaces and names, in their order.

        :raises ForbiddenError: the identity may not get one of them.
        """

    def apply(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Apply manifests on the server and take over the fields that others own.

        A manifest with a ``resourceVersion`` is applied only while its object has that version or does not exist.
        """

    def create(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Apply manifests of objects that must not exist yet; one that exists gives a refusal with ``exists``."""

    def patch(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Merge manifests into existing objects: None removes a field, and lists are replaced."""

    def delete(self, references: Sequence[Object], *, dry_run: bool = False) -> Removals:
        """Delete objects; one that does not exist counts as deleted.

        A ``resourceVersion`` in a reference must still be the object's. An object with another ``uid`` is another one.
        """

    def wait_gone(self, references: Sequence[Object], timeout_s: float) -> References:
        """Wait until the objects are gone; return those still present at the timeout."""


# No object has this version, since the first write to a cluster's store makes a later one. A manifest with it can only
# create an object and never change one.
CREATE_ONLY = "1"
# Objects in one answer; the next answer holds the following ones.
PAGE = 500

_JSON, _DRY = "application/json", "All"
_AS = {
    "PartialObjectMetadata": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "PartialObjectMetadataList": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
}
# The API server's messages for failures that pass: a busy or changing store.
_PASSING = ("etcdserver: leader changed", "etcdserver: request timed out", "etcdserver: no leader")


@dataclass(frozen=True)
class ClusterRequest:
    """One request below the cluster's address.

    :arg versioned: it names the version or uid of its object, so a conflict will not pass.
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
        """Return path and query, as sent."""
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
    """Return the request for the objects of a kind, without the parameters for pages."""
    query = {"labelSelector": ",".join(labels), "fieldSelector": ",".join(fields)}
    accept = _AS["PartialObjectMetadataList"] if metadata_only else _JSON
    return ClusterRequest("GET", kind.path(namespace), query, accept=accept)


def get_request(kind: ObjectKind, place: NamespacedName, *, metadata_only: bool) -> ClusterRequest:
    """Return the request for one object."""
    return ClusterRequest("GET", kind.path(*place), accept=_AS["PartialObjectMetadata"] if metadata_only else _JSON)


def apply_request(manifest: Object, *, dry_run: bool) -> ClusterRequest:
    """Return the request that applies a manifest on the server."""
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
    """Return the request that creates an object, which needs no permission to patch."""
    query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict", "dryRun": _DRY if dry_run else None}
    path = kind_of(manifest).path(place_of(manifest)[0])
    return ClusterRequest("POST", path, query, as_json(manifest), dry_run=dry_run)


def review_request(path: str, review: Mapping[str, Any]) -> ClusterRequest:
    """Return the request for an object that the cluster answers and does not keep, such as a token request or a review.

    :arg review: the object, which has no name.
    """
    return ClusterRequest("POST", path, body=json.dumps(review))


def patch_request(manifest: Object, *, dry_run: bool) -> ClusterRequest:
    """Return the request for a merge patch."""
    path = kind_of(manifest).path(*place_of(manifest))
    query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict", "dryRun": _DRY if dry_run else None}
    content_type = "application/merge-patch+json"
    return ClusterRequest(
        "PATCH", path, query, as_json(manifest), content_type, versioned=is_versioned(manifest), dry_run=dry_run
    )


def delete_request(reference: Object, *, dry_run: bool) -> ClusterRequest:
    """Return the request for a deletion, with the reference's uid and version as conditions."""
    # A deletion with a body ignores a dryRun in the query and would delete.
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions(reference)}
    if dry_run:
        body["dryRun"] = [_DRY]
    path = kind_of(reference).path(*place_of(reference))
    return ClusterRequest("DELETE", path, body=json.dumps(body), versioned=is_versioned(reference), dry_run=dry_run)


def preconditions(reference: Object) -> dict[str, str]:
    """Return the fields of a reference that must not have changed when its object is deleted."""
    metadata = reference["metadata"]
    return {name: str(metadata[name]) for name in ("uid", "resourceVersion") if metadata.get(name)}


def is_versioned(manifest: Object) -> bool:
    """Return whether a write of this manifest depends on the state of its object."""
    return bool(preconditions(manifest))


def create_only(manifest: Object) -> dict[str, Any]:
    """Return the manifest with the version that lets it create an object and never change one."""
    return {**manifest, "metadata": {**(manifest.get("metadata") or {}), "resourceVersion": CREATE_ONLY}}


def is_retryable(status: int, body: Mapping[str, Any], *, versioned: bool) -> bool:
    """Return whether the same request may succeed a little later. Each request of this file may be sent again."""
    if status == 409:
        return body.get("reason") == "Conflict" and not versioned
    if status == 500:
        return body.get("reason") == "ServerTimeout" or str(body.get("message")).startswith(_PASSING)
    return status in (429, 502, 503, 504)
