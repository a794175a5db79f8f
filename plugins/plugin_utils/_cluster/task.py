# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of cluster_credentials, from a job to its outcome; whatever ends it, no lease is left unnamed.

Ansible compiles a collection's code in each worker, so a state loads what it needs, and a push nothing of the operator.
Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from ansible.errors import AnsibleError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    WorkloadCredentialsError,
    unforeseen,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.left_behind import (
    end_what_dead_runs_left,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.minted import Minted
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.noting import Noting
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.spec import (
    ABSENT,
    PRESENT,
    REFRESHED,
    RENDERED,
    VERIFIED,
)

if TYPE_CHECKING:
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.status import Status


def perform(job: Job, state: str) -> Outcome:
    """Bring the state about, and say what was done, also where it failed.

    :arg state: one of STATES.
    """
    outcome = Outcome()
    minted = Minted(
        job.service_of,
        is_real=not job.check_mode,
        noting=Noting(job.notes_of, lambda: job.cluster().address),
    )
    try:
        try:
            _STATES[state](job, outcome, minted)
        except WorkloadCredentialsError as error:
            outcome.problems.insert(0, str(error))
        except AnsibleError:
            # What Ansible itself knows better, such as a host that cannot be reached.
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            # The last net: nobody should read a traceback, which may quote a value.
            outcome.problems.insert(0, str(unforeseen("cluster_credentials", error)))
        staying, living = minted.end()
    except BaseException:
        # There will be no result: the person at the screen is told.
        for words in filter(None, minted.end()):
            job.last_words(words)
        raise
    outcome.warnings.extend(minted.warnings)
    if outcome.problems or living:
        outcome.problems.extend(words for words in (staying, living) if words)
    elif staying:
        outcome.warnings.append(staying)
    return outcome


def _present(job: Job, outcome: Outcome, minted: Minted) -> None:
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.deliver import Delivery

    if job.entries or job.prune:
        end_what_dead_runs_left(job, outcome)
        Delivery(job, outcome, minted).run()


def _refreshed(job: Job, outcome: Outcome, minted: Minted) -> None:
    """The same, with new credentials for these entries, and nothing of what others there are."""
    _present(replace(job, renew=True, prune=False), outcome, minted)


def _absent(job: Job, outcome: Outcome, minted: Minted) -> None:
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.removing import tear_down

    end_what_dead_runs_left(job, outcome)
    tear_down(job, outcome, minted)


def _rendered(job: Job, outcome: Outcome, _minted: Minted) -> None:
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.rendering import render

    render(job, outcome)


def _verified(job: Job, outcome: Outcome, _minted: Minted) -> None:
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.watching import states

    found, unread = states(job.cluster(), job.entries) if job.entries else ([], ())
    if job.operated:
        from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.comparing import compared

        found = compared(job, found)
    found = _with_living_leases(job, found, outcome)
    job.tell([one.line for one in found])
    outcome.report.extend(one.reported() for one in found)
    outcome.problems.extend(one.line for one in found if one.problem)
    outcome.problems.extend(sorted(unread))
    if any(entry.source == "dynamic_secret" for entry in job.entries):
        from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unheld import (
            warn_of_unheld,
        )

        warn_of_unheld(job, outcome)


def _with_living_leases(job: Job, states: Sequence[Status], outcome: Outcome) -> list[Status]:
    """The states, with a lease that does not live as a problem of those that were ready."""
    dynamic = [one for one in states if not one.problem and one.entry.source == "dynamic_secret" and one.lease]
    held = {one.entry.where: (one.entry.path, one.lease or "") for one in dynamic}
    if not held:
        return list(states)
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.renewing import dead_leases

    dead, unknown = dead_leases(job, held)
    outcome.warnings.extend(unknown)
    said = "its lease lives no more: it was revoked, or has expired"
    return [replace(one, problem=said) if one.entry.where in dead else one for one in states]


_STATES: Mapping[str, Callable[[Job, Outcome, Minted], None]] = MappingProxyType(
    {PRESENT: _present, REFRESHED: _refreshed, ABSENT: _absent, RENDERED: _rendered, VERIFIED: _verified}
)
