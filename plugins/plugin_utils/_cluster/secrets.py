# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what is in a cluster: Secrets with the annotations of their leases, and ExternalSecrets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ...module_utils._api.concurrency import run_concurrently
from ...module_utils._api.times import written
from ...module_utils._credentials.lease import DYNAMIC_SECRET, STS_SESSION, Lease
from ...module_utils._kube.errors import ForbiddenError
from ...module_utils._kube.objects import FIELD_MANAGER, OBJECT_KINDS, Cluster, ObjectKind
from ...module_utils._marks import LEASE_MARKS, noted_lease
from .entries import Entry
from .spec import DEFAULT_OWNER, MANAGED_LABEL, OWNER_LABEL, SELECTOR

MARKS = LEASE_MARKS
LEASE, EXPIRATION, MINTED, DEFINITION, KEYS, KIND, SITE = MARKS
# The label that External Secrets Operator sets on the Secrets that it writes.
OPERATED = "reconcile.external-secrets.io/managed"

ClusterObject = Mapping[str, Any]


def is_pushed(secret: ClusterObject) -> bool:
    """Return whether this role has made the Secret itself: the operator copies the label, but not the annotation."""
    return is_managed(secret) and DEFINITION in annotations_of(secret)


def is_operated(secret: ClusterObject) -> bool:
    """Return whether External Secrets Operator writes this Secret."""
    if has_writer(secret):
        return True
    # A Secret that the operator may not delete has no owner, and keeps the label when the operator has left it.
    return labels_of(secret).get(OPERATED) == "true" and not is_pushed(secret)


def has_writer(secret: ClusterObject) -> bool:
    """Return whether an ExternalSecret owns the Secret."""
    owners = secret["metadata"].get("ownerReferences") or ()
    return any(owner.get("kind") == "ExternalSecret" for owner in owners)


def is_managed(secret: ClusterObject) -> bool:
    """Return whether the object has the role's label, which the operator copies to what it makes for the role."""
    return all(labels_of(secret).get(name) == value for name, value in MANAGED_LABEL.items())


def owner_of(cluster_object: ClusterObject) -> str:
    """Return the owner of one of the role's objects."""
    return labels_of(cluster_object).get(OWNER_LABEL, DEFAULT_OWNER)


def is_of(owner: str, cluster_object: ClusterObject) -> bool:
    """Return whether the object is the role's and belongs to this owner."""
    return is_managed(cluster_object) and owner_of(cluster_object) == owner


def labels_of(cluster_object: ClusterObject) -> Mapping[str, str]:
    """Return an object's labels."""
    return cluster_object["metadata"].get("labels") or {}


def annotations_of(cluster_object: ClusterObject) -> Mapping[str, str]:
    """Return an object's annotations."""
    return cluster_object["metadata"].get("annotations") or {}


def identity(cluster_object: ClusterObject) -> tuple[str, str]:
    """Return namespace ("" for none) and name of an object."""
    return cluster_object["metadata"].get("namespace") or "", cluster_object["metadata"]["name"]


def named(objects: Sequence[ClusterObject]) -> dict[tuple[str, str], ClusterObject]:
    """Return the objects by namespace and name."""
    return {identity(one): one for one in objects}


def lease_of(secret: ClusterObject) -> Lease | None:
    """Return the lease that a pushed Secret holds, as its annotations say; None: it holds none."""
    annotations = annotations_of(secret)
    noted = noted_lease(annotations)
    if not noted.id:
        return None
    minted, expiration = noted.minted, noted.expiration
    if minted is None:
        # A quarter of its life cannot be computed without its beginning.
        minted, expiration = datetime.fromtimestamp(0, timezone.utc), None
    kind = annotations.get(KIND, DYNAMIC_SECRET)
    return Lease(
        noted.id,
        "/".join(identity(secret)),
        minted,
        expiration,
        revocable=kind != STS_SESSION,
        kind=kind,
        site=annotations.get(SITE),
    )


def lease_fields(annotations: Mapping[str, str]) -> dict[str, Any]:
    """Return the lease of these annotations as the report names it."""
    noted = noted_lease(annotations)
    return {"lease_id": noted.id, "expiration": written(noted.expiration)}


