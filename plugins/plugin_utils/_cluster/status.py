# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster says of the entries: ready and fresh, or why not.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.shown import one_line
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import (
    EXPIRATION,
    Found,
    identity,
    is_pushed,
    lease_fields,
    named,
    notes_of,
)

# What the operator says may quote the answers of others.
_LONGEST = 1000


@dataclass(frozen=True)
class Status:
    """An entry's state in the cluster.

    :arg problem: why it is not ready; None: it is.
    :arg found: its Secret where it is pushed, else its ExternalSecret; None: there is none.
    """

    entry: Entry
    problem: str | None
    found: Found | None

    @property
    def line(self) -> str:
        """For a person."""
        expiration = self._lease["expiration"]
        return f"{self.entry.where}: {self.problem or (f'ready, until {expiration}' if expiration else 'ready')}."

    @property
    def _lease(self) -> dict[str, Any]:
        return lease_fields(notes_of(self.found) if self.found else {})

    def reported(self) -> dict[str, Any]:
        """As the report says it."""
        own = {name: getattr(self.entry, name) for name in ("name", "namespace", "delivery")}
        said = {"ready": self.problem is None, "problem": self.problem, "line": self.line}
        return {**own, **said, **self._lease}


def statuses(
    entries: Sequence[Entry],
    external: Sequence[Found],
    secrets: Sequence[Found],
    events: Sequence[Found],
    now: datetime,
) -> list[Status]:
    """Each entry's state; no value is in it.

    :arg external: the cluster's ExternalSecrets.
    :arg secrets: its Secrets; needed for entries that are pushed.
    :arg events: warnings about ExternalSecrets: the operator puts the cause of a failure there.
    """
    by_delivery = {"external_secret": named(external), "push": named(secrets)}
    return [_status(entry, by_delivery[entry.delivery], events, now) for entry in entries]


def _status(entry: Entry, known: Mapping[tuple[str, str], Found], events: Sequence[Found], now: datetime) -> Status:
    found = known.get((entry.namespace, entry.name))
    return Status(entry, _pushed(found, now) if entry.is_pushed else _delivered(found, events), found)


def _pushed(secret: Found | None, now: datetime) -> str | None:
    if secret is None or not is_pushed(secret):
        return "there is no Secret of this role"
    expiration = parse_time(notes_of(secret).get(EXPIRATION))
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
        said = one_line(f"{ready.get('reason')}: {ready.get('message')}", _LONGEST)
        cause = _newest_warning(found, events)
        return f"{said} ({cause})" if cause else said
    if not str(status.get("syncedResourceVersion") or "").startswith(f"{found['metadata'].get('generation')}-"):
        return "the operator has not synchronised its newest form yet"
    return None


def _newest_warning(found: Found, events: Sequence[Found]) -> str | None:
    about = [event for event in events if _is_about(event, found)]
    newest = max(about, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""), default=None)
    return one_line(f"{newest.get('reason')}: {newest.get('message')}", _LONGEST) if newest else None


def _is_about(event: Found, found: Found) -> bool:
    subject = event.get("involvedObject") or {}
    return (subject.get("namespace"), subject.get("name")) == identity(found)
