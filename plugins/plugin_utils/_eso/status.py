# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster says of the entries: ready and fresh, or why not.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ...module_utils._api.errors import OptionError
from ...module_utils._api.text import one_line
from ...module_utils._api.times import parse_time, written
from ...module_utils._kube.client import poll_until
from ...module_utils._kube.durations import seconds
from ...module_utils._kube.errors import ForbiddenError
from ...module_utils._kube.objects import OBJECT_KINDS, Cluster, Refusal, reference
from ...module_utils._marks import PREFIX
from .._cluster.entries import Entry
from .._cluster.job import Job
from .._cluster.lease_checks import Listed, confirmed_gone, gone_leases
from .._cluster.operated_secrets import expiration_of, keys_of, kind_of, lease_id_of
from .._cluster.removal import Identity, identity_of
from .._cluster.secrets import (
    DEFINITION,
    EVENT,
    EXPIRATION,
    EXTERNAL_SECRET,
    SECRET,
    ClusterObject,
    Objects,
    annotations_of,
    data_is_ours,
    fingerprint,
    identity,
    is_operated,
    is_pushed,
    lease_fields,
    lease_of,
    named,
    own_objects,
    owner_of,
    secrets_of,
    shared_generators,
    store_of,
)
from .._cluster.spec import ONCE, PERIODIC
from .._cluster.steps import GONE

# What the operator says may quote the answers of others.
_LONGEST = 1000
# What tells a warning from the same one, said again: the operator only counts it up.
Said = tuple[str, int, str]


def ready_of(found: ClusterObject) -> Mapping[str, Any] | None:
    """The condition Ready of an ExternalSecret or a store; None: the operator has not looked at it yet."""
    conditions = (found.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one.get("type") == "Ready"), None)


def is_failing(found: ClusterObject) -> bool:
    """Whether the operator has said that it does not work."""
    return (ready_of(found) or {}).get("status") == "False"


def words_of(condition: Mapping[str, Any]) -> str:
    """A condition, for a person."""
    return one_line(f"{condition.get('reason')}: {condition.get('message')}", _LONGEST)


Subject = tuple[str, str, str]


def by_subject(events: Iterable[ClusterObject]) -> dict[Subject, list[ClusterObject]]:
    """Warnings by kind, namespace and name of what they are about."""
    found: dict[Subject, list[ClusterObject]] = {}
    for one in events:
        found.setdefault(_subject(one), []).append(one)
    return found


def cause(
    found: ClusterObject,
    store: ClusterObject | None,
    events: Mapping[Subject, Sequence[ClusterObject]],
    before: Collection[Said],
) -> str:
    """What the operator says besides of an ExternalSecret that is not ready, and of its store, newest first.

    :arg events: warnings, by subject. What was said ``before`` the last change is no answer to it.
    """
    ready = ready_of(store) if store else None
    said = []
    if store and ready and ready.get("status") != "True":
        said.append(f"{store['kind']} {store['metadata']['name']}: {words_of(ready)}")
    subjects = [one for one in (found, store) if one]
    about = [event for one in subjects for event in events.get(_identity(one), ()) if _is_about(event, one)]
    fresh = [one for one in about if said_in(one) not in before]
    # Of each object the newest: that of the store may say what the other only passes on.
    newest = {_subject(one): one for one in sorted(fresh or about, key=_time)}
    said += [_event_words(one) for one in sorted(newest.values(), key=_time, reverse=True)]
    if about and not fresh:
        return (
            f" (the operator has not tried again since the last change, and may wait up to 7 minutes between two "
            f"attempts; before it said {'; '.join(said)})"
        )
    return f" ({'; '.join(said)})" if said else ""


def said_in(event: ClusterObject) -> Said:
    """Which warning this is, and for which time."""
    return str(event["metadata"].get("uid")), int(event.get("count") or 0), _time(event)


def _event_words(event: ClusterObject) -> str:
    at = f" at {_time(event)}" if _time(event) else ""
    return one_line(f"{event.get('reason')}{at}: {event.get('message')}", _LONGEST)


def _time(event: ClusterObject) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


def _subject(event: ClusterObject) -> Subject:
    subject = event.get("involvedObject") or {}
    return subject.get("kind", ""), subject.get("namespace") or "", subject.get("name", "")


def _identity(found: ClusterObject) -> Subject:
    return found["kind"], *identity(found)


def _is_about(event: ClusterObject, found: ClusterObject) -> bool:
    """An object of its name that was there before has another ``uid``."""
    uid = (event.get("involvedObject") or {}).get("uid")
    return uid is None or uid == found["metadata"].get("uid", uid)


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
    found: ClusterObject | None
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
        notes = annotations_of(self.found) if self.found and self.entry.is_pushed else {}
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

    external: Sequence[ClusterObject] = ()
    stores: Sequence[ClusterObject] = ()
    generators: Sequence[ClusterObject] = ()
    pushed: Sequence[ClusterObject] = ()
    secrets: Sequence[ClusterObject] | None = None
    events: Mapping[Subject, Sequence[ClusterObject]] = field(default_factory=dict)
    before: Collection[Said] = frozenset()
    stale: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def store(self, external: ClusterObject) -> ClusterObject | None:
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


