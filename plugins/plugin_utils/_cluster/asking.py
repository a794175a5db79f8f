# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the entries' sources say of themselves before anything is minted.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import attempts
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    MissingError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import Facts, Source
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job

if TYPE_CHECKING:
    pass

# The kind of a source, and its path.
Key = tuple[str, str]


@dataclass(frozen=True)
class Asked:
    """The sources of some entries.

    :arg facts: of those of which something is known.
    :arg missing: a sentence for each that is not there, though in a real run an earlier task may have made it.
    :arg problems: a sentence for each of the others, with the entries that need it; ``failed`` without them.
    """

    sources: Mapping[Key, Source]
    facts: Mapping[Key, Facts]
    missing: Mapping[Key, str]
    problems: list[str]
    failed: Mapping[Key, str] = field(default_factory=dict)

    @property
    def dynamic(self) -> dict[str, Facts]:
        """What is known of dynamic secrets, by path."""
        return {path: one for (kind, path), one in self.facts.items() if kind == "dynamic_secret"}

    def of(self, entry: Entry) -> Facts | None:
        """What is known of the entry's source."""
        return self.facts.get(entry.key)

    def is_missing(self, entry: Entry) -> bool:
        """Whether the entry's source is still to be made."""
        return entry.key in self.missing


def ask(job: Job, entries: Iterable[Entry]) -> Asked:
    """Ask the sources of these entries, each once; only check mode puts up with one that is missing."""
    asking: dict[Key, list[Entry]] = {}
    for entry in entries:
        # The operator itself asks STS.
        if entry.is_pushed or entry.source != "sts_session_token":
            asking.setdefault(entry.key, []).append(entry)
    sources, failed = _sources(job, {key: asking[key][0] for key in sorted(asking)}) if asking else ({}, {})
    answers = dict(zip(sources, attempts(lambda source: source.facts(), list(sources.values()), job.concurrency)))
    failed.update({key: one for key, one in answers.items() if isinstance(one, WorkloadCredentialsError)})
    missing = {key: str(one) for key, one in failed.items() if job.check_mode and isinstance(one, MissingError)}
    problems = [
        f"{', '.join(entry.where for entry in asking[key])}: {one}" for key, one in failed.items() if key not in missing
    ]
    facts = {key: one for key, one in answers.items() if isinstance(one, Facts)}
    others = {key: str(one) for key, one in failed.items() if key not in missing}
    return Asked(sources, facts, missing, problems, others)


def _sources(job: Job, asking: Mapping[Key, Entry]) -> tuple[dict[Key, Source], dict[Key, WorkloadCredentialsError]]:
    """The sources, and why there are no others: what they are asked with is not there."""
    # A run in which nothing is due needs none of this.
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.sources import source_of

    sources: dict[Key, Source] = {}
    failed: dict[Key, WorkloadCredentialsError] = {}
    for key, entry in asking.items():
        try:
            sources[key] = source_of(job, entry)
        except MissingError as error:
            failed[key] = error
    return sources, failed
