# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of a task's entries: what is known of them before anything is minted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...module_utils._api.concurrency import gather_attempts
from ...module_utils._api.errors import MissingError, WorkloadCredentialsError
from ...module_utils._credentials.lease import DYNAMIC_SECRET
from ...module_utils._credentials.source import Facts, Source
from ...module_utils._kube.client import InWorker
from .entries import Entry
from .job import Job
from .source_kinds import SOURCES

if TYPE_CHECKING:
    from ...module_utils._credentials.source import Origin

# The name of a kind of source, and the path of the source.
Key = tuple[str, str]


@dataclass(frozen=True)
class SourceInfo:
    """The sources of some entries.

    :arg facts: of the sources of which something is known.
    :arg missing: a sentence for each source that is not there, though in a real run an earlier task may have made it.
    :arg problems: a sentence for each of the others, with the entries that need it; ``failed`` without the entries.
    """

    sources: Mapping[Key, Source]
    facts: Mapping[Key, Facts]
    missing: Mapping[Key, str]
    problems: list[str]
    failed: Mapping[Key, str] = field(default_factory=dict)

    @property
    def dynamic(self) -> dict[str, Facts]:
        """Return what is known of dynamic secrets, by path."""
        return {path: facts for (name, path), facts in self.facts.items() if SOURCES[name].has_api_leases}

    def of(self, entry: Entry) -> Facts | None:
        """Return what is known of the entry's source."""
        return self.facts.get(entry.key)

    def is_missing(self, entry: Entry) -> bool:
        """Return whether the entry's source is still to be made."""
        return entry.key in self.missing


def ask(job: Job, entries: Iterable[Entry]) -> SourceInfo:
    """Ask the sources of these entries, each once. Only check mode tolerates a source that is missing."""
    users = _users(entries)
    sources, failed = _sources(job, {key: users[key][0] for key in sorted(users)})
    answers = gather_attempts(lambda source: source.facts(), list(sources.values()), job.concurrency)
    facts: dict[Key, Facts] = {}
    for key, answer in zip(sources, answers):
        if isinstance(answer, WorkloadCredentialsError):
            failed[key] = answer
        else:
            facts[key] = answer
    missing: dict[Key, str] = {}
    others: dict[Key, str] = {}
    problems: list[str] = []
    for key, error in failed.items():
        if job.check_mode and isinstance(error, MissingError):
            missing[key] = str(error)
            continue
        others[key] = str(error)
        problems.append(f"{', '.join(entry.where for entry in users[key])}: {error}")
    return SourceInfo(sources, facts, missing, problems, others)


def _users(entries: Iterable[Entry]) -> dict[Key, list[Entry]]:
    """Return the entries of each source that the role asks."""
    users: dict[Key, list[Entry]] = {}
    for entry in entries:
        # The operator itself asks STS.
        if entry.is_pushed or entry.kind.needs_api:
            users.setdefault(entry.key, []).append(entry)
    return users


def _sources(job: Job, users: Mapping[Key, Entry]) -> tuple[dict[Key, Source], dict[Key, WorkloadCredentialsError]]:
    """Return the sources, and the errors of those that lack what they are asked with.

    :raises WorkloadCredentialsError: a service cannot be had; the text names the option.
    """
    sources: dict[Key, Source] = {}
    failed: dict[Key, WorkloadCredentialsError] = {}
    for key, entry in users.items():
        try:
            sources[key] = entry.kind.make(job, entry)
        except MissingError as error:
            failed[key] = error
    return sources, failed


def origin_at(kind: str, service: Any) -> Origin | None:
    """Return whose the notes are of leases that this service mints; None: its identity is not known.

    :arg service: the client of the Secrets API, or a cluster.
    """
    if kind == DYNAMIC_SECRET:
        from ...module_utils._credentials.source import origin_of

        return origin_of(service.settings)
    if not isinstance(service, InWorker):
        return None
    from ...module_utils._credentials.service_account import origin_of_cluster
    from .._core_internals import run_folder
    from .._leases.sealed import key_of_run

    return origin_of_cluster(service, service.options, lambda: key_of_run(run_folder()))
