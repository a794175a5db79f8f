# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of entries, each made of what its service needs; a run loads those that are due.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    MissingError,
    OptionError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import DYNAMIC_SECRET
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import Source
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job

if TYPE_CHECKING:
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import Origin


def source_of(job: Job, entry: Entry) -> Source:
    """What the entry's credentials come from.

    :raises WorkloadCredentialsError: its service cannot be had; the text names the option.
    """
    return _SOURCES[entry.source](job, entry)


def _dynamic_secret(job: Job, entry: Entry) -> Source:
    from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.dynamic_secret import (
        DynamicSecret,
    )

    return DynamicSecret(job.client(), parse_path(entry.path, entry.source))


def _static_secret(job: Job, entry: Entry) -> Source:
    from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.static_secret import (
        StaticSecret,
    )

    return StaticSecret(job.client(), parse_path(entry.path, entry.source))
