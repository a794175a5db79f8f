# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases of the operator: made anew where one is dead or asked for, and found where no Secret gets them.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
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
from .status import Status, is_failing

RENEWED = PREFIX + "renewed-at"
_LEASE, _EXPIRATION, _MINTED = OPERATED_MARKS


@dataclass(frozen=True)
class Renewal:
    """An ExternalSecret that the operator is made to look at.

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
        does = "the operator reads it anew" if self.entry.kind.is_stored else "one new lease"
        return f"{self.entry.where}: renew, {self.reason}; {does}"


def dead_leases(job: Job, held: Mapping[str, tuple[str, str]]) -> tuple[set[str], list[str]]:
    """Those of the Secrets whose lease the service does not know as living, and why it could not be told.

    :arg held: the path of the dynamic secret and the lease's ID, by the Secret: one list for each path.
    """
    paths = sorted({path for path, _lease in held.values()})
    if not paths:
        return set(), []
    client = job.client()
    lists = gather_attempts(
        lambda path: living_leases(client, parse_path(path, "dynamic_secret")), paths, job.concurrency
    )
    living: dict[str, set[str]] = {}
    unknown = []
    for path, found in zip(paths, lists):
        if isinstance(found, WorkloadCredentialsError):
            unknown.append(f"{path}: it was not looked whether its leases live. {found}")
        else:
            living[path] = {str(lease["id"]) for lease in found}
    missing = {lease for path, lease in held.values() if path in living and lease not in living[path]}
    gone = confirmed_gone(job, dict.fromkeys(missing))
    return {place for place, (_path, lease) in held.items() if lease in gone}, unknown


def renewals(
    job: Job,
    external: Mapping[Identity, ClusterObject],
    coded: Collection[Identity],
    secrets: Mapping[tuple[str, str], ClusterObject],
    generators: Sequence[ClusterObject],
    outcome: Outcome,
) -> list[Renewal]:
    """What the operator is to be made to generate anew.

    :arg external: the ExternalSecrets of the entries that are there and at which the operator will not look by itself.
    :arg coded: those for which there is a new code of an MFA device.
    :arg secrets: the metadata of Secrets by namespace and name.
    """
    seen = [
        (entry, external[place], secrets.get((entry.namespace, entry.name)))
        for entry in job.operated
        for place in (("ExternalSecret", entry.namespace, entry.external_secret),)
        if place in external
    ]
    held = {
        entry.where: (entry.path, annotations_of(secret)[_LEASE])
        for entry, _external, secret in seen
        if entry.kind.has_api_leases and secret and annotations_of(secret).get(_LEASE)
    }
    dead, unknown = dead_leases(job, held)
    outcome.warnings.extend(unknown)
    found = [
        Renewal(entry, one, reason, None if entry.where in dead or not secret else _lease(one, secret, generators))
        for entry, one, secret in seen
        for reason in (_reason(job, entry, secret, dead, coded),)
        if reason
    ]
    outcome.warnings.extend(
        f"{one.entry.where}: {one.reason}, and with refresh_policy {ONCE} the operator never generates again: remove "
        "its ExternalSecret, or choose another policy."
        for one in found
        if one.entry.refresh_policy == ONCE and one.identity not in coded
    )
    return [one for one in found if one.entry.refresh_policy != ONCE or one.identity in coded]


def _reason(
    job: Job, entry: Entry, secret: ClusterObject | None, dead: Iterable[str], coded: Collection[Identity]
) -> str | None:
    if ("ExternalSecret", entry.namespace, entry.external_secret) in coded:
        return "there is a new code"
    if job.renew:
        return "it is asked to be renewed"
    if entry.where in dead:
        return "its lease lives no more"
    end = noted_lease(annotations_of(secret), OPERATED_MARKS).expiration if secret else None
    return "its credentials have expired" if end is not None and end <= datetime.now(timezone.utc) else None


def _lease(external: ClusterObject, secret: ClusterObject, generators: Sequence[ClusterObject]) -> Lease | None:
    return lease_in(external, secret, kind_of(external, generators))


def carry_out(job: Job, wanted: Sequence[Renewal], outcome: Outcome) -> list[Renewal]:
    """Make the operator look at them, by an annotation; those at which it will.

    What generates once would not look: until it has, it generates at changes.
    """
    now = {RENEWED: written(datetime.now(timezone.utc))}
    patches = [{**reference(one.external, annotations=now), **_policy(one, ON_CHANGE)} for one in wanted]
    answers = job.cluster().patch(patches, dry_run=job.check_mode) if patches else []
    done = []
    for one, answer in zip(wanted, answers):
        if isinstance(answer, Refusal):
            outcome.problems.append(answer.words)
            continue
        outcome.differs(where(one.external), {"metadata": {}}, {"metadata": {"annotations": {RENEWED: "now"}}})
        done.append(one)
    return done


def once_again(cluster: Cluster, done: Sequence[Renewal]) -> list[str]:
    """Let those that generate once do so no more; what the cluster refused of that."""
    patches = [{**reference(one.external), **_policy(one, ONCE)} for one in done if _policy(one, ONCE)]
    answers = cluster.patch(patches) if patches else []
    return [answer.words for answer in answers if isinstance(answer, Refusal)]


def _policy(one: Renewal, policy: str) -> dict[str, Any]:
    """Of one that generates once: as much of it as says when it does."""
    return {"spec": {"refreshPolicy": policy}} if one.entry.refresh_policy == ONCE else {}


def count_line(wanted: Sequence[Renewal]) -> list[str]:
    """How many leases that costs."""
    leases = [one for one in wanted if one.entry.kind.leases]
    return [f"The operator mints {len(leases)} new leases for what is renewed."] if leases else []


Listed = dict[str, Any]
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


class Strays:
    """What the operator mints for these entries from now on.

    :arg entries: those for which it is about to generate.
    """

    def __init__(self, job: Job, entries: Sequence[Entry], outcome: Outcome, minted: Ledger) -> None:
        self._job = job
        self._outcome = outcome
        self._minted = minted
        self._entries = [entry for entry in entries if entry.kind.has_api_leases]
        self._before = self._lists()
        self._held = held_by_secrets(job) if any(self._before.values()) else set()

    def _lists(self) -> dict[str, list[Listed]]:
        """The living leases of each definition that may be asked for them."""
        paths = sorted({entry.path for entry in self._entries})
        if not paths:
            return {}
        client = self._job.client()
        lists = gather_attempts(
            lambda path: living_leases(client, parse_path(path, "dynamic_secret")), paths, self._job.concurrency
        )
        return {path: found for path, found in zip(paths, lists) if not isinstance(found, WorkloadCredentialsError)}

    def settle(self, states: Sequence[Status], made: Collection[Entry]) -> None:
        """Stop what goes on minting where that does no harm, and end, or at least name, what no Secret got.

        :arg states: as they are after the wait.
        :arg made: the entries whose ExternalSecrets are new.
        """
        loose = self._loose(states)
        for path, leases in loose.items():
            minting = [one for one in states if one.entry.path == path and one.entry in self._entries]
            self._stop(minting, made, leases)
        # Until what failed was stopped, it may have gone on.
        for path, leases in self._loose(states).items() if loose else ():
            self._end(path, leases)

    def _loose(self, states: Sequence[Status]) -> dict[str, list[Listed]]:
        """The leases of each definition that are new and that no Secret holds.

        Lists may not show yet what was minted a moment ago, so they are asked for again until they show what Secrets
        hold, and where an entry fails until they show anything new.
        """
        if not self._before:
            return {}
        own = [one for one in states if one.entry in self._entries]
        held = {one.lease_id for one in own if one.lease_id and one.entry.path in self._before}
        is_failing_one = any(one.problem and one.found and is_failing(one.found) for one in own)
        waits = pauses(time.time())
        while True:
            lists = self._lists()
            fresh = {path: self._new(path, after) for path, after in lists.items()}
            unseen = held - {str(lease["id"]) for after in lists.values() for lease in after}
            is_early = bool(unseen) or (is_failing_one and not any(fresh.values()))
            pause = next(waits, None) if is_early else None
            if pause is None:
                break
            time.sleep(pause)
        if not any(fresh.values()):
            return {}
        all_held = held_by_secrets(self._job) | held
        loose = {path: [lease for lease in leases if lease["id"] not in all_held] for path, leases in fresh.items()}
        return {path: leases for path, leases in loose.items() if leases}

    def _new(self, path: str, after: Sequence[Listed]) -> list[Listed]:
        before = {one["id"] for one in self._before.get(path, ())}
        return [lease for lease in after if lease["id"] not in before]

    def _stop(self, states: Sequence[Status], made: Collection[Entry], loose: Sequence[Listed]) -> None:
        """Remove new ExternalSecrets that fail after they have generated; of others it is said that they go on."""
        failing = [one for one in states if one.problem and one.found and is_failing(one.found)]
        removable = self._without_secrets([one for one in failing if one.entry in made])
        removal = remove(self._job.cluster(), removable, self._job.wait_timeout, self._minted)
        self._outcome.problems.extend(removal.problems.values())
        gone = {identity_of(one) for one in removal.gone}
        for one in failing:
            self._outcome.problems.append(
                f"{one.entry.where}: the operator has generated {len(loose)} leases of {one.entry.path} that no Secret "
                f"got. {told(one.found, gone)}"
            )
        for item in self._outcome.report:
            if any((item["namespace"], item["name"]) == (one.entry.namespace, one.entry.name) for one in failing):
                item["action"] = "failed"

    def _without_secrets(self, states: Sequence[Status]) -> list[ClusterObject]:
        """The ExternalSecrets with which no Secret would go."""
        places = [(one.entry.namespace, one.entry.name) for one in states]
        secrets = self._job.cluster().get_many(SECRET, places, metadata_only=True)
        found = [(one.found, secret) for one, secret in zip(states, secrets) if one.found is not None]
        return [one for one, secret in found if secret is None or not owned_by(secret, identity_of(one))]

    def _end(self, path: str, loose: Sequence[Listed]) -> None:
        """End those that are the operator's of this cluster for sure; the others are named."""
        sure = [one for one in loose if self._is_alone(path, one.get("created_by"))]
        for one in sure:
            end = parse_time(one.get("expiration"))
            can = revocable(one.get("dynamic_secret_type"))
            self._minted.supersede(Lease(str(one["id"]), path, _EPOCH, end, can))
        rest = [one for one in loose if one not in sure]
        if rest:
            self._outcome.warnings.append(
                f"{path}: these leases were minted while the operator generated, and no Secret of this cluster holds "
                f"them: {named(rest)}. Another cluster or other work may have them. {ending_words(rest)}"
            )

    def _is_alone(self, path: str, creator: object) -> bool:
        """Whether this identity had leases of the definition, and Secrets of this cluster held them all.

        Another cluster may be served with the same token, and at the same time.
        """
        known = [str(one["id"]) for one in self._before.get(path, ()) if one.get("created_by") == creator]
        return bool(known) and self._held.issuperset(known)


