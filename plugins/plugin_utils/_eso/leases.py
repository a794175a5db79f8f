# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases of the operator: renewed where one is dead or the user asks for it, and found where no Secret gets them."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ...module_utils._api.concurrency import gather_attempts
from ...module_utils._api.errors import WorkloadCredentialsError
from ...module_utils._api.own_writes import pauses
from ...module_utils._api.paths import parse_path
from ...module_utils._api.times import parse_time, written
from ...module_utils._credentials.lease import Lease
from ...module_utils._kube.objects import Cluster, Refusal, reference
from ...module_utils._marks import OPERATED_MARKS, PREFIX, noted_lease
from ...module_utils._providers import revocable
from ...module_utils._resources._parts.leases import ending_words, living_leases, named
from .._cluster.entries import Entry
from .._cluster.job import Job
from .._cluster.lease_checks import confirmed_gone, held_by_secrets
from .._cluster.operated_secrets import kind_of, lease_in
from .._cluster.outcome import Outcome, where
from .._cluster.removal import Identity, Removal, identity_of, owned_by, remove
from .._cluster.secrets import SECRET, ClusterObject, annotations_of, identity, target_of
from .._cluster.spec import ON_CHANGE, ONCE
from .._leases.ledger import Ledger
from .status import Status

RENEWED = PREFIX + "renewed-at"
_LEASE, _EXPIRATION, _MINTED = OPERATED_MARKS
# A lease as the Secrets API lists it.
Listed = dict[str, Any]
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


@dataclass(frozen=True)
class Renewal:
    """An ExternalSecret that the operator is made to refresh.

    :arg reason: why.
    :arg lease: the one that its Secret holds and that nobody needs then; None: it is dead, or not known.
    """

    entry: Entry
    external: ClusterObject
    reason: str
    lease: Lease | None

    @property
    def identity(self) -> Identity:
        """That of the ExternalSecret."""
        return "ExternalSecret", self.entry.namespace, self.entry.external_secret

    @property
    def line(self) -> str:
        """The plan's line for a person."""
        effect = "the operator reads it again" if self.entry.kind.is_stored else "one new lease"
        return f"{self.entry.where}: renew, {self.reason}; {effect}"

    def policy(self, policy: str) -> dict[str, Any]:
        """Return the part of its ExternalSecret that sets when it refreshes; empty, where it is not to refresh once."""
        return {"spec": {"refreshPolicy": policy}} if self.entry.refresh_policy == ONCE else {}


def renewals(
    job: Job,
    external: Mapping[Identity, ClusterObject],
    coded: Collection[Identity],
    secrets: Mapping[tuple[str, str], ClusterObject],
    generators: Sequence[ClusterObject],
    outcome: Outcome,
) -> list[Renewal]:
    """Return the ExternalSecrets for which the operator must generate again.

    :arg external: the existing ExternalSecrets of the entries on which the operator will not act by itself.
    :arg coded: those for which there is a new code of an MFA device.
    :arg secrets: the metadata of Secrets by namespace and name.
    """
    idle = [entry for entry in job.operated if entry.external_identity in external]
    dead, warnings = dead_leases(job, _noted_leases(idle, secrets))
    outcome.warnings.extend(warnings)
    wanted = []
    for entry in idle:
        secret, current = secrets.get((entry.namespace, entry.name)), external[entry.external_identity]
        reason = _reason(job, entry, secret, entry.where in dead, entry.external_identity in coded)
        if reason is None:
            continue
        if entry.refresh_policy == ONCE and entry.external_identity not in coded:
            outcome.warnings.append(
                f"{entry.where}: {reason}, and with refresh_policy {ONCE} the operator never generates again: remove "
                "its ExternalSecret, or choose another policy."
            )
            continue
        is_living = secret is not None and entry.where not in dead
        lease = lease_in(current, secret, kind_of(current, generators)) if secret is not None and is_living else None
        wanted.append(Renewal(entry, current, reason, lease))
    return wanted


def _noted_leases(
    operated: Sequence[Entry], secrets: Mapping[tuple[str, str], ClusterObject]
) -> dict[str, tuple[str, str]]:
    """Return the dynamic secret and the ID of the lease that the operator has noted on each Secret."""
    noted = {}
    for entry in operated:
        secret = secrets.get((entry.namespace, entry.name))
        lease = annotations_of(secret).get(_LEASE) if secret is not None else None
        if lease and entry.kind.has_api_leases:
            noted[entry.where] = (entry.path, lease)
    return noted


def dead_leases(job: Job, held: Mapping[str, tuple[str, str]]) -> tuple[set[str], list[str]]:
    """Return the Secrets whose lease the service does not know as living, and why that is not known of others.

    :arg held: the path of the dynamic secret and the lease's ID, by the Secret; there is one list for each path.
    """
    lists = _lists(job, {path for path, _lease in held.values()})
    warnings, living = [], {}
    for path, leases in lists.items():
        if isinstance(leases, WorkloadCredentialsError):
            warnings.append(f"{path}: could not check whether its leases are active. {leases}")
        else:
            living[path] = _ids(leases)
    missing = {lease for path, lease in held.values() if path in living and lease not in living[path]}
    gone = confirmed_gone(job, dict.fromkeys(missing))
    return {place for place, (_path, lease) in held.items() if lease in gone}, warnings


