# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster says of the entries: ready and fresh, or why not.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_marks import EXPIRATION, LEASE

Found = Mapping[str, Any]


def statuses(
    entries: Sequence[Found],
    external: Sequence[Found],
    secrets: Sequence[Found],
    events: Sequence[Found],
    now: datetime,
) -> list[dict[str, Any]]:
    """For each entry whether it is ready, and why not; no value is in it.

    :arg external: the cluster's ExternalSecrets.
    :arg secrets: its Secrets; needed for entries that are pushed.
    :arg events: warnings about ExternalSecrets: the operator puts the cause of a failure there.
    """
    by_kind = {"external_secret": _named(external), "push": _named(secrets)}
    return [_status(entry, by_kind[entry["delivery"]].get(_identity(entry)), events, now) for entry in entries]


def operator_report(objects: Sequence[Found], before: Sequence[Found], after: Sequence[Found]) -> list[dict[str, Any]]:
    """What happened to each entry that the operator delivers.

    :arg objects: what was applied; the ExternalSecrets among them count.
    :arg before: the cluster's ExternalSecrets before, and ``after``.
    """
    old, new = _generations(before), _generations(after)
    return [
        {
            **{field: one[field] for field in ("name", "namespace", "keys")},
            "delivery": "external_secret",
            "action": "created"
            if _identity(one) not in old
            else _changed(old[_identity(one)], new.get(_identity(one))),
            "reason": f"the operator generates anew every {one['interval']}",
            "lease_id": None,
            "expiration": None,
        }
        for one in objects
        if one["template"] == "external_secret"
    ]


def applied_difference(applied: Found) -> dict[str, Any]:
    """Before and after of the objects that a task of kubernetes.core.k8s has changed, by kind, namespace and name.

    :arg applied: its result, for one object or for several; without differences where it was not asked for any.
    """
    results = applied["result"].get("results") or [applied]
    changes: dict[str, dict[str, Any]] = {"before": {}, "after": {}}
    for one in results:
        metadata = one["result"].get("metadata") or {}
        where = "/".join(filter(None, (one["result"].get("kind"), metadata.get("namespace"), metadata.get("name"))))
        for side in ("before", "after") if one["changed"] else ():
            changes[side][where] = _without_bookkeeping((one.get("diff") or {}).get(side) or {})
    return changes


def _without_bookkeeping(found: Found) -> dict[str, Any]:
    """An object without what the cluster itself writes, which says nothing."""
    names = ("managedFields", "generation", "resourceVersion", "uid", "creationTimestamp")
    metadata = {name: value for name, value in (found.get("metadata") or {}).items() if name not in names}
    rest = {name: value for name, value in found.items() if name not in ("metadata", "status")}
    return {**rest, "metadata": metadata} if metadata else rest


def _generations(found: Sequence[Found]) -> dict[tuple[str, str], Any]:
    return {identity: one["metadata"].get("generation") for identity, one in _named(found).items()}


def _changed(before: Any, after: Any) -> str:
    return "kept" if before == after else "updated"


def _status(entry: Found, found: Found | None, events: Sequence[Found], now: datetime) -> dict[str, Any]:
    notes = (found or {}).get("metadata", {}).get("annotations") or {}
    problem = _pushed(found, now) if entry["delivery"] == "push" else _delivered(found, events)
    ready = f"ready, until {notes[EXPIRATION]}" if notes.get(EXPIRATION) else "ready"
    return {
        "name": entry["name"],
        "namespace": entry["namespace"],
        "delivery": entry["delivery"],
        "ready": problem is None,
        "problem": problem,
        "line": f"{entry['namespace']}/{entry['name']}: {problem or ready}.",
        "lease_id": notes.get(LEASE),
        "expiration": notes.get(EXPIRATION),
    }


def _pushed(secret: Found | None, now: datetime) -> str | None:
    if secret is None:
        return "there is no Secret"
    expiration = parse_time((secret["metadata"].get("annotations") or {}).get(EXPIRATION))
    return "its lease has expired" if expiration is not None and expiration <= now else None


def _delivered(found: Found | None, events: Sequence[Found]) -> str | None:
    """Ready means: this generation was synchronised (operator facts, "Behaviour")."""
    if found is None:
        return "there is no ExternalSecret"
    status = found.get("status") or {}
    ready = next((one for one in status.get("conditions") or () if one.get("type") == "Ready"), None)
    if ready is None:
        return "the operator has not looked at it yet"
    if ready.get("status") != "True" or ready.get("reason") != "SecretSynced":
        said = f"{ready.get('reason')}: {ready.get('message')}"
        cause = _newest_warning(found, events)
        return f"{said} ({cause})" if cause else said
    if not str(status.get("syncedResourceVersion") or "").startswith(f"{found['metadata'].get('generation')}-"):
        return "the operator has not synchronised its newest form yet"
    return None


def _newest_warning(found: Found, events: Sequence[Found]) -> str | None:
    about = [event for event in events if _is_about(event, found)]
    newest = max(about, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""), default=None)
    return f"{newest.get('reason')}: {newest.get('message')}" if newest else None


def _is_about(event: Found, found: Found) -> bool:
    subject = event.get("involvedObject") or {}
    return (subject.get("namespace"), subject.get("name")) == (
        found["metadata"]["namespace"],
        found["metadata"]["name"],
    )


def _named(found: Sequence[Found]) -> dict[tuple[str, str], Found]:
    return {_identity(one["metadata"]): one for one in found}


def _identity(found: Found) -> tuple[str, str]:
    return found["namespace"], found["name"]