def marks_of(entry: Entry, lease: Lease | None, keys: Sequence[str]) -> dict[str, str]:
    """Return the annotations of a Secret that is pushed for this entry, with these keys."""
    marks = {DEFINITION: fingerprint(entry), KEYS: json.dumps(sorted(keys))}
    if lease is None:
        return marks
    marks[LEASE] = lease.id
    marks[EXPIRATION] = written(lease.expiration) or ""
    marks[MINTED] = written(lease.minted) or ""
    if lease.kind != DYNAMIC_SECRET:
        marks[KIND] = lease.kind
        if lease.site:
            marks[SITE] = lease.site
    return marks


def fingerprint(entry: Entry) -> str:
    """Return a fingerprint of the options that determine the data; no value is in it."""
    fields: dict[str, Any] = {"source": entry.source, "path": entry.path, "keys": entry.keys, "format": entry.format}
    if entry.type != "Opaque":
        # The cluster never changes a Secret's type.
        fields["type"] = entry.type
    if entry.request:
        fields["request"] = entry.request.lasting
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]


def data_is_ours(secret: ClusterObject) -> bool:
    """Return whether the data is what was pushed, as the API server records the writer of each key.

    A push owns every key. A writer that changes a value becomes its owner; one that writes the same value shares it.
    """
    own: set[str] = set()
    all_keys: set[str] = set()
    for owner, keys in _writers(secret):
        all_keys |= keys
        own |= keys if owner.get("manager") == FIELD_MANAGER else set()
    return own == all_keys and annotations_of(secret).get(KEYS) == json.dumps(sorted(own))


def data_keys(secret: ClusterObject) -> list[str]:
    """Return the keys of a Secret's data: of the data itself if it was read, else of the record of its writers."""
    if "data" in secret:
        return sorted(secret["data"] or {})
    return sorted({key for _owner, data in _writers(secret) for key in data})


def others_keys(secret: ClusterObject) -> list[str]:
    """Return the keys of a Secret's data that this role has not applied itself, and that its next apply leaves."""
    own: set[str] = set()
    for owner, keys in _writers(secret):
        if owner.get("manager") == FIELD_MANAGER:
            own |= keys
    return [key for key in data_keys(secret) if key not in own]


def own_names(cluster_object: ClusterObject, field: str) -> set[str]:
    """Return the names of labels or annotations that this role has applied."""
    names: set[str] = set()
    for owner in cluster_object["metadata"].get("managedFields") or ():
        if owner.get("manager") == FIELD_MANAGER:
            names |= _fields((owner.get("fieldsV1") or {}).get("f:metadata") or {}, f"f:{field}")
    return names


def _writers(secret: ClusterObject) -> Iterator[tuple[ClusterObject, set[str]]]:
    """Yield each writer of data, and its keys."""
    for owner in secret["metadata"].get("managedFields") or ():
        fields = owner.get("fieldsV1") or {}
        if "f:data" in fields:
            yield owner, _fields(fields, "f:data")


def _fields(fields: Mapping[str, Any], name: str) -> set[str]:
    return {key[2:] for key in fields.get(name) or {} if key.startswith("f:")}


def target_of(external: ClusterObject) -> str:
    """Return the name of its Secret."""
    spec = external.get("spec") or {}
    return str((spec.get("target") or {}).get("name") or external["metadata"]["name"])


def policy_of(external: ClusterObject) -> str:
    """Return how it makes its Secret, or takes part in one."""
    return str(((external.get("spec") or {}).get("target") or {}).get("creationPolicy", "Owner"))


def by_target(external: Sequence[ClusterObject]) -> dict[tuple[str, str], ClusterObject]:
    """Return ExternalSecrets by namespace and name of their Secrets."""
    return {(identity(one)[0], target_of(one)): one for one in external}


def generator_of(external: ClusterObject) -> tuple[str, str]:
    """Return kind and name of its generator; "" twice: it has none."""
    for source in (external.get("spec") or {}).get("dataFrom") or ():
        reference = (source.get("sourceRef") or {}).get("generatorRef")
        if reference:
            return reference.get("kind", ""), reference.get("name", "")
    return "", ""


def references_of(external: ClusterObject) -> set[tuple[str, str, str]]:
    """Return kind, namespace ("" for none) and name of its store and of its generator."""
    namespace = identity(external)[0]
    references = [store_of(external), generator_of(external)]
    return {(kind, "" if kind.startswith("Cluster") else namespace, name) for kind, name in references if kind}


