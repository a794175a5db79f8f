# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Living leases of the entries' dynamic secrets that no Secret of the cluster holds.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import DYNAMIC_SECRET
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import origin_of
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ForbiddenError
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import OPERATED_MARKS
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    creators,
    ending_words,
    named,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.visibility import (
    RefusedError,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.gone import (
    Listed,
    listed_leases,
    unlisted_words,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import secrets_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import (
    Found,
    identity,
    is_pushed,
    lease_of,
    notes_of,
    owner_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome


def warn_of_lost(job: Job, outcome: Outcome, entries: Sequence[Entry], *, is_sure: bool) -> None:
    """Warn of leases that Secrets may have held which somebody else has removed: nothing else leads to them.

    :arg entries: those that had no Secret.
    :arg is_sure: name only what the identity has minted that minted for Secrets.
    """
    paths = [entry.path for entry in entries if entry.is_pushed and entry.source == DYNAMIC_SECRET]
    if job.check_mode or not paths:
        return
    try:
        warn_of_unheld(job, outcome, listed_leases(job, paths), tolerated=(RefusedError,), is_sure=is_sure)
    except WorkloadCredentialsError as error:
        outcome.warnings.append(f"It was not looked whether leases live whose Secrets are gone. {error}")


def warn_of_unheld(
    job: Job,
    outcome: Outcome,
    listed: Listed,
    *,
    tolerated: tuple[type[Exception], ...] = (),
    is_sure: bool = False,
) -> None:
    """Warn of leases that this identity minted and that no Secret holds: a run may have died, or other work needs them.

    Where the operator has taken no note of its lease, nobody can tell which of them Secrets hold.

    :arg listed: the leases of the entries' dynamic secrets.
    :arg tolerated: errors of those that could not be listed which are not worth a sentence.
    :arg is_sure: name nothing where it is not known who this identity is.
    """
    outcome.warnings.extend(unlisted_words(listed, tolerated=tolerated))
    leases = {path: found for path, found in listed.items() if isinstance(found, list)}
    if not leases:
        return
    try:
        secrets = _secrets(job)
        held = _leases_in(secrets) | _held_by_runs(job, outcome)
    except WorkloadCredentialsError as error:
        outcome.warnings.append(f"It was not looked whether leases live that no Secret holds. {error}")
        return
    noted = {identity(one) for one in secrets if notes_of(one).get(OPERATED_MARKS[0])}
    unknown = {entry.path for entry in job.operated if (entry.namespace, entry.name) not in noted}
    own = _leases_in(one for one in secrets if owner_of(one) == job.owner)
    for path, found in leases.items():
        if path in unknown:
            continue
        loose = [lease for lease in found if lease["id"] not in held]
        mine = creators(found, own)
        if mine or not is_sure:
            _warn(outcome, path, loose, mine)


def _warn(outcome: Outcome, path: str, loose: list[dict[str, Any]], mine: set[Any]) -> None:
    def is_mine(lease: Mapping[str, Any]) -> bool:
        return not mine or lease.get("created_by") in {*mine, None}

    own = [lease for lease in loose if is_mine(lease)]
    if own:
        # Whose leases these are is known from the leases that Secrets hold.
        by = "minted by the same identity as those that Secrets hold" if mine else "whoever minted them"
        outcome.warnings.append(
            f"{path}: no Secret of this cluster holds these leases, {by}: {named(own)}. Other work may need them. "
            f"{ending_words(own)}"
        )


def held_by_secrets(job: Job) -> set[str]:
    """The leases that Secrets of the role hold, of the whole cluster where that can be seen."""
    return _leases_in(_secrets(job))


def _secrets(job: Job) -> Sequence[Found]:
    """The role's Secrets, whoever their owner is."""
    try:
        return secrets_of(job.cluster(), job.entries, everywhere=True)
    except ForbiddenError:
        return secrets_of(job.cluster(), job.entries, everywhere=False)


def _leases_in(secrets: Iterable[Found]) -> set[str]:
    seen = list(secrets)
    pushed = [lease_of(one) for one in seen if is_pushed(one)]
    return {lease.id for lease in pushed if lease} | {notes_of(one).get(OPERATED_MARKS[0], "") for one in seen} - {""}


def _held_by_runs(job: Job, outcome: Outcome) -> set[str]:
    """Those that living runs on this machine hold."""
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.dead_runs import dead_runs
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import run_folder

    own = job.notes_of(DYNAMIC_SECRET, None)
    if own is None:
        return set()
    with dead_runs(run_folder(), origin_of(job.client().settings), job.journal_dir(), own=own) as left:
        outcome.warnings.extend(left.warnings)
        others = left.others()
        return {*others.known, *others.foreign}
