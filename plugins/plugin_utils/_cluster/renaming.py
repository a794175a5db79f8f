# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of static secrets that the operator delivers, and what of them an entry can have.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.asking import Asked
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import DATA_KEY, Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operator_template import (
    named_in,
    renamed,
)


def unfit(job: Job, asked: Asked) -> list[str]:
    """Why the operator could not make of static secrets what the entries say."""
    static = [(entry, asked.of(entry)) for entry in job.operated if entry.source == "static_secret"]
    return [words for entry, known in static if known for words in problems_of_keys(entry, known.keys)]


def problems_of_keys(entry: Entry, keys: Sequence[str]) -> Iterator[str]:
    """Why an entry of a static secret with these keys would be empty or refused in the cluster."""
    names: dict[str, list[str]] = {}
    for key in sorted(keys):
        names.setdefault(renamed(key), []).append(key)
    there = f"it has {', '.join(sorted(keys))}"
    for name, same in names.items():
        if len(same) > 1:
            yield f"{entry.where}: the operator calls {' and '.join(same)} of {entry.path} {name}, and then takes none."
    wanted = {renamed(one) for one in (entry.keys or {}).values()}
    missing = sorted(one for one in (entry.keys or {}).values() if renamed(one) in wanted - set(names))
    if missing:
        yield f"{entry.where}.keys: {entry.path} has no {', '.join(missing)}; {there}."
    for target, text in entry.template.items():
        absent = sorted(named_in(text) - set(names))
        if absent:
            yield f"{entry.where}.template.{target}: {entry.path} has no {', '.join(absent)}; {there}."
    unfit = [key for name, same in names.items() for key in same if not DATA_KEY.fullmatch(name)]
    if unfit and not (entry.keys or entry.template):
        yield f"{entry.where}: no Secret can have the keys {', '.join(unfit)} of {entry.path}. Name others with keys."
