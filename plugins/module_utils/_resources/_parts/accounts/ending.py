# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding and ending the leases of service accounts: first everything that was made for one, then its record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...._api.errors import OptionError, WorkloadCredentialsError
from ...._kube.client import InWorker
from ...._kube.errors import ForbiddenError
from ...._kube.objects import OBJECT_KINDS, Object, Refusal, exact_reference
from .objects import KIND, LEASE, NAME, PART, PLACE, RECORD, TYPE, AccountLease, lease_of
from .wanted import LABEL_LETTERS

_SECRET = OBJECT_KINDS["Secret"]
_PARTS = ("ServiceAccount", "RoleBinding", "Role", "ClusterRoleBinding", "ClusterRole")
# Leases per label selector: the selector is part of the URL.
_PER_SELECTOR = 50


def leases(cluster: InWorker, namespace: str | None = None, name: str | None = None) -> list[AccountLease]:
    """Return the leases of a namespace, or of all, the oldest first.

    :arg name: the leases' name; None: any.
    :raises ForbiddenError: this identity may not list Secrets there.
    """
    labels = [f"{KIND}={RECORD}"]
    if name:
        labels.append(f"{NAME}={name}")
    records = cluster.list(_SECRET, namespace=namespace, labels=labels, metadata_only=True) or []
    return sorted(map(lease_of, records), key=lambda lease: (str(lease.fields["created"]), lease.id))


def leases_by_id(cluster: InWorker, lease_ids: Sequence[str], option: str) -> list[AccountLease | None]:
    """Return the leases of these IDs, in their order; None: it has ended, or never existed.

    :raises OptionError: an ID has the wrong form, or names a Secret that is not a lease's record.
    """
    places = [place_of(lease_id, option) for lease_id in lease_ids]
    records = cluster.get_many(_SECRET, places, metadata_only=True)
    for lease_id, record in zip(lease_ids, records):
        if record is not None and (record["metadata"].get("labels") or {}).get(KIND) != RECORD:
            raise OptionError(option, f"the Secret {lease_id} is not a lease's record.")
    return [None if record is None else lease_of(record) for record in records]


def place_of(lease_id: str, option: str) -> tuple[str, str]:
    """Return namespace and name of a lease's record.

    :raises OptionError: this is not a lease's ID.
    """
    namespace, slash, name = lease_id.partition("/")
    if not (namespace and slash and name) or "/" in name:
        raise OptionError(option, f"{lease_id!r} is not the ID of a lease, which is namespace/name of its record.")
    return namespace, name


def check_places(lease_ids: Sequence[str], namespace: str | None) -> None:
    """Raise OptionError if an ID has the wrong form or does not lie in the given namespace."""
    for lease_id in lease_ids:
        place, _name = place_of(lease_id, "lease_id")
        if namespace not in (None, place):
            raise OptionError("namespace", f"the lease {lease_id} is not in {namespace}.")


def end(cluster: InWorker, ending: Sequence[AccountLease]) -> dict[str, list[str]]:
    """End each lease, whatever happens to the others; return a sentence for each thing that is left, by lease ID.

    First everything that was made for the leases is removed; without its account a token is invalid already. A record
    is removed when nothing else of its lease is left, so that a later run finds what could not be removed.
    """
    problems: dict[str, list[str]] = {lease.id: [] for lease in ending}
    _remove_and_note(cluster, _parts_of(cluster, ending, problems), problems)
    records = [(lease.id, _record(lease)) for lease in ending if not problems[lease.id]]
    _remove_and_note(cluster, records, problems)
    return problems


def orphans(cluster: InWorker, namespace: str | None) -> tuple[list[dict[str, Any]], list[str]]:
    """Return objects of leases whose records somebody else has removed, and a sentence for each kind that is forbidden.

    :arg namespace: of the objects and their leases; None: all.
    """
    parts: list[dict[str, Any]] = []
    warnings: list[str] = []
    kinds = [OBJECT_KINDS[name] for name in _PARTS]
    labels = [f"{KIND}={PART}"]
    if namespace is not None:
        kinds = [kind for kind in kinds if kind.namespaced]
        labels.append(f"{PLACE}={namespace}")
    for kind in kinds:
        try:
            parts += cluster.list(kind, namespace=namespace, labels=labels, metadata_only=True) or []
        except ForbiddenError as error:
            warnings.append(f"Could not search for objects of leases without a record: {error}")
    return _without_record(cluster, namespace, parts), warnings


