# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source lease_expiry: which leases are about to end, each told once.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from ...module_utils._api.client import Client
from ...module_utils._api.errors import OptionError, WorkloadCredentialsError, internal_error
from ...module_utils._api.option_values import Given, is_set
from ...module_utils._api.paths import parse_folder
from ...module_utils._credentials.lease import Margin
from ...module_utils._spec import CONNECTION, Options
from .._connection import settings_of
from .._options import environment, ini, refuse_unknown, resolve
from .living import Watched, merged, of_cluster, of_service
from .notified import SentEvents

OPTIONS: Options = {
    **CONNECTION,
    "folder": {"type": "str"},
    "clusters": {"type": "list"},
    "margin": {"type": "int", "default": 600},
    "interval": {"type": "int", "default": 60},
    "state_file": {"type": "path"},
}
# A lease is told of no earlier than the role would renew it.
_PART = 0.25
_LONGEST_PAUSE = 900.0
# Enough of them for any interval.
_DOUBLINGS = 10
_LOGGER = logging.getLogger("lease_expiry")
_CLUSTER = {"name", "kubeconfig", "context", "namespace"}
Look = Callable[[], Iterator[Watched]]


class ExpirySource:
    """One event source: what it looks at, and what it has told.

    :arg arguments: the rulebook's.
    :raises WorkloadCredentialsError: an argument is not right.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        given = {name: value for name, value in arguments.items() if not name.startswith("eda_")}
        refuse_unknown(given, OPTIONS)
        resolved = resolve(OPTIONS, [partial(_given, given), environment(os.environ), ini])
        options = resolved.with_defaults(OPTIONS)
        for name in ("margin", "interval"):
            if options[name] < 1:
                raise OptionError(name, "it must be at least 1.")
        self.interval = options["interval"]
        self._margin = Margin(_PART, options["margin"])
        self._looks: dict[str, Look] = {}
        if options["folder"] is not None:
            folder = parse_folder(options["folder"], "folder")
            client = Client(settings_of(resolved))
            self._looks[f"the service below /{folder}"] = lambda: of_service(client, folder)
        for cluster in _clusters(options["clusters"] or []):
            # A cluster may be there several times, such as for each of its namespaces.
            where = f" ({cluster['namespace']})" if cluster.get("namespace") else ""
            name = f"the cluster {cluster['name']}{where}"
            again = f", {len(self._looks) + 1}" if name in self._looks else ""
            self._looks[name + again] = partial(of_cluster, cluster)
        if not self._looks:
            raise OptionError("folder", "folder or clusters is needed.")
        self._told = SentEvents(Path(os.path.expanduser(options["state_file"] or _default_state_file(options))))
        self.warning = self._told.warning

    def due(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Events of leases whose time has come, which are noted as told by then; and what could not be looked at."""
        found: list[Watched] = []
        problems: list[str] = []
        for what, look in self._looks.items():
            try:
                found += look()
            except WorkloadCredentialsError as error:
                problems.append(f"{what}: {error}")
            except Exception as error:  # pylint: disable=broad-exception-caught
                problems.append(f"{what}: {internal_error('lease_expiry', error)}")
        now = datetime.now(timezone.utc)
        due = [
            one
            for one in merged(found)
            if one.id not in self._told and one.expiration > now and self._margin.due(one.lease, now)
        ]
        # Noted first: a source that dies in between would rather be silent once than tell the same twice.
        self._told.add(due, now)
        return [one.event(now) for one in sorted(due, key=lambda one: one.expiration)], problems


async def run(queue: asyncio.Queue[Any], arguments: Mapping[str, Any]) -> None:
    """Tell of each lease once, for as long as the rulebook runs.

    :raises WorkloadCredentialsError: an argument is not right, or what was told cannot be kept.
    """
    source = ExpirySource(arguments)
    if source.warning:
        _LOGGER.warning("lease_expiry: %s", source.warning)
    failures = 0
    while True:
        events, problems = await asyncio.to_thread(source.due)
        for event in events:
            await queue.put(event)
        failures = failures + 1 if problems else 0
        for problem in problems:
            _LOGGER.warning("lease_expiry could not look at %s", problem)
        await asyncio.sleep(pause(source.interval, failures))


def pause(interval: float, failures: int) -> float:
    """Seconds until the next look: twice as long after each that failed, and never quite the same for all."""
    if not failures:
        return interval
    return max(interval, min(_LONGEST_PAUSE, interval * 2.0 ** min(failures, _DOUBLINGS))) * random.uniform(0.75, 1.25)


def _given(arguments: Mapping[str, Any], option: str, _entry: Mapping[str, Any]) -> Given | None:
    value = arguments.get(option)
    return Given(value, "the source's arguments") if is_set(value) else None


def _clusters(given: list[Any]) -> list[dict[str, Any]]:
    for number, cluster in enumerate(given):
        if not isinstance(cluster, Mapping) or not cluster.get("name"):
            raise OptionError("clusters", f"entry {number} has no name.")
        unknown = sorted(map(str, cluster.keys() - _CLUSTER))
        if unknown:
            raise OptionError("clusters", f"{cluster['name']}: unknown: {', '.join(unknown)}.")
        if "/" in str(cluster["name"]):
            raise OptionError("clusters", f"{cluster['name']}: a name has no slash.")
    return [dict(cluster) for cluster in given]


def _default_state_file(options: Mapping[str, Any]) -> str:
    """One for each thing that is looked at, where programs keep what outlives them."""
    what = [options[name] for name in ("api_url", "site_id", "folder", "clusters")]
    name = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return f"{base}/workload-credentials/lease-expiry-{name}.json"
