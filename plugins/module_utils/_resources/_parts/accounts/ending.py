# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding and ending the leases of service accounts: all that was made for one, and the record of it last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...._api.errors import OptionError, WorkloadCredentialsError
from ...._kube.client import InWorker
from ...._kube.errors import ForbiddenError
from ...._kube.objects import OBJECT_KINDS, Object, Refusal, exact_reference
from .objects import KIND, LEASE, NAME, PART, PLACE, RECORD, TYPE, AccountLease, lease_of
from .wanted import LABEL_LETTERS

_SECRET = OBJECT_KINDS["Secret"]
_PARTS = ("ServiceAccount", "RoleBinding", "Role", "ClusterRoleBinding", "ClusterRole")
# As many leases are named in one selector, which stands in an address.
_NAMED = 50


@dataclass(frozen=True)
class AccountEnded:
    """What became of a lease.

    :arg problems: a sentence for each thing that is left; none: it has ended.
    """

    lease: AccountLease
    problems: Sequence[str] = field(default_factory=tuple)


def leases(cluster: InWorker, namespace: str | None = None, name: str | None = None) -> list[AccountLease]:
    """The leases of a namespace, or of all, the oldest first.

    :arg name: what they are for.
    :raises ForbiddenError: this identity may not list Secrets there.
    """
    labels = [f"{KIND}={RECORD}", *([f"{NAME}={name}"] if name else [])]
    found = cluster.list(_SECRET, namespace=namespace, labels=labels, metadata_only=True) or []
    return sorted(map(lease_of, found), key=lambda one: (str(one.fields["created"]), one.id))


def leases_by_id(cluster: InWorker, lease_ids: Sequence[str], option: str) -> list[AccountLease | None]:
    """The leases of these IDs, in their order; None: it has ended, or there never was one.

    :raises OptionError: an ID is none, or it names something that is no record of a lease.
    """
    places = [place_of(one, option) for one in lease_ids]
    found = cluster.get_many(_SECRET, places, metadata_only=True)
    for lease_id, one in zip(lease_ids, found):
        if one is not None and (one["metadata"].get("labels") or {}).get(KIND) != RECORD:
            raise OptionError(option, f"the Secret {lease_id} is no record of a lease.")
    return [None if one is None else lease_of(one) for one in found]


def place_of(lease_id: str, option: str) -> tuple[str, str]:
    """Namespace and name of a lease's record.

    :raises OptionError: it is not a lease's ID.
    """
    namespace, slash, name = lease_id.partition("/")
    if not (namespace and slash and name) or "/" in name:
        raise OptionError(option, f"{lease_id!r} is not a lease's ID, which is namespace/name of its record.")
    return namespace, name


def check_places(lease_ids: Sequence[str], namespace: str | None) -> None:
    """:raises OptionError: an ID is none, or is not in the namespace that is given too."""
    for lease_id in lease_ids:
        place, _name = place_of(lease_id, "lease_id")
        if namespace not in (None, place):
            raise OptionError("namespace", f"the lease {lease_id} is not in {namespace}.")


def end(cluster: InWorker, ending: Sequence[AccountLease]) -> list[AccountEnded]:
    """What became of each lease, in their order: each is tried, whatever happens to the others.

    What was made for a lease goes first, all at once, and the account's going ends its token already. The record goes
    when nothing else is left, so that what could not be removed is found again.
    """
    problems: dict[str, list[str]] = {one.id: [] for one in ending}
    parts = _parts_of(cluster, ending, problems)
    _removed(cluster, parts, problems)
    records = [one for one in ending if not problems[one.id]]
    _removed(cluster, [(one.id, _record(one)) for one in records], problems)
    return [AccountEnded(one, tuple(problems[one.id])) for one in ending]


def orphans(cluster: InWorker, namespace: str | None) -> tuple[list[dict[str, Any]], list[str]]:
    """What was made for leases whose records somebody else has removed, and a sentence for each kind not looked at.

    :arg namespace: look at what lies there, of leases there; None: everywhere.
    """
    found: list[dict[str, Any]] = []
    unseen: list[str] = []
    for kind in _PARTS:
        if namespace is not None and not OBJECT_KINDS[kind].namespaced:
            continue
        labels = [f"{KIND}={PART}", *([f"{PLACE}={namespace}"] if namespace else [])]
        try:
            found += cluster.list(OBJECT_KINDS[kind], namespace=namespace, labels=labels, metadata_only=True) or []
        except ForbiddenError as error:
            unseen.append(f"What records that are gone have left was not looked for: {error}")
    # The records are read last: each was there before what was made for it.
    known = {one.id for one in leases(cluster, namespace)} if found else set()
    return [one for one in found if _lease_id(one) not in known], unseen


def remove(cluster: InWorker, objects: Sequence[Object]) -> list[str]:
    """Remove these, and say in a sentence of each that is left why it is."""
    problems: dict[str, list[str]] = {"": []}
    _removed(cluster, [("", one) for one in objects], problems)
    return problems[""]


def removed_with(cluster: InWorker, made: Sequence[Object]) -> list[str]:
    """Remove what was made for one lease, its record last; a sentence for each thing that is left.

    :arg made: as the cluster answered, the record first.
    """
    return (remove(cluster, made[1:]) or remove(cluster, made[:1])) if made else []


def _parts_of(
    cluster: InWorker, ending: Sequence[AccountLease], problems: dict[str, list[str]]
) -> list[tuple[str, dict[str, Any]]]:
    """What was made for these leases, each with its lease's ID: found by labels, since a record can name anything."""
    asked: dict[tuple[str, str | None], list[AccountLease]] = {}
    for lease in ending:
        # A longer name is in no label, so nothing was made for it.
        for place in lease.kinds() if len(lease.name) <= LABEL_LETTERS else ():
            asked.setdefault(place, []).append(lease)
    parts: list[tuple[str, dict[str, Any]]] = []
    for (kind, namespace), concerned in asked.items():
        by_id = {one.id for one in concerned}
        for start in range(0, len(concerned), _NAMED):
            names = ",".join(sorted({one.name for one in concerned[start : start + _NAMED]}))
            labels = [f"{KIND}={PART}", f"{LEASE} in ({names})"]
            try:
                found = cluster.list(OBJECT_KINDS[kind], namespace=namespace, labels=labels, metadata_only=True) or []
            except WorkloadCredentialsError as error:
                for lease in concerned[start : start + _NAMED]:
                    problems[lease.id].append(str(error))
                continue
            parts += [(_lease_id(one), one) for one in found if _lease_id(one) in by_id]
    return parts


def _removed(cluster: InWorker, objects: Sequence[tuple[str, Object]], problems: dict[str, list[str]]) -> None:
    references = [_reference(one) for _lease, one in objects]
    for (lease_id, _one), answer in zip(objects, cluster.delete(references)):
        if isinstance(answer, Refusal):
            problems[lease_id].append(answer.words)


def _reference(found: Object) -> dict[str, Any]:
    # With its type a record is known to hold no value, so that whoever refuses is quoted.
    return {**exact_reference(found), **({"type": found["type"]} if found.get("type") else {})}


def _record(lease: AccountLease) -> dict[str, Any]:
    metadata = {"name": lease.name, "namespace": lease.namespace, "uid": lease.uid}
    return {"apiVersion": "v1", "kind": "Secret", "type": TYPE, "metadata": metadata}


def _lease_id(found: Object) -> str:
    labels = found["metadata"].get("labels") or {}
    return f"{labels.get(PLACE)}/{labels.get(LEASE)}"