def _without_record(cluster: InWorker, namespace: str | None, parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    # The records are read last: each existed before the other objects of its lease.
    known = {lease.id for lease in leases(cluster, namespace)} if parts else set()
    return [part for part in parts if _lease_id(part) not in known]


def remove(cluster: InWorker, objects: Sequence[Object]) -> list[str]:
    """Remove the objects and return a sentence for each that is left."""
    problems: dict[str, list[str]] = {"": []}
    _remove_and_note(cluster, [("", manifest) for manifest in objects], problems)
    return problems[""]


def remove_with_record(cluster: InWorker, made: Sequence[Object]) -> list[str]:
    """Remove the objects of one lease, its record last, and return a sentence for each that is left.

    :arg made: as the cluster answered, the record first.
    """
    if not made:
        return []
    return remove(cluster, made[1:]) or remove(cluster, made[:1])


def _parts_of(
    cluster: InWorker, ending: Sequence[AccountLease], problems: dict[str, list[str]]
) -> list[tuple[str, dict[str, Any]]]:
    """Return the objects of these leases, each with its lease's ID; labels find them, since a record may be forged."""
    by_place: dict[tuple[str, str | None], list[AccountLease]] = {}
    for lease in ending:
        # A longer name does not fit into a label, so there are no objects for it.
        if len(lease.name) <= LABEL_LETTERS:
            for place in lease.kinds():
                by_place.setdefault(place, []).append(lease)
    parts: list[tuple[str, dict[str, Any]]] = []
    for (kind, namespace), its_leases in by_place.items():
        for start in range(0, len(its_leases), _PER_SELECTOR):
            parts += _listed_parts(cluster, kind, namespace, its_leases[start : start + _PER_SELECTOR], problems)
    return parts


def _listed_parts(
    cluster: InWorker,
    kind: str,
    namespace: str | None,
    some: Sequence[AccountLease],
    problems: dict[str, list[str]],
) -> list[tuple[str, dict[str, Any]]]:
    """Return the objects of one kind and namespace for some of the leases."""
    names = ",".join(sorted({lease.name for lease in some}))
    labels = [f"{KIND}={PART}", f"{LEASE} in ({names})"]
    try:
        objects = cluster.list(OBJECT_KINDS[kind], namespace=namespace, labels=labels, metadata_only=True) or []
    except WorkloadCredentialsError as error:
        for lease in some:
            problems[lease.id].append(str(error))
        return []
    ids = {lease.id for lease in some}
    return [(_lease_id(part), part) for part in objects if _lease_id(part) in ids]


def _remove_and_note(cluster: InWorker, objects: Sequence[tuple[str, Object]], problems: dict[str, list[str]]) -> None:
    """Remove the objects, each with its lease's ID, and add refusals to the problems of the leases."""
    answers = cluster.delete([_reference(manifest) for _lease_id, manifest in objects])
    for (lease_id, _manifest), answer in zip(objects, answers):
        if isinstance(answer, Refusal):
            problems[lease_id].append(answer.words)


def _reference(manifest: Object) -> dict[str, Any]:
    exact = exact_reference(manifest)
    # The type says that a record holds no value, so that messages may quote a policy's refusal.
    return {**exact, "type": manifest["type"]} if manifest.get("type") else exact


def _record(lease: AccountLease) -> dict[str, Any]:
    metadata = {"name": lease.name, "namespace": lease.namespace, "uid": lease.uid}
    return {"apiVersion": "v1", "kind": "Secret", "type": TYPE, "metadata": metadata}


def _lease_id(part: Object) -> str:
    labels = part["metadata"].get("labels") or {}
    return f"{labels.get(PLACE)}/{labels.get(LEASE)}"
