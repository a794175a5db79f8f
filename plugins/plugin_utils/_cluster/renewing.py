# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making the operator generate anew: what is asked to be renewed, and what holds a lease that is dead.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import attempts
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time, written
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Lease
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import reference
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Cluster, Refusal
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import OPERATED_MARKS, PREFIX
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    living_leases,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.gone import confirmed_gone
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import Found, notes_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operated import (
    kind_of,
    lease_in,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome, where
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.spec import ON_CHANGE, ONCE
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unwanted import Identity

RENEWED = PREFIX + "renewed-at"
_LEASE, _EXPIRATION, _MINTED = OPERATED_MARKS


@dataclass(frozen=True)
class Renewal:
    """An ExternalSecret that the operator is made to look at.

    :arg reason: why.
    :arg lease: the one that its Secret holds and that nobody needs then; None: it is dead, or not known.
    """

    entry: Entry
    external: Found
    reason: str
    lease: Lease | None

    @property
    def identity(self) -> Identity:
        """That of the ExternalSecret."""
        return "ExternalSecret", self.entry.namespace, self.entry.external_secret

    @property
    def line(self) -> str:
        """The plan's line for a person."""
        does = "the operator reads it anew" if self.entry.source == "static_secret" else "one new lease"
        return f"{self.entry.where}: renew, {self.reason}; {does}"


def dead_leases(job: Job, held: Mapping[str, tuple[str, str]]) -> tuple[set[str], list[str]]:
    """Those of the Secrets whose lease the service does not know as living, and why it could not be told.

    :arg held: the path of the dynamic secret and the lease's ID, by the Secret: one list for each path.
    """
    paths = sorted({path for path, _lease in held.values()})
    if not paths:
        return set(), []
    client = job.client()
    lists = attempts(lambda path: living_leases(client, parse_path(path, "dynamic_secret")), paths, job.concurrency)
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
    external: Mapping[Identity, Found],
    coded: Collection[Identity],
    secrets: Mapping[tuple[str, str], Found],
    generators: Sequence[Found],
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
        entry.where: (entry.path, notes_of(secret)[_LEASE])
        for entry, _external, secret in seen
        if entry.source == "dynamic_secret" and secret and notes_of(secret).get(_LEASE)
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
    job: Job, entry: Entry, secret: Found | None, dead: Iterable[str], coded: Collection[Identity]
) -> str | None:
    if ("ExternalSecret", entry.namespace, entry.external_secret) in coded:
        return "there is a new code"
    if job.renew:
        return "it is asked to be renewed"
    if entry.where in dead:
        return "its lease lives no more"
    end = parse_time(notes_of(secret).get(_EXPIRATION)) if secret else None
    return "its credentials have expired" if end is not None and end <= datetime.now(timezone.utc) else None


def _lease(external: Found, secret: Found, generators: Sequence[Found]) -> Lease | None:
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
    leases = [one for one in wanted if one.entry.source != "static_secret"]
    return [f"The operator mints {len(leases)} new leases for what is renewed."] if leases else []
