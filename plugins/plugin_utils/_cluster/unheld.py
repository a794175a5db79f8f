# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Living leases of the entries' dynamic secrets that no Secret of the cluster holds.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import attempts
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import DYNAMIC_SECRET
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import origin_of
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ForbiddenError
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import OPERATED_MARKS
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    creators,
    living_leases,
    named,
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


def warn_of_unheld(job: Job, outcome: Outcome) -> None:
    """Warn of leases that this identity minted and that no Secret holds: a run may have died, or other work needs them.

    Where the operator has taken no note of its lease, nobody can tell which of them Secrets hold.
    """
    dynamic = [entry for entry in job.entries if entry.source == "dynamic_secret"]
    if not dynamic:
        return
    try:
        secrets = _secrets(job)
        noted = {identity(one) for one in secrets if notes_of(one).get(OPERATED_MARKS[0])}
        unknown = {one.path for one in dynamic if not one.is_pushed and (one.namespace, one.name) not in noted}
        paths = sorted({entry.path for entry in dynamic} - unknown)
        own = _leases_in(one for one in secrets if owner_of(one) == job.owner)
        held = _leases_in(secrets) | _held_by_runs(job)
        client = job.client()
    except WorkloadCredentialsError as error:
        outcome.warnings.append(f"It was not looked whether leases live that no Secret holds. {error}")
        return
    for path, found in zip(
        paths, attempts(lambda one: living_leases(client, parse_path(one, "dynamic_secret")), paths, job.concurrency)
    ):
        if isinstance(found, WorkloadCredentialsError):
            outcome.warnings.append(f"{path}: its leases could not be listed. {found}")
            continue
        loose = [lease for lease in found if lease["id"] not in held]
        _warn(outcome, path, loose, creators(found, own))


def _warn(outcome: Outcome, path: str, loose: list[dict[str, Any]], mine: set[Any]) -> None:
    def is_mine(lease: Mapping[str, Any]) -> bool:
        return not mine or lease.get("created_by") in {*mine, None}

    own = [lease for lease in loose if is_mine(lease)]
    if own:
        # Whose leases these are is known from the leases that Secrets hold.
        by = "minted by the same identity as those that Secrets hold" if mine else "whoever minted them"
        outcome.warnings.append(
            f"{path}: no Secret of this cluster holds these leases, {by}: {named(own)}. Other work may need them; "
            "community.workload_credentials.lease ends them."
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


def _held_by_runs(job: Job) -> set[str]:
    """Those that living runs on this machine hold."""
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.dead_runs import dead_runs
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import run_folder

    own = job.notes_of(DYNAMIC_SECRET, None)
    if own is None:
        return set()
    with dead_runs(run_folder(), origin_of(job.client().settings), job.journal_dir(), own=own) as left:
        return set(left.others().known)
