# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the entries' sources say of themselves before anything is minted.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
    from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath

# The kind of a source, and its path.
Key = tuple[str, str]


@dataclass(frozen=True)
class Asked:
    """The sources of some entries.

    :arg facts: of those of which something is known.
    :arg missing: a sentence for each that is not there, though in a real run an earlier task may have made it.
    :arg problems: a sentence for each of the others.
    """

    sources: Mapping[Key, Source]
    facts: Mapping[Key, Facts]
    missing: Mapping[Key, str]
    problems: list[str]

    @property
    def dynamic(self) -> dict[str, Facts]:
        """What is known of dynamic secrets, by path."""
        return {path: one for (kind, path), one in self.facts.items() if kind == "dynamic_secret"}

    def of(self, entry: Entry) -> Facts | None:
        """What is known of the entry's source."""
        return self.facts.get(key_of(entry))

    def is_missing(self, entry: Entry) -> bool:
        """Whether the entry's source is still to be made."""
        return key_of(entry) in self.missing


def key_of(entry: Entry) -> Key:
    """Which source is the entry's."""
    return entry.source, entry.path


def ask(job: Job, entries: Iterable[Entry]) -> Asked:
    """Ask the sources of these entries, each once; only check mode puts up with one that is missing."""
    asking: dict[Key, list[str]] = {}
    for entry in entries:
        if entry.source in _KINDS:
            asking.setdefault(key_of(entry), []).append(entry.where)
    sources = _sources(job, sorted(asking)) if asking else {}
    answers = dict(zip(sources, attempts(lambda source: source.facts(), list(sources.values()), job.concurrency)))
    failed = {key: one for key, one in answers.items() if isinstance(one, WorkloadCredentialsError)}
    missing = {key: str(one) for key, one in failed.items() if job.check_mode and isinstance(one, MissingError)}
    problems = [f"{', '.join(asking[key])}: {one}" for key, one in failed.items() if key not in missing]
    facts = {key: one for key, one in answers.items() if isinstance(one, Facts)}
    return Asked(sources, facts, missing, problems)


def _sources(job: Job, keys: Sequence[Key]) -> dict[Key, Source]:
    # A run in which nothing is due needs none of this.
    from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.dynamic_secret import (
        DynamicSecret,
    )
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.static_secret import (
        StaticSecret,
    )

    kinds: Mapping[str, Callable[[Client, ResourcePath], Source]] = dict(zip(_KINDS, (DynamicSecret, StaticSecret)))
    return {(kind, path): kinds[kind](job.client(), parse_path(path, kind)) for kind, path in keys}
