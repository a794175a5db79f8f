# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in a cluster: annotations that say who made a Secret, from what and until when, and looking at it."""

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
# What External Secrets Operator puts on the Secrets that it writes.
OPERATED = "reconcile.external-secrets.io/managed"

ClusterObject = Mapping[str, Any]


def is_pushed(secret: ClusterObject) -> bool:
    """Whether this role has made the Secret itself; the operator copies the label, and not the annotation."""
    return is_managed(secret) and DEFINITION in annotations_of(secret)


def is_operated(secret: ClusterObject) -> bool:
    """Whether External Secrets Operator writes this Secret."""
    if has_writer(secret):
        return True
    # Without an owner it writes Secrets that it may not delete, and its label outlives it.
    return labels_of(secret).get(OPERATED) == "true" and not is_pushed(secret)


def has_writer(secret: ClusterObject) -> bool:
    """Whether an ExternalSecret owns the Secret."""
    owners = secret["metadata"].get("ownerReferences") or ()
    return any(owner.get("kind") == "ExternalSecret" for owner in owners)


def is_managed(secret: ClusterObject) -> bool:
    """Whether it has the role's label, which the operator copies to what it makes for the role."""
    return all(labels_of(secret).get(name) == value for name, value in MANAGED_LABEL.items())


def owner_of(found: ClusterObject) -> str:
    """The owner of one of the role's objects."""
    return labels_of(found).get(OWNER_LABEL, DEFAULT_OWNER)


def is_of(owner: str, found: ClusterObject) -> bool:
    """Whether it is the role's, and this owner's."""
    return is_managed(found) and owner_of(found) == owner


def labels_of(found: ClusterObject) -> Mapping[str, str]:
    """An object's labels."""
    return found["metadata"].get("labels") or {}


def annotations_of(found: ClusterObject) -> Mapping[str, str]:
    """An object's annotations."""
    return found["metadata"].get("annotations") or {}


def identity(found: ClusterObject) -> tuple[str, str]:
    """Namespace ("" for none) and name."""
    return found["metadata"].get("namespace") or "", found["metadata"]["name"]


def named(objects: Sequence[ClusterObject]) -> dict[tuple[str, str], ClusterObject]:
    """The objects by namespace and name."""
    return {identity(one): one for one in objects}


def lease_of(secret: ClusterObject) -> Lease | None:
    """The lease that a pushed Secret holds, as its annotations say."""
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
    """The annotations of a Secret that was pushed for this entry, with these keys."""
    notes = {DEFINITION: fingerprint(entry), KEYS: json.dumps(sorted(keys))}
    if lease:
        times = {EXPIRATION: written(lease.expiration) or "", MINTED: written(lease.minted) or ""}
        others = {KIND: lease.kind, SITE: lease.site or ""} if lease.kind != DYNAMIC_SECRET else {}
        notes.update({LEASE: lease.id, **times, **{name: text for name, text in others.items() if text}})
    return notes


def fingerprint(entry: Entry) -> str:
    """What makes the data: a fingerprint of options, not of any value."""
    fields: dict[str, Any] = {"source": entry.source, "path": entry.path, "keys": entry.keys, "format": entry.format}
    # The cluster never changes a Secret's type.
    fields.update({"type": entry.type} if entry.type != "Opaque" else {})
    fields.update({"request": entry.request.lasting} if entry.request else {})
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]


def data_is_ours(secret: ClusterObject) -> bool:
    """Whether the data is what was pushed: the API server keeps account of who writes what.

    A push takes every key over, and who then writes another value takes it away. Who wrote the same value shares it.
    """
    own: set[str] = set()
    all_keys: set[str] = set()
    for owner, keys in _writers(secret):
        all_keys |= keys
        own |= keys if owner.get("manager") == FIELD_MANAGER else set()
    return own == all_keys and annotations_of(secret).get(KEYS) == json.dumps(sorted(own))


def data_keys(secret: ClusterObject) -> list[str]:
    """The keys of a Secret's data, from the data where it is there, else from the account of who writes it."""
    if "data" in secret:
        return sorted(secret["data"] or {})
    return sorted({key for _owner, data in _writers(secret) for key in data})


def others_keys(secret: ClusterObject) -> list[str]:
    """Those keys of a Secret's data that this role has not applied itself, so that its applying leaves them."""
    own = {key for owner, data in _writers(secret) if owner.get("manager") == FIELD_MANAGER for key in data}
    return [key for key in data_keys(secret) if key not in own]


def own_names(found: ClusterObject, field: str) -> set[str]:
    """The names of labels or annotations that this role has applied."""
    names: set[str] = set()
    for owner in found["metadata"].get("managedFields") or ():
        if owner.get("manager") == FIELD_MANAGER:
            names |= _fields((owner.get("fieldsV1") or {}).get("f:metadata") or {}, f"f:{field}")
    return names


def _writers(secret: ClusterObject) -> Iterator[tuple[ClusterObject, set[str]]]:
    """Who has written data, and which keys."""
    for owner in secret["metadata"].get("managedFields") or ():
        fields = owner.get("fieldsV1") or {}
        if "f:data" in fields:
            yield owner, _fields(fields, "f:data")


def _fields(fields: Mapping[str, Any], name: str) -> set[str]:
    return {key[2:] for key in fields.get(name) or {} if key.startswith("f:")}


