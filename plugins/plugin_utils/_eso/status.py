# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster says of the entries: ready and fresh, or why not."""

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
from ...module_utils._marks import PREFIX, noted_lease
from .._cluster.entries import Entry
from .._cluster.job import Job
from .._cluster.lease_checks import Listed, confirmed_gone, gone_leases
from .._cluster.operated_secrets import expiration_of, keys_of, kind_of, lease_id_of
from .._cluster.removal import Identity, identity_of
from .._cluster.secrets import (
    DEFINITION,
    EVENT,
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
    named,
    own_objects,
    owner_of,
    secrets_of,
    shared_generators,
    store_of,
)
from .._cluster.spec import ONCE, PERIODIC
from .._cluster.steps import GONE

# The operator's texts may quote the answers of others.
_LONGEST = 1000
# Tells a warning from a repetition of it, which the operator only counts.
WarningKey = tuple[str, int, str]


def ready_of(resource: ClusterObject) -> Mapping[str, Any] | None:
    """Return the condition Ready of an ExternalSecret or a store; None: the operator has not processed it yet."""
    for condition in (resource.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "Ready":
            ready: Mapping[str, Any] = condition
            return ready
    return None


def is_failing(resource: ClusterObject) -> bool:
    """Return whether the operator reports that it does not work."""
    return (ready_of(resource) or {}).get("status") == "False"


def words_of(condition: Mapping[str, Any]) -> str:
    """Return a condition as a text for a person."""
    return one_line(f"{condition.get('reason')}: {condition.get('message')}", _LONGEST)


def by_subject(events: Iterable[ClusterObject]) -> dict[Identity, list[ClusterObject]]:
    """Return warnings by kind, namespace and name of what they are about."""
    warnings: dict[Identity, list[ClusterObject]] = {}
    for event in events:
        warnings.setdefault(_subject(event), []).append(event)
    return warnings


def cause(
    external: ClusterObject,
    store: ClusterObject | None,
    events: Mapping[Identity, Sequence[ClusterObject]],
    before: Collection[WarningKey],
) -> str:
    """Return what else the operator says of an ExternalSecret that is not ready, and of its store, newest first.

    :arg events: warnings, by subject.
    :arg before: warnings from before the last change, which do not answer it.
    """
    about = _warnings_about(external, events) + (_warnings_about(store, events) if store else [])
    fresh = [event for event in about if warning_key(event) not in before]
    texts = [*_store_problem(store), *map(_event_words, _newest_of_each(fresh or about))]
    if about and not fresh:
        return (
            f" (the operator has not tried again since the last change, and may wait up to 7 minutes between two "
            f"attempts; before it said {'; '.join(texts)})"
        )
    return f" ({'; '.join(texts)})" if texts else ""


def _store_problem(store: ClusterObject | None) -> list[str]:
    """Return what the condition of a store says, if it is not ready."""
    ready = ready_of(store) if store else None
    if store is None or ready is None or ready.get("status") == "True":
        return []
    return [f"{store['kind']} {store['metadata']['name']}: {words_of(ready)}"]


def _warnings_about(resource: ClusterObject, events: Mapping[Identity, Sequence[ClusterObject]]) -> list[ClusterObject]:
    """Return the warnings about this very object: an earlier one of its name had another ``uid``."""
    uid = resource["metadata"].get("uid")
    about = []
    for event in events.get(identity_of(resource), ()):
        subject_uid = (event.get("involvedObject") or {}).get("uid")
        if uid is None or subject_uid in (None, uid):
            about.append(event)
    return about


def _newest_of_each(events: Sequence[ClusterObject]) -> list[ClusterObject]:
    """Return the newest warning about each object, newest first: the store's may say what the other only passes on."""
    newest = {_subject(event): event for event in sorted(events, key=_time)}
    return sorted(newest.values(), key=_time, reverse=True)


def warning_key(event: ClusterObject) -> WarningKey:
    """Return which warning this is, and which repetition of it."""
    return str(event["metadata"].get("uid")), int(event.get("count") or 0), _time(event)


def _event_words(event: ClusterObject) -> str:
    at = f" at {_time(event)}" if _time(event) else ""
    return one_line(f"{event.get('reason')}{at}: {event.get('message')}", _LONGEST)


def _time(event: ClusterObject) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


def _subject(event: ClusterObject) -> Identity:
    subject = event.get("involvedObject") or {}
    return subject.get("kind", ""), subject.get("namespace") or "", subject.get("name", "")


# The operator refreshes a little after its interval, and its clock may differ.
_LATE, _LEAST_LATE = 0.1, 60.0


@dataclass(frozen=True)
class Status:
    """An entry's state in the cluster.

    :arg problem: why it is not ready; None: it is.
    :arg resource: its Secret where it is pushed, else its ExternalSecret; None: there is none.
    :arg expiration: when the credentials end, where that is known; ``lease_id`` is that of the operator's lease.
    """

    entry: Entry
    problem: str | None
    resource: ClusterObject | None
    expiration: str | None = None
    lease_id: str | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the Secret holds what it should."""
        return self.problem is None

    @property
    def is_failing(self) -> bool:
        """Whether the operator reports that it cannot deliver the entry."""
        return self.problem is not None and self.resource is not None and is_failing(self.resource)

    @property
    def line(self) -> str:
        """The state for a person."""
        ready = f"ready, until {self.expiration}" if self.expiration else "ready"
        return f"{self.entry.where}: {self.problem or ready}."

    @property
    def lease(self) -> str | None:
        """The ID of the lease that its Secret holds, where it is known."""
        annotations = annotations_of(self.resource) if self.resource and self.entry.is_pushed else {}
        return noted_lease(annotations).id or self.lease_id

    def reported(self) -> dict[str, Any]:
        """Return the state as the report has it."""
        own = {name: getattr(self.entry, name) for name in ("name", "namespace", "delivery")}
        state = {"ready": self.is_ready, "problem": self.problem, "line": self.line}
        return {**own, **state, "lease_id": self.lease, "expiration": self.expiration}


@dataclass(frozen=True)
class Observed:
    """What was read of a cluster.

    :arg external: ExternalSecrets, with the ``stores`` and ``generators`` that they may use.
    :arg pushed: the metadata of the Secrets of pushed entries.
    :arg secrets: the whole Secrets of other entries; None: they were not read.
    :arg events: warnings, by their subject: the operator reports the cause of a failure there.
    :arg before: warnings from before the last change, which do not answer it.
    :arg stale: the refreshes that do not count any more, by namespace and name of the ExternalSecret.
    """

    external: Sequence[ClusterObject] = ()
    stores: Sequence[ClusterObject] = ()
    generators: Sequence[ClusterObject] = ()
    pushed: Sequence[ClusterObject] = ()
    secrets: Sequence[ClusterObject] | None = None
    events: Mapping[Identity, Sequence[ClusterObject]] = field(default_factory=dict)
    before: Collection[WarningKey] = frozenset()
    stale: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def store(self, external: ClusterObject) -> ClusterObject | None:
        """Return the store of an ExternalSecret."""
        kind, name = store_of(external)
        place = (kind, identity(external)[0] if kind == "SecretStore" else "", name)
        for store in self.stores:
            if identity_of(store) == place:
                return store
        return None


def statuses(entries: Sequence[Entry], observed: Observed, now: datetime) -> list[Status]:
    """Return each entry's state, which holds no value."""
    pushed, external = named(observed.pushed), named(observed.external)
    secrets = None if observed.secrets is None else named(observed.secrets)
    states = []
    for entry in entries:
        if entry.is_pushed:
            states.append(_pushed(entry, pushed.get((entry.namespace, entry.name)), now))
        else:
            resource = external.get((entry.namespace, entry.external_secret))
            states.append(_delivered(entry, resource, secrets, observed, now))
    return states


def _pushed(entry: Entry, secret: ClusterObject | None, now: datetime) -> Status:
    if secret is None or not is_pushed(secret):
        return Status(entry, "there is no Secret of this role", secret)
    if owner_of(secret) != entry.owner:
        return Status(entry, f"it belongs to the owner {owner_of(secret)}", secret)
    expiration = noted_lease(annotations_of(secret)).expiration
    problem = "its lease has expired" if expiration is not None and expiration <= now else _unlike(entry, secret)
    return Status(entry, problem, secret, written(expiration))


def _unlike(entry: Entry, secret: ClusterObject) -> str | None:
    """Return how a pushed Secret differs from what the entry says; None: it does not."""
    if is_operated(secret):
        return "an ExternalSecret writes it too"
    if annotations_of(secret).get(DEFINITION) != fingerprint(entry):
        return "it was made for another source, keys, format or type than the entry's"
    return None if data_is_ours(secret) else "its data was changed by someone else"


def _delivered(
    entry: Entry,
    external: ClusterObject | None,
    secrets: Mapping[tuple[str, str], ClusterObject] | None,
    observed: Observed,
    now: datetime,
) -> Status:
    """Return the state of an entry that the operator delivers.

    It is ready where its present form is synchronised, in time, and the Secret holds what it should.
    """
    if external is None:
        return Status(entry, "there is no ExternalSecret", None)
    if owner_of(external) != entry.owner:
        return Status(entry, f"its ExternalSecret belongs to the owner {owner_of(external)}", external)
    problem = not_synchronised(external)
    if problem is None and observed.stale.get(identity(external)) == synced_version(external):
        problem = "the operator has not refreshed it yet"
    if problem:
        more = cause(external, observed.store(external), observed.events, observed.before)
        return Status(entry, problem + more, external)
    problem = _late(external, now)
    if problem or secrets is None:
        return Status(entry, problem, external)
    secret = secrets.get((entry.namespace, entry.name))
    if secret is None:
        return Status(entry, "the operator calls it ready, but its Secret does not exist", external)
    expiration = expiration_of(external, secret)
    problem = _lacking(external, secret, observed) or _expired(expiration, now)
    return Status(entry, problem, external, written(expiration), lease_id_of(external, secret))


def synced_version(external: ClusterObject) -> str:
    """Return the version of an ExternalSecret that the operator has synchronised last."""
    return str((external.get("status") or {}).get("syncedResourceVersion") or "")


def not_synchronised(external: ClusterObject) -> str | None:
    """Return why the operator has not synchronised an ExternalSecret's present form (operator facts, "Behaviour").

    None: it has.
    """
    ready = ready_of(external)
    if ready is None:
        return "the operator has not processed it yet"
    if ready.get("status") != "True" or ready.get("reason") != "SecretSynced":
        return words_of(ready)
    synced = synced_version(external)
    if synced and (external.get("spec") or {}).get("refreshPolicy") == ONCE:
        # It never looks again, and so never reports a newer form.
        return None
    if not synced.startswith(f"{external['metadata'].get('generation')}-"):
        return "the operator has not synchronised its newest form yet"
    return None


def _late(external: ClusterObject, now: datetime) -> str | None:
    """Return that a refresh is overdue: where no operator runs, conditions stay as they are."""
    spec = external.get("spec") or {}
    refreshed = parse_time((external.get("status") or {}).get("refreshTime"))
    if refreshed is None or spec.get("refreshPolicy", PERIODIC) != PERIODIC:
        return None
    try:
        interval = seconds(str(spec.get("refreshInterval", "1h")), "refresh_interval")
    except OptionError:
        # 0 means once, and the operator does not accept what is not a duration.
        return None
    if now <= refreshed + timedelta(seconds=interval + max(interval * _LATE, _LEAST_LATE)):
        return None
    return (
        f"the operator has not refreshed it since {written(refreshed)}, though it should every "
        f"{spec.get('refreshInterval', '1h')}: check that its controller runs"
    )


def _lacking(external: ClusterObject, secret: ClusterObject, observed: Observed) -> str | None:
    """Return which keys the Secret lacks, or has empty."""
    filled = {key for key, value in (secret.get("data") or {}).items() if value}
    missing = sorted(keys_of(external, kind_of(external, observed.generators)) - filled)
    if missing or not filled:
        return f"the operator calls it ready, but its Secret lacks {', '.join(missing) or 'any key'}"
    return None


def _expired(expiration: datetime | None, now: datetime) -> str | None:
    is_over = expiration is not None and expiration <= now
    return f"its credentials expired at {written(expiration)}" if is_over else None


_DEAD = "its lease has ended: it was revoked, or it expired"


def with_living_leases(job: Job, states: Sequence[Status], listed: Listed) -> list[Status]:
    """Return the states, in which a problem is also that the lease of a Secret has ended.

    :arg listed: the living leases of the entries' dynamic secrets.
    """
    dead = confirmed_gone(job, dict.fromkeys(_unlisted(states, listed)))
    gone = gone_leases(job, _ready_pushes(states), listed)
    result = []
    for status in states:
        if status.is_ready and status.lease in dead:
            result.append(replace(status, problem=_DEAD))
        elif status.is_ready and status.entry.is_pushed and status.lease in gone:
            result.append(replace(status, problem=f"{GONE}: push it again"))
        else:
            result.append(status)
    return result


def _ready_pushes(states: Sequence[Status]) -> list[tuple[Entry, ClusterObject]]:
    """Return the pushed entries that are ready, with their Secrets."""
    pushes = [(status.entry, status.resource) for status in states if status.is_ready and status.entry.is_pushed]
    return [(entry, secret) for entry, secret in pushes if secret is not None]


def _unlisted(states: Sequence[Status], listed: Listed) -> list[str]:
    """Return the leases in Secrets of the operator that the lists do not show."""
    unlisted = []
    for status in states:
        leases = listed.get(status.entry.path)
        if status.entry.is_pushed or not status.is_ready or not isinstance(leases, list):
            continue
        if status.lease and status.lease not in {lease["id"] for lease in leases}:
            unlisted.append(status.lease)
    return unlisted


TRIED_AGAIN = PREFIX + "tried-again-at"
# Kubernetes keeps events about objects without a namespace here.
_NOWHERE = "default"
_WARNINGS = ("type=Warning",)


class Watch:
    """The operator at work, from before a change on.

    It waits longer and longer between its attempts, and checks a store every five minutes; neither notices that a
    token was repaired. A change of an object's metadata makes it look at once. For what works that would be a new
    lease, so only failing objects are changed, and an ExternalSecret only once its store works.

    :arg before: the role's ExternalSecrets and stores as they were.
    :arg namespaces: those whose events count where events cannot be listed everywhere. ``unread`` says what cannot be
        read.
    """

    def __init__(self, cluster: Cluster, before: Iterable[ClusterObject], namespaces: Collection[str]) -> None:
        self._cluster = cluster
        self._namespaces = namespaces
        failing = [resource for resource in before if is_failing(resource)]
        self._waiting = {identity_of(resource) for resource in failing}
        self._readers = {identity_of(resource) for resource in failing if store_of(resource)[0]}
        self.unread: set[str] = set()
        self._before = frozenset(map(warning_key, self._warnings() if self._waiting else ()))
        self.tried_again: list[ClusterObject] = []
        self._stale: dict[tuple[str, str], str] = {}

    def expect(self, external: ClusterObject) -> None:
        """Count it as ready only once the operator has refreshed it again."""
        self._stale[identity(external)] = synced_version(external)

    def wait(self, entries: Sequence[Entry], timeout: float, applied: Collection[Identity]) -> list[Status]:
        """Wait until all entries are ready or so many seconds have passed, and return their states.

        :arg applied: what was changed just now, which the operator sees by itself. An ExternalSecret may have been
            tried before its store, and trying it again costs no lease.
        """
        self._waiting -= set(applied) - self._readers
        states = poll_until(lambda: self._look(entries), _all_ready, timeout)
        return states if _all_ready(states) else self.states(entries)

    def states(self, entries: Sequence[Entry]) -> list[Status]:
        """Return the entries' states now, and why they are not ready."""
        observed = _with_secrets(self._cluster, entries, self._observed(entries))
        events = self._warnings() if any(map(not_synchronised, observed.external)) else []
        known = replace(observed, events=by_subject(events), before=self._before)
        return statuses(entries, known, datetime.now(timezone.utc))

    def _look(self, entries: Sequence[Entry]) -> list[Status]:
        """Return the states without causes; Secrets are read only when all else is ready."""
        observed = self._observed(entries)
        self._try_again(observed)
        states = statuses(entries, observed, datetime.now(timezone.utc))
        if not _all_ready(states):
            return states
        return statuses(entries, _with_secrets(self._cluster, entries, observed), datetime.now(timezone.utc))

    def _observed(self, entries: Sequence[Entry]) -> Observed:
        return replace(_observed(self._cluster, entries), stale=self._stale)

    def _try_again(self, observed: Observed) -> None:
        """Make the operator try again what it last reported as failing."""
        due = [resource for resource in (*observed.stores, *observed.external) if self._is_due(resource, observed)]
        if not due:
            return
        now = {TRIED_AGAIN: written(datetime.now(timezone.utc))}
        # Only in the version that was read: what works by now is left alone.
        versions = [resource["metadata"]["resourceVersion"] for resource in due]
        patches = [reference(resource, annotations=now, resourceVersion=seen) for resource, seen in zip(due, versions)]
        for resource, answer in zip(due, self._cluster.patch(patches)):
            if not isinstance(answer, Refusal):
                self.tried_again.append(resource)
            elif answer.status == 409:
                continue
            self._waiting.discard(identity_of(resource))

    def _is_due(self, resource: ClusterObject, observed: Observed) -> bool:
        """Return whether it waits to be tried again, and could work: its store, if it has one, does not fail."""
        if identity_of(resource) not in self._waiting or not is_failing(resource):
            return False
        store = observed.store(resource) if resource["kind"] == "ExternalSecret" else None
        return store is None or not is_failing(store)

    def _warnings(self) -> Objects:
        """Return all warnings that the identity may read."""
        try:
            return self._cluster.list(EVENT, fields=_WARNINGS) or []
        except ForbiddenError:
            pass
        warnings: Objects = []
        for name in sorted(self._namespaces):
            try:
                warnings += self._cluster.list(EVENT, namespace=name, fields=_WARNINGS) or []
            except ForbiddenError as error:
                self.unread.add(str(error))
        with suppress(ForbiddenError):
            warnings += self._cluster.list(EVENT, namespace=_NOWHERE, fields=_WARNINGS) or []
        return warnings


def _all_ready(states: Sequence[Status]) -> bool:
    return all(status.is_ready for status in states)


def read_states(cluster: Cluster, entries: Sequence[Entry]) -> tuple[list[Status], Collection[str]]:
    """Return the entries' states now, with why they are not ready, and what could not be read of that."""
    watch = Watch(cluster, (), {entry.namespace for entry in entries})
    return watch.states(entries), watch.unread


def _observed(cluster: Cluster, entries: Sequence[Entry]) -> Observed:
    """Read everything but the Secrets that the operator writes."""
    operated = [entry for entry in entries if not entry.is_pushed]
    pushed = [entry for entry in entries if entry.is_pushed]
    external = _external_secrets(cluster, operated)
    kinds = {store_of(resource)[0] for resource in external if not_synchronised(resource)} - {""}
    namespaces = {entry.namespace for entry in operated}
    stores: Objects = []
    for kind in sorted(kinds):
        stores += _readable(cluster, kind, namespaces)
    secrets = secrets_of(cluster, pushed, everywhere=False) if pushed else ()
    return Observed(external=external, stores=stores, pushed=secrets)


def _external_secrets(cluster: Cluster, operated: Sequence[Entry]) -> Objects:
    """Return the existing ExternalSecrets of the entries."""
    if not operated:
        return []
    wanted = {(entry.namespace, entry.external_secret) for entry in operated}
    listed = own_objects(cluster, EXTERNAL_SECRET, {namespace for namespace, _name in wanted})
    return [external for external in listed or [] if identity(external) in wanted]


def _with_secrets(cluster: Cluster, entries: Sequence[Entry], observed: Observed) -> Observed:
    """Read the Secrets that the operator writes too, and the generators, which tell their keys."""
    places = [(entry.namespace, entry.name) for entry in entries if not entry.is_pushed]
    secrets = [secret for secret in cluster.get_many(SECRET, places) if secret is not None]
    return replace(observed, secrets=secrets, generators=shared_generators(cluster, observed.external))


def _readable(cluster: Cluster, kind: str, namespaces: Collection[str]) -> Objects:
    """Return the objects of a kind that only add details; none, where the identity may not read them."""
    try:
        return own_objects(cluster, OBJECT_KINDS[kind], namespaces) or []
    except ForbiddenError:
        return []