def store_of(external: ClusterObject) -> tuple[str, str]:
    """Return kind and name of its store; "" twice: it has none."""
    reference = (external.get("spec") or {}).get("secretStoreRef") or {}
    return (reference.get("kind", "SecretStore"), reference["name"]) if reference.get("name") else ("", "")


SECRET, NAMESPACE, EVENT = OBJECT_KINDS["Secret"], OBJECT_KINDS["Namespace"], OBJECT_KINDS["Event"]
EXTERNAL_SECRET = OBJECT_KINDS["ExternalSecret"]
# The kinds that the role makes for the operator besides Secrets.
OPERATORS = tuple(kind for kind in OBJECT_KINDS.values() if "external-secrets.io/" in kind.api_version)

Objects = list[dict[str, Any]]


def own_objects(
    cluster: Cluster, kind: ObjectKind, namespaces: Collection[str], *, labels: Sequence[str] = SELECTOR
) -> Objects | None:
    """Return the role's objects of a kind, of Secrets the metadata alone; None: the cluster does not serve the kind.

    That takes one request, or one for each namespace where this identity may not list the whole cluster.

    :arg labels: what selects them; empty: nothing, so that everybody's count.
    :arg namespaces: where to look if the whole cluster cannot be listed.
    :raises ForbiddenError: this identity may not list these namespaces either.
    """
    query: dict[str, Any] = {"labels": labels, "metadata_only": kind is SECRET}
    try:
        return cluster.list(kind, **query)
    except ForbiddenError:
        if not (kind.namespaced and namespaces):
            raise
    pages = run_concurrently(lambda namespace: cluster.list(kind, namespace=namespace, **query), sorted(namespaces))
    if None in pages:
        return None
    return [one for page in pages for one in page or ()]


def everybodys_external_secrets(cluster: Cluster, namespaces: Collection[str]) -> tuple[Objects | None, bool]:
    """Return everybody's ExternalSecrets, None if the cluster does not serve them, and whether these are all it has.

    :arg namespaces: where to look if the whole cluster cannot be listed.
    :raises ForbiddenError: this identity may not list these namespaces either.
    """
    try:
        return cluster.list(EXTERNAL_SECRET), True
    except ForbiddenError:
        return own_objects(cluster, EXTERNAL_SECRET, namespaces, labels=()), False


def secrets_of(cluster: Cluster, entries: Sequence[Entry], *, everywhere: bool) -> Objects:
    """Return the metadata of the role's Secrets.

    An identity that may not list any reads those that the entries name, one by one.

    :arg everywhere: return those of the whole cluster or none.
    :raises ForbiddenError: this identity may not read them.
    """
    namespaces = {entry.namespace for entry in entries}
    try:
        return own_objects(cluster, SECRET, () if everywhere else namespaces) or []
    except ForbiddenError:
        if everywhere:
            raise
    return by_name(cluster, entries)


def by_name(cluster: Cluster, entries: Sequence[Entry]) -> Objects:
    """Return the metadata of the Secrets that the entries name, of all owners."""
    places = [(entry.namespace, entry.name) for entry in entries]
    return [secret for secret in cluster.get_many(SECRET, places, metadata_only=True) if secret is not None]


def shared_generators(cluster: Cluster, external: Sequence[ClusterObject]) -> Objects:
    """Return the ClusterGenerators, if one of these ExternalSecrets has one and this identity may list them."""
    if not any(generator_of(one)[0] == "ClusterGenerator" for one in external):
        return []
    try:
        return own_objects(cluster, OBJECT_KINDS["ClusterGenerator"], ()) or []
    except ForbiddenError:
        return []


def missing_namespaces(cluster: Cluster, names: Collection[str]) -> tuple[list[str], list[str]]:
    """Return which of these namespaces do not exist, and which are being deleted."""
    wanted = sorted(names)
    missing: list[str] = []
    leaving: list[str] = []
    for name, namespace in zip(wanted, cluster.get_many(NAMESPACE, [(None, name) for name in wanted])):
        if namespace is None:
            missing.append(name)
        elif namespace["metadata"].get("deletionTimestamp"):
            leaving.append(name)
    return missing, leaving
