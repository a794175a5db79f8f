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
from ansible_collections.community.workload_credentials.plugins.module_utils._api import interruption
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    WorkloadCredentialsError,
    unforeseen,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import DYNAMIC_SECRET
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
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
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
        interruption.check()
        staying, living = minted.end()
    except BaseException:
        # There will be no result: the person at the screen is told.
        for words in filter(None, minted.end()):
            job.last_words(words)
        raise
    if interruption.is_interrupted():
        # Nor will there be one now.
        for words in filter(None, (staying, living)):
            job.last_words(words)
        interruption.check()
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
        delivery = Delivery(job, outcome, minted)
        delivery.run()
        if delivery.missing:
            from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unheld import (
                warn_of_lost,
            )

            warn_of_lost(job, outcome, delivery.missing, is_sure=True)


def _refreshed(job: Job, outcome: Outcome, minted: Minted) -> None:
    """The same, with new credentials for these entries, and nothing of what others there are."""
    _present(replace(job, renew=True, prune=False), outcome, minted)


def _absent(job: Job, outcome: Outcome, minted: Minted) -> None:
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.removing import tear_down

    end_what_dead_runs_left(job, outcome)
    missing = _without_secret(job)
    if missing:
        from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unheld import warn_of_lost

        # While others still hold theirs, which says who this identity is.
        warn_of_lost(job, outcome, missing, is_sure=False)
    tear_down(job, outcome, minted)


def _without_secret(job: Job) -> list[Entry]:
    """The entries from whose dynamic secrets credentials were pushed into Secrets that are not there."""
    entries = [entry for entry in job.entries if entry.is_pushed and entry.source == DYNAMIC_SECRET]
    if not entries or job.check_mode:
        return []
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import SECRET

    places = [(entry.namespace, entry.name) for entry in entries]
    found = job.cluster().get_many(SECRET, places, metadata_only=True)
    return [entry for entry, one in zip(entries, found) if one is None]


def _rendered(job: Job, outcome: Outcome, _minted: Minted) -> None:
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.rendering import render

    render(job, outcome)


def _verified(job: Job, outcome: Outcome, _minted: Minted) -> None:
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.watching import states

    looked, unread = states(job.cluster(), job.entries) if job.entries else ([], ())
    if job.operated:
        from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.comparing import compared

        looked = compared(job, looked)
    found = _with_living_leases(job, outcome, looked)
    job.tell([one.line for one in found])
    outcome.report.extend(one.reported() for one in found)
    outcome.problems.extend(one.line for one in found if one.problem)
    outcome.problems.extend(sorted(unread))


def _with_living_leases(job: Job, outcome: Outcome, found: Sequence[Status]) -> Sequence[Status]:
    """The states, where a lease has ended too; and warnings of leases that no Secret holds."""
    paths = [one.entry.path for one in found if one.entry.source == DYNAMIC_SECRET]
    if not paths:
        return found
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.gone import (
        listed_leases,
        with_living_leases,
    )
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unheld import warn_of_unheld

    try:
        listed = listed_leases(job, paths)
    except WorkloadCredentialsError as error:
        outcome.warnings.append(f"It was not looked whether leases live that Secrets hold, or that none does. {error}")
        return found
    warn_of_unheld(job, outcome, listed)
    return with_living_leases(job, found, listed)


_STATES: Mapping[str, Callable[[Job, Outcome, Minted], None]] = MappingProxyType(
    {PRESENT: _present, REFRESHED: _refreshed, ABSENT: _absent, RENDERED: _rendered, VERIFIED: _verified}
)