def _pushed(entry: Entry, secret: ClusterObject | None, now: datetime) -> Status:
    if secret is None or not is_pushed(secret):
        return Status(entry, "there is no Secret of this role", secret)
    if owner_of(secret) != entry.owner:
        return Status(entry, f"it belongs to the owner {owner_of(secret)}", secret)
    expiration = parse_time(annotations_of(secret).get(EXPIRATION))
    problem = "its lease has expired" if expiration is not None and expiration <= now else _unlike(entry, secret)
    return Status(entry, problem, secret, written(expiration))


def _unlike(entry: Entry, secret: ClusterObject) -> str | None:
    """What a pushed Secret is, instead of what the entry says."""
    if is_operated(secret):
        return "an ExternalSecret writes it too"
    if annotations_of(secret).get(DEFINITION) != fingerprint(entry):
        return "it was made for another source, keys, format or type than the entry's"
    return None if data_is_ours(secret) else "its data was changed by somebody else"


def _delivered(
    entry: Entry,
    found: ClusterObject | None,
    secrets: Mapping[tuple[str, str], ClusterObject] | None,
    seen: Seen,
    now: datetime,
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


def synced_version(external: ClusterObject) -> str:
    """The form of an ExternalSecret that the operator has brought about."""
    return str((external.get("status") or {}).get("syncedResourceVersion") or "")


def not_synchronised(found: ClusterObject) -> str | None:
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


def _late(found: ClusterObject, now: datetime) -> str | None:
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


def _lacking(found: ClusterObject, secret: ClusterObject, seen: Seen) -> str | None:
    there = {key for key, value in (secret.get("data") or {}).items() if value}
    missing = sorted(keys_of(found, kind_of(found, seen.generators)) - there)
    if missing or not there:
        return f"the operator calls it ready, and its Secret lacks {', '.join(missing) or 'any key'}"
    return None


def _ended(expiration: datetime | None, now: datetime) -> str | None:
    ended = expiration is not None and expiration <= now
    return f"its credentials have expired at {written(expiration)}" if ended else None


_DEAD = "its lease lives no more: it was revoked, or has expired"
TRIED_AGAIN = PREFIX + "tried-again-at"
# Events about what belongs to no namespace.
_NOWHERE = "default"
_WARNINGS = ("type=Warning",)


def with_living_leases(job: Job, found: Sequence[Status], listed: Listed) -> list[Status]:
    """The states, where a lease that a Secret holds has ended too."""
    dead = confirmed_gone(job, _unlisted(found, listed))
    found = [replace(one, problem=_DEAD) if one.lease in dead and not one.problem else one for one in found]
    held = [(one.entry, one.found) for one in found if one.entry.is_pushed and one.found and not one.problem]
    gone = gone_leases(job, held, listed)
    return [
        replace(one, problem=f"{GONE}: push it again")
        if one.found and one.entry.is_pushed and not one.problem and (lease := lease_of(one.found)) and lease.id in gone
        else one
        for one in found
    ]


def _unlisted(states: Sequence[Status], listed: Listed) -> dict[str, float | None]:
    """The leases of what the operator delivers that their lists do not show."""
    found: dict[str, float | None] = {}
    for one in states:
        leases = None if one.entry.is_pushed or one.problem else listed.get(one.entry.path)
        if isinstance(leases, list) and one.lease and one.lease not in {lease["id"] for lease in leases}:
            found[one.lease] = None
    return found


class Watch:
    """The operator at work, from before a change on.

    It waits longer and longer between its attempts, and looks at a store every five minutes; neither sees that a
    token was repaired. A change of an object's metadata makes it look at once. Of what works that would be a new
    lease, so it is done to what is failing alone, and to an ExternalSecret only once its store works.

    :arg before: the role's ExternalSecrets and stores as they were.
    :arg namespaces: those that count where events cannot be listed everywhere. What cannot be read is ``unread``.
    """

    def __init__(self, cluster: Cluster, before: Iterable[ClusterObject], namespaces: Collection[str]) -> None:
        self._cluster = cluster
        self._namespaces = namespaces
        failing = [one for one in before if is_failing(one)]
        self._waiting = {identity_of(one) for one in failing}
        self._readers = {identity_of(one) for one in failing if store_of(one)[0]}
        self.unread: set[str] = set()
        self._before = frozenset(map(said_in, self._warnings() if self._waiting else ()))
        self.tried_again: list[ClusterObject] = []
        self._stale: dict[tuple[str, str], str] = {}

    def expect(self, external: ClusterObject) -> None:
        """Wait for another refresh of it than its last."""
        self._stale[identity(external)] = synced_version(external)

    def wait(self, entries: Sequence[Entry], timeout: float, applied: Collection[Identity]) -> list[Status]:
        """The entries' states, once all are ready or so many seconds have passed.

        :arg applied: what was changed just now, which the operator sees by itself. Who reads a store may have been
            looked at before the store, and costs no lease when it is looked at again.
        """
        self._waiting -= set(applied) - self._readers
        found = poll_until(
            lambda: self._look(entries), lambda found: all(one.problem is None for one in found), timeout
        )
        return found if all(one.problem is None for one in found) else self.states(entries)

    def states(self, entries: Sequence[Entry]) -> list[Status]:
        """The entries' states now, and why they are not ready."""
        seen = self._marked(_with_secrets(self._cluster, entries, _seen(self._cluster, entries)))
        events = self._warnings() if any(not_synchronised(one) for one in seen.external) else []
        return _states(entries, seen, events, self._before)

    def _look(self, entries: Sequence[Entry]) -> list[Status]:
        """The states without causes; Secrets are looked at last of all."""
        seen = self._marked(_seen(self._cluster, entries))
        self._try_again(seen)
        found = _states(entries, seen)
        if any(one.problem for one in found):
            return found
        return _states(entries, _with_secrets(self._cluster, entries, seen))

    def _marked(self, seen: Seen) -> Seen:
        return replace(seen, stale=self._stale)

    def _try_again(self, seen: Seen) -> None:
        failing = [one for one in (*seen.stores, *seen.external) if is_failing(one)]
        due = [one for one in failing if identity_of(one) in self._waiting and not self._is_held_up(one, seen)]
        now = {TRIED_AGAIN: written(datetime.now(timezone.utc))}
        # Only as it was seen: what works by now is left alone.
        patches = [reference(one, annotations=now, resourceVersion=one["metadata"]["resourceVersion"]) for one in due]
        for one, answer in zip(due, self._cluster.patch(patches) if patches else ()):
            if not isinstance(answer, Refusal):
                self.tried_again.append(one)
            if not isinstance(answer, Refusal) or answer.status != 409:
                self._waiting.discard(identity_of(one))

    @staticmethod
    def _is_held_up(one: ClusterObject, seen: Seen) -> bool:
        store = seen.store(one) if one["kind"] == "ExternalSecret" else None
        return store is not None and is_failing(store)

    def _warnings(self) -> Objects:
        try:
            return self._cluster.list(EVENT, fields=_WARNINGS) or []
        except ForbiddenError:
            pass
        found: Objects = []
        for name in sorted(self._namespaces):
            try:
                found += self._cluster.list(EVENT, namespace=name, fields=_WARNINGS) or []
            except ForbiddenError as error:
                self.unread.add(str(error))
        with suppress(ForbiddenError):
            found += self._cluster.list(EVENT, namespace=_NOWHERE, fields=_WARNINGS) or []
        return found


def states(cluster: Cluster, entries: Sequence[Entry]) -> tuple[list[Status], Collection[str]]:
    """The entries' states now with why they are not ready, and what could not be read of that."""
    watch = Watch(cluster, (), {entry.namespace for entry in entries})
    return watch.states(entries), watch.unread


def _states(
    entries: Sequence[Entry], seen: Seen, events: Sequence[ClusterObject] = (), before: Collection[Said] = frozenset()
) -> list[Status]:
    return statuses(entries, replace(seen, events=by_subject(events), before=before), datetime.now(timezone.utc))


def _seen(cluster: Cluster, entries: Sequence[Entry]) -> Seen:
    """What there is, but for the Secrets that the operator writes."""
    operated = [entry for entry in entries if not entry.is_pushed]
    pushed = [entry for entry in entries if entry.is_pushed]
    namespaces = {entry.namespace for entry in operated}
    wanted = {(entry.namespace, entry.external_secret) for entry in operated}
    listed = own_objects(cluster, EXTERNAL_SECRET, namespaces) or [] if operated else []
    external = [one for one in listed if identity(one) in wanted]
    stores = {store_of(one)[0] for one in external if not_synchronised(one)} - {""}
    return Seen(
        external=external,
        stores=[one for kind in sorted(stores) for one in _others(cluster, kind, namespaces)],
        pushed=secrets_of(cluster, pushed, everywhere=False) if pushed else (),
    )


def _with_secrets(cluster: Cluster, entries: Sequence[Entry], seen: Seen) -> Seen:
    """The same with these Secrets, and what tells their keys."""
    places = [(entry.namespace, entry.name) for entry in entries if not entry.is_pushed]
    secrets = [one for one in cluster.get_many(SECRET, places) if one is not None]
    return replace(seen, secrets=secrets, generators=shared_generators(cluster, seen.external))


def _others(cluster: Cluster, kind: str, namespaces: Collection[str]) -> Objects:
    """Objects that only tell more: who may not see them is told less."""
    try:
        return own_objects(cluster, OBJECT_KINDS[kind], namespaces) or []
    except ForbiddenError:
        return []