def _lists(job: Job, paths: Collection[str]) -> dict[str, list[Listed] | WorkloadCredentialsError]:
    """Return the living leases of each dynamic secret, or why they could not be listed."""
    wanted = sorted(paths)
    if not wanted:
        return {}
    client = job.client()

    def leases_of(path: str) -> list[Listed]:
        return living_leases(client, parse_path(path, "dynamic_secret"))

    return dict(zip(wanted, gather_attempts(leases_of, wanted, job.concurrency)))


def _ids(leases: Sequence[Listed]) -> set[str]:
    return {str(lease["id"]) for lease in leases}


def _without(ids: Collection[str], leases: Sequence[Listed]) -> list[Listed]:
    """Return the leases that have none of these IDs."""
    return [lease for lease in leases if str(lease["id"]) not in ids]


def _reason(job: Job, entry: Entry, secret: ClusterObject | None, is_dead: bool, has_code: bool) -> str | None:
    """Return why the operator should generate for the entry; None: it should not."""
    if has_code:
        return "there is a new code"
    if job.renew:
        return "a renewal was requested"
    if is_dead:
        return "its lease has ended"
    end = noted_lease(annotations_of(secret), OPERATED_MARKS).expiration if secret else None
    return "its credentials have expired" if end is not None and end <= datetime.now(timezone.utc) else None


def renew(job: Job, wanted: Sequence[Renewal], outcome: Outcome) -> list[Renewal]:
    """Make the operator refresh these by an annotation, and return those that it will refresh.

    An ExternalSecret that refreshes once would not react: until it has generated, it refreshes at changes.
    """
    now = {RENEWED: written(datetime.now(timezone.utc))}
    patches = [{**reference(renewal.external, annotations=now), **renewal.policy(ON_CHANGE)} for renewal in wanted]
    answers = job.cluster().patch(patches, dry_run=job.check_mode) if patches else []
    accepted = []
    for renewal, answer in zip(wanted, answers):
        if isinstance(answer, Refusal):
            outcome.problems.append(answer.words)
            continue
        outcome.differs(where(renewal.external), {"metadata": {}}, {"metadata": {"annotations": {RENEWED: "now"}}})
        accepted.append(renewal)
    return accepted


def restore_once(cluster: Cluster, renewed: Sequence[Renewal]) -> list[str]:
    """Give the policy Once back to those that had it, and return why the cluster refused some of that."""
    due = [renewal for renewal in renewed if renewal.entry.refresh_policy == ONCE]
    patches = [{**reference(renewal.external), **renewal.policy(ONCE)} for renewal in due]
    answers = cluster.patch(patches) if patches else []
    return [answer.words for answer in answers if isinstance(answer, Refusal)]


def cost_line(wanted: Sequence[Renewal]) -> list[str]:
    """Return a line that says how many leases the renewals cost."""
    leases = [renewal for renewal in wanted if renewal.entry.kind.leases]
    return [f"The operator mints {len(leases)} new leases for the renewed entries."] if leases else []