def stop_refused(
    job: Job,
    failing: Sequence[ClusterObject],
    secrets: Mapping[tuple[str, str], ClusterObject],
    outcome: Outcome,
    minted: Ledger,
) -> set[Identity]:
    """Remove ExternalSecrets that fail and must not get their new form, where no Secret goes with them.

    :arg secrets: the metadata of what is there, by namespace and name.
    """
    places = [(identity(one)[0], target_of(one)) for one in failing]
    leaving = [
        one
        for one, place in zip(failing, places)
        if place not in secrets or not owned_by(secrets[place], identity_of(one))
    ]
    removal = Removal(leaving, leaving) if job.check_mode else remove(job.cluster(), leaving, job.wait_timeout, minted)
    outcome.problems.extend(removal.problems.values())
    outcome.removes(removal.going)
    return {identity_of(one) for one in removal.gone}


def told(external: ClusterObject | None, gone: Collection[Identity]) -> str:
    """What becomes of an ExternalSecret that fails, for a person."""
    is_gone = external is not None and identity_of(external) in gone
    return "Its ExternalSecret was removed again." if is_gone else _GOES_ON


_GOES_ON = (
    "It goes on at each of its attempts. Its ExternalSecret stays, as its Secret would go with it: repair the cause, "
    "or remove the entry."
)
