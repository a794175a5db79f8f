# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster says of the entries: ready and fresh, or why not.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time, written
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.durations import seconds
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.causes import (
    Said,
    Subject,
    cause,
    ready_of,
    words_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.external import store_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import (
    DEFINITION,
    EXPIRATION,
    Found,
    data_is_ours,
    fingerprint,
    identity,
    is_operated,
    is_pushed,
    lease_fields,
    named,
    notes_of,
    owner_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operated import (
    expiration_of,
    keys_of,
    kind_of,
    lease_id_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.spec import ONCE, PERIODIC

# The operator refreshes a little after its interval, and its clock may be another.
_LATE, _LEAST_LATE = 0.1, 60.0


@dataclass(frozen=True)
class Status:
    """An entry's state in the cluster.

    :arg problem: why it is not ready; None: it is.
    :arg found: its Secret where it is pushed, else its ExternalSecret; None: there is none.
    :arg expiration: when the credentials end, where it is known; ``lease_id`` is that of the operator's lease.
    """

    entry: Entry
    problem: str | None
    found: Found | None
    expiration: str | None = None
    lease_id: str | None = None

    @property
    def line(self) -> str:
        """For a person."""
        ready = f"ready, until {self.expiration}" if self.expiration else "ready"
        return f"{self.entry.where}: {self.problem or ready}."

    @property
    def lease(self) -> str | None:
        """The ID of the lease that its Secret holds, where it is known."""
        notes = notes_of(self.found) if self.found and self.entry.is_pushed else {}
        return lease_fields(notes)["lease_id"] or self.lease_id

    def reported(self) -> dict[str, Any]:
        """As the report says it."""
        own = {name: getattr(self.entry, name) for name in ("name", "namespace", "delivery")}
        said = {"ready": self.problem is None, "problem": self.problem, "line": self.line}
        return {**own, **said, "lease_id": self.lease, "expiration": self.expiration}


@dataclass(frozen=True)
class Seen:
    """What was looked at.

    :arg external: ExternalSecrets, with the ``stores`` and ``generators`` that they may use.
    :arg secrets: of entries that are pushed the metadata; of others the whole, None where they were not looked at.
    :arg events: warnings, by what they are about: the operator puts the cause of a failure there.
    :arg stale: the refreshes that do not count any more, by namespace and name of the ExternalSecret.
    :arg before: what was said before the last change, and is no answer to it.
    """

    external: Sequence[Found] = ()
    stores: Sequence[Found] = ()
    generators: Sequence[Found] = ()
    pushed: Sequence[Found] = ()
    secrets: Sequence[Found] | None = None
    events: Mapping[Subject, Sequence[Found]] = field(default_factory=dict)
    before: Collection[Said] = frozenset()
    stale: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def store(self, external: Found) -> Found | None:
        """The store of an ExternalSecret."""
        kind, name = store_of(external)
        place = (identity(external)[0] if kind == "SecretStore" else "", name)
        return next((one for one in self.stores if one["kind"] == kind and identity(one) == place), None)


def statuses(entries: Sequence[Entry], seen: Seen, now: datetime) -> list[Status]:
    """Each entry's state; no value is in it."""
    pushed, external = named(seen.pushed), named(seen.external)
    secrets = None if seen.secrets is None else named(seen.secrets)
    return [
        _pushed(entry, pushed.get((entry.namespace, entry.name)), now)
        if entry.is_pushed
        else _delivered(entry, external.get((entry.namespace, entry.external_secret)), secrets, seen, now)
        for entry in entries
    ]


def _pushed(entry: Entry, secret: Found | None, now: datetime) -> Status:
    if secret is None or not is_pushed(secret):
        return Status(entry, "there is no Secret of this role", secret)
    if owner_of(secret) != entry.owner:
        return Status(entry, f"it belongs to the owner {owner_of(secret)}", secret)
    expiration = parse_time(notes_of(secret).get(EXPIRATION))
    problem = "its lease has expired" if expiration is not None and expiration <= now else _unlike(entry, secret)
    return Status(entry, problem, secret, written(expiration))


def _unlike(entry: Entry, secret: Found) -> str | None:
    """What a pushed Secret is, instead of what the entry says."""
    if is_operated(secret):
        return "an ExternalSecret writes it too"
    if notes_of(secret).get(DEFINITION) != fingerprint(entry):
        return "it was made for another source, keys, format or type than the entry's"
    return None if data_is_ours(secret) else "its data was changed by somebody else"


def _delivered(
    entry: Entry, found: Found | None, secrets: Mapping[tuple[str, str], Found] | None, seen: Seen, now: datetime
) -> Status:
    """Ready means: synchronised in this form and in time, and the Secret holds what it should."""
    if found is None:
        return Status(entry, "there is no ExternalSecret", None)
    if owner_of(found) != entry.owner:
        return Status(entry, f"its ExternalSecret belongs to the owner {owner_of(found)}", found)
    problem = not_synchronised(found)
    if problem is None and seen.stale.get(identity(found)) == synced_version(found):
        problem = "the operator has not refreshed it yet"
    if problem:
        return Status(entry, problem + cause(found, seen.store(found), seen.events, seen.before), found)
    problem = _late(found, now)
    if problem or secrets is None:
        return Status(entry, problem, found)
    secret = secrets.get((entry.namespace, entry.name))
    if secret is None:
        return Status(entry, "the operator calls it ready, and its Secret is not there", found)
    expiration = expiration_of(found, secret)
    problem = _lacking(found, secret, seen) or _ended(expiration, now)
    return Status(entry, problem, found, written(expiration), lease_id_of(found, secret))


def synced_version(external: Found) -> str:
    """The form of an ExternalSecret that the operator has brought about."""
    return str((external.get("status") or {}).get("syncedResourceVersion") or "")


def not_synchronised(found: Found) -> str | None:
    """Why an ExternalSecret in its present form is not in its Secret (operator facts, "Behaviour"); None: it is."""
    ready = ready_of(found)
    if ready is None:
        return "the operator has not looked at it yet"
    if ready.get("status") != "True" or ready.get("reason") != "SecretSynced":
        return words_of(ready)
    synced = synced_version(found)
    if synced and (found.get("spec") or {}).get("refreshPolicy") == ONCE:
        # It never looks again, and so never says that it has seen a newer form.
        return None
    if not synced.startswith(f"{found['metadata'].get('generation')}-"):
        return "the operator has not synchronised its newest form yet"
    return None


def _late(found: Found, now: datetime) -> str | None:
    """A condition stays as it is where no operator is at work."""
    spec = found.get("spec") or {}
    refreshed = parse_time((found.get("status") or {}).get("refreshTime"))
    if refreshed is None or spec.get("refreshPolicy", PERIODIC) != PERIODIC:
        return None
    try:
        interval = seconds(str(spec.get("refreshInterval", "1h")), "refresh_interval")
    except OptionError:
        # None at all means once, and what is no duration the operator does not take.
        return None
    if now <= refreshed + timedelta(seconds=interval + max(interval * _LATE, _LEAST_LATE)):
        return None
    return (
        f"the operator has not refreshed it since {written(refreshed)}, though it should every "
        f"{spec.get('refreshInterval', '1h')}: look whether its controller runs"
    )


def _lacking(found: Found, secret: Found, seen: Seen) -> str | None:
    there = {key for key, value in (secret.get("data") or {}).items() if value}
    missing = sorted(keys_of(found, kind_of(found, seen.generators)) - there)
    if missing or not there:
        return f"the operator calls it ready, and its Secret lacks {', '.join(missing) or 'any key'}"
    return None


def _ended(expiration: datetime | None, now: datetime) -> str | None:
    ended = expiration is not None and expiration <= now
    return f"its credentials have expired at {written(expiration)}" if ended else None