class OrphanedLeases:
    """Leases that the operator mints for these entries from now on, and that no Secret gets.

    :arg entries: those for which it is about to generate.
    """

    def __init__(self, job: Job, entries: Sequence[Entry], outcome: Outcome, minted: Ledger) -> None:
        self._job = job
        self._outcome = outcome
        self._minted = minted
        self._entries = [entry for entry in entries if entry.kind.has_api_leases]
        self._before = self._current()
        self._held = held_by_secrets(job) if any(self._before.values()) else set()

    def _current(self) -> dict[str, list[Listed]]:
        """Return the living leases of each dynamic secret whose leases may be listed."""
        lists = _lists(self._job, {entry.path for entry in self._entries})
        return {path: leases for path, leases in lists.items() if isinstance(leases, list)}

    def resolve(self, states: Sequence[Status], created: Collection[Entry]) -> None:
        """Stop what goes on minting where that does no harm, and end, or at least name, leases that no Secret got.

        :arg states: as they are after the wait.
        :arg created: the entries whose ExternalSecrets are new.
        """
        own = [status for status in states if status.entry in self._entries]
        orphans = self._orphans(own)
        for path, leases in orphans.items():
            self._stop([status for status in own if status.entry.path == path], created, leases)
        # An ExternalSecret may have minted more before it was stopped.
        latest = self._orphans(own) if orphans else {}
        for path, leases in latest.items():
            self._end(path, leases)

    def _orphans(self, states: Sequence[Status]) -> dict[str, list[Listed]]:
        """Return the new leases of each dynamic secret that no Secret holds."""
        if not self._before:
            return {}
        held = {status.lease_id for status in states if status.lease_id and status.entry.path in self._before}
        fresh = self._fresh(held, is_failing=any(status.is_failing for status in states))
        if not fresh:
            return {}
        held |= held_by_secrets(self._job)
        orphans = {}
        for path, leases in fresh.items():
            unheld = _without(held, leases)
            if unheld:
                orphans[path] = unheld
        return orphans

    def _fresh(self, held: set[str], *, is_failing: bool) -> dict[str, list[Listed]]:
        """Return the new leases of each dynamic secret that has any.

        Lists may not show yet what was minted a moment ago, so they are read again until they show what Secrets hold,
        and where an entry fails until they show anything new.
        """
        waits = pauses(time.time())
        while True:
            lists = self._current()
            shown = set().union(*map(_ids, lists.values()))
            fresh = {}
            for path, leases in lists.items():
                new = _without(_ids(self._before.get(path, [])), leases)
                if new:
                    fresh[path] = new
            is_early = not held <= shown or (is_failing and not fresh)
            pause = next(waits, None) if is_early else None
            if pause is None:
                return fresh
            time.sleep(pause)

    def _stop(self, states: Sequence[Status], created: Collection[Entry], orphans: Sequence[Listed]) -> None:
        """Remove new ExternalSecrets that fail after they have generated, and say of others that they go on."""
        failing = [status for status in states if status.is_failing]
        removable = self._without_secrets([status for status in failing if status.entry in created])
        removal = remove(self._job.cluster(), removable, self._job.wait_timeout, self._minted)
        self._outcome.problems.extend(removal.problems.values())
        gone = {identity_of(external) for external in removal.gone}
        for status in failing:
            self._outcome.problems.append(
                f"{status.entry.where}: the operator has generated {len(orphans)} leases of {status.entry.path} that "
                f"no Secret received. {fate_of(status.resource, gone)}"
            )
        failed = {(status.entry.namespace, status.entry.name) for status in failing}
        for item in self._outcome.report:
            if (item["namespace"], item["name"]) in failed:
                item["action"] = "failed"

    def _without_secrets(self, states: Sequence[Status]) -> list[ClusterObject]:
        """Return the ExternalSecrets whose removal removes no Secret."""
        places = [(status.entry.namespace, status.entry.name) for status in states]
        secrets = self._job.cluster().get_many(SECRET, places, metadata_only=True)
        removable = []
        for status, secret in zip(states, secrets):
            external = status.resource
            if external is not None and (secret is None or not owned_by(secret, identity_of(external))):
                removable.append(external)
        return removable

    def _end(self, path: str, orphans: Sequence[Listed]) -> None:
        """End the leases that are surely those of this cluster's operator, and name the others."""
        others = []
        for lease in orphans:
            if self._is_alone(path, lease.get("created_by")):
                end = parse_time(lease.get("expiration"))
                can_end = revocable(lease.get("dynamic_secret_type"))
                self._minted.supersede(Lease(str(lease["id"]), path, _EPOCH, end, can_end))
            else:
                others.append(lease)
        if others:
            self._outcome.warnings.append(
                f"{path}: these leases were minted while the operator generated, and no Secret of this cluster uses "
                f"them: {named(others)}. Another cluster or workload may use them. {ending_words(others)}"
            )

    def _is_alone(self, path: str, creator: object) -> bool:
        """Return whether this identity had leases of the dynamic secret, and Secrets of this cluster held them all.

        Another cluster may be served with the same token, and at the same time.
        """
        known = [str(lease["id"]) for lease in self._before.get(path, ()) if lease.get("created_by") == creator]
        return bool(known) and self._held.issuperset(known)


def stop_refused(
    job: Job,
    failing: Sequence[ClusterObject],
    secrets: Mapping[tuple[str, str], ClusterObject],
    outcome: Outcome,
    minted: Ledger,
) -> set[Identity]:
    """Remove ExternalSecrets that fail and must not get their new form, where no Secret goes with them.

    :arg secrets: the metadata of existing ones, by namespace and name.
    """
    leaving = []
    for external in failing:
        secret = secrets.get((identity(external)[0], target_of(external)))
        if secret is None or not owned_by(secret, identity_of(external)):
            leaving.append(external)
    removal = Removal(leaving, leaving) if job.check_mode else remove(job.cluster(), leaving, job.wait_timeout, minted)
    outcome.problems.extend(removal.problems.values())
    outcome.removes(removal.going)
    return {identity_of(external) for external in removal.gone}


_GOES_ON = (
    "It repeats this at each attempt. Its ExternalSecret stays, because removing it would remove its Secret too: fix "
    "the cause, or remove the entry."
)


def fate_of(external: ClusterObject | None, gone: Collection[Identity]) -> str:
    """Return a sentence that says what becomes of an ExternalSecret that fails."""
    is_gone = external is not None and identity_of(external) in gone
    return "Its ExternalSecret was removed again." if is_gone else _GOES_ON
