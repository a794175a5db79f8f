# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases that the operator mints and that no Secret gets: of what fails after generating, and of what it does twice.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import attempts
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.own_writes import pauses
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Lease
from ansible_collections.community.workload_credentials.plugins.module_utils._providers import revocable
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    ending_words,
    living_leases,
    named,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.causes import is_failing
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.external import target_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import SECRET
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import Found, identity
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.minted import Minted
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.removing import (
    Removal,
    remove,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.status import Status
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unheld import held_by_secrets
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unwanted import (
    Identity,
    identity_of,
    owned_by,
)

Listed = dict[str, Any]
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


class Strays:
    """What the operator mints for these entries from now on.

    :arg entries: those for which it is about to generate.
    """

    def __init__(self, job: Job, entries: Sequence[Entry], outcome: Outcome, minted: Minted) -> None:
        self._job = job
        self._outcome = outcome
        self._minted = minted
        self._entries = [entry for entry in entries if entry.source == "dynamic_secret"]
        self._before = self._lists()
        self._held = held_by_secrets(job) if any(self._before.values()) else set()

    def _lists(self) -> dict[str, list[Listed]]:
        """The living leases of each definition that may be asked for them."""
        paths = sorted({entry.path for entry in self._entries})
        if not paths:
            return {}
        client = self._job.client()
        lists = attempts(
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

    def _without_secrets(self, states: Sequence[Status]) -> list[Found]:
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
    job: Job, failing: Sequence[Found], secrets: Mapping[tuple[str, str], Found], outcome: Outcome, minted: Minted
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


def told(external: Found | None, gone: Collection[Identity]) -> str:
    """What becomes of an ExternalSecret that fails, for a person."""
    is_gone = external is not None and identity_of(external) in gone
    return "Its ExternalSecret was removed again." if is_gone else _GOES_ON


_GOES_ON = (
    "It goes on at each of its attempts. Its ExternalSecret stays, as its Secret would go with it: repair the cause, "
    "or remove the entry."
)