def target_of(external: ClusterObject) -> str:
    """The name of the Secret."""
    spec = external.get("spec") or {}
    return str((spec.get("target") or {}).get("name") or external["metadata"]["name"])


def policy_of(external: ClusterObject) -> str:
    """How it makes its Secret, or takes part in one."""
    return str(((external.get("spec") or {}).get("target") or {}).get("creationPolicy", "Owner"))


def by_target(external: Sequence[ClusterObject]) -> dict[tuple[str, str], ClusterObject]:
    """ExternalSecrets by namespace and name of their Secrets."""
    return {(identity(one)[0], target_of(one)): one for one in external}


def generator_of(external: ClusterObject) -> tuple[str, str]:
    """Kind and name of its generator; empty where it has none."""
    for source in (external.get("spec") or {}).get("dataFrom") or ():
        reference = (source.get("sourceRef") or {}).get("generatorRef")
        if reference:
            return reference.get("kind", ""), reference.get("name", "")
    return "", ""


def references_of(external: ClusterObject) -> set[tuple[str, str, str]]:
    """Kind, namespace ("" for none) and name of what it refers to."""
    namespace = identity(external)[0]
    named = (one for one in (store_of(external), generator_of(external)) if one[0])
    return {(kind, "" if kind.startswith("Cluster") else namespace, name) for kind, name in named}


def store_of(external: ClusterObject) -> tuple[str, str]:
    """Kind and name of its store; empty where it has none."""
    reference = (external.get("spec") or {}).get("secretStoreRef") or {}
    return (reference.get("kind", "SecretStore"), reference["name"]) if reference.get("name") else ("", "")


SECRET, NAMESPACE, EVENT = OBJECT_KINDS["Secret"], OBJECT_KINDS["Namespace"], OBJECT_KINDS["Event"]
EXTERNAL_SECRET = OBJECT_KINDS["ExternalSecret"]
# What the role makes for the operator besides Secrets.
OPERATORS = tuple(kind for kind in OBJECT_KINDS.values() if "external-secrets.io/" in kind.api_version)

Objects = list[dict[str, Any]]


def own_objects(
    cluster: Cluster, kind: ObjectKind, namespaces: Collection[str], *, labels: Sequence[str] = SELECTOR
) -> Objects | None:
    """The role's objects of a kind: one request, or one a namespace where the identity may not list them everywhere.

    Of Secrets nothing but the metadata. None: the cluster does not serve the kind.

    :arg labels: none: everybody's.
    :arg namespaces: those that count where not all can be listed.
    :raises ForbiddenError: not even these may be listed.
    """
    query: dict[str, Any] = {"labels": labels, "metadata_only": kind is SECRET}
    try:
        return cluster.list(kind, **query)
    except ForbiddenError:
        if not (kind.namespaced and namespaces):
            raise
    pages = run_concurrently(lambda namespace: cluster.list(kind, namespace=namespace, **query), sorted(namespaces))
    return None if None in pages else [one for page in pages for one in page or ()]


def everybodys_external_secrets(cluster: Cluster, namespaces: Collection[str]) -> tuple[Objects | None, bool]:
    """The ExternalSecrets, whoever made them, and whether those are all of the cluster; None: it does not serve them.

    :arg namespaces: those that count where not all can be listed.
    :raises ForbiddenError: not even these may be listed.
    """
    try:
        return cluster.list(EXTERNAL_SECRET), True
    except ForbiddenError:
        return own_objects(cluster, EXTERNAL_SECRET, namespaces, labels=()), False


def secrets_of(cluster: Cluster, entries: Sequence[Entry], *, everywhere: bool) -> Objects:
    """The metadata of the role's Secrets.

    Where the identity may not list any, those that the entries name, one by one.

    :arg everywhere: those of the whole cluster are needed.
    :raises ForbiddenError: they may not be read.
    """
    namespaces = {entry.namespace for entry in entries}
    try:
        return own_objects(cluster, SECRET, () if everywhere else namespaces) or []
    except ForbiddenError:
        if everywhere:
            raise
    return by_name(cluster, entries)


def by_name(cluster: Cluster, entries: Sequence[Entry]) -> Objects:
    """The metadata of the Secrets that the entries name, whoever they belong to."""
    places = [(entry.namespace, entry.name) for entry in entries]
    return [one for one in cluster.get_many(SECRET, places, metadata_only=True) if one is not None]


def shared_generators(cluster: Cluster, external: Sequence[ClusterObject]) -> Objects:
    """The ClusterGenerators, where one of these ExternalSecrets has one; who may not see them is told less."""
    if not any(generator_of(one)[0] == "ClusterGenerator" for one in external):
        return []
    try:
        return own_objects(cluster, OBJECT_KINDS["ClusterGenerator"], ()) or []
    except ForbiddenError:
        return []


def missing_namespaces(cluster: Cluster, names: Collection[str]) -> tuple[list[str], list[str]]:
    """Those that are not there, and those that are being deleted."""
    wanted = sorted(names)
    found = list(zip(wanted, cluster.get_many(NAMESPACE, [(None, name) for name in wanted])))
    leaving = [name for name, one in found if one is not None and one["metadata"].get("deletionTimestamp")]
    return [name for name, one in found if one is None], leaving
