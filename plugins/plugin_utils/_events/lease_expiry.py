# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source lease_expiry: one event for each lease that is about to end."""

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
from .._options import environment, ini, refuse_unknown, resolve, settings_of
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
# No event comes earlier than the role would renew the lease.
_PART = 0.25
_LONGEST_PAUSE = 900.0
# Enough to reach the longest pause from any interval.
_DOUBLINGS = 10
_LOGGER = logging.getLogger("lease_expiry")
_CLUSTER = {"name", "kubeconfig", "context", "namespace"}
Look = Callable[[], Iterator[Watched]]


class ExpirySource:
    """One event source: the folder and the clusters that it watches, and the events that it has sent.

    :arg arguments: the rulebook's.
    :raises WorkloadCredentialsError: an argument is wrong.
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
        self._looks.update(_looks_at_clusters(options["clusters"] or []))
        if not self._looks:
            raise OptionError("folder", "folder or clusters is needed.")
        self._sent = SentEvents(Path(os.path.expanduser(options["state_file"] or _default_state_file(options))))
        self.warning = self._sent.warning

    def due(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Return events of leases that are due, and what could not be read; keep the events in the state file."""
        leases: list[Watched] = []
        problems: list[str] = []
        for what, look in self._looks.items():
            try:
                leases += look()
            except WorkloadCredentialsError as error:
                problems.append(f"{what}: {error}")
            except Exception as error:  # pylint: disable=broad-exception-caught
                problems.append(f"{what}: {internal_error('lease_expiry', error)}")
        now = datetime.now(timezone.utc)
        due = [lease for lease in merged(leases) if self._is_due(lease, now)]
        # Before they are sent: a source that dies in between loses an event, instead of sending it twice.
        self._sent.add(due, now)
        return [lease.event(now) for lease in sorted(due, key=lambda lease: lease.expiration)], problems

    def _is_due(self, watched: Watched, now: datetime) -> bool:
        if watched.id in self._sent or watched.expiration <= now:
            return False
        return self._margin.due(watched.lease, now)


async def run(queue: asyncio.Queue[Any], arguments: Mapping[str, Any]) -> None:
    """Send one event for each lease, for as long as the rulebook runs.

    :raises WorkloadCredentialsError: an argument is wrong, or the state file cannot be written.
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
            _LOGGER.warning("lease_expiry could not check %s", problem)
        await asyncio.sleep(pause(source.interval, failures))


def pause(interval: float, failures: int) -> float:
    """Return the seconds until the next look: twice as many after each failure, and not the same for all sources."""
    if not failures:
        return interval
    return max(interval, min(_LONGEST_PAUSE, interval * 2.0 ** min(failures, _DOUBLINGS))) * random.uniform(0.75, 1.25)


def _given(arguments: Mapping[str, Any], option: str, _entry: Mapping[str, Any]) -> Given | None:
    value = arguments.get(option)
    return Given(value, "the source's arguments") if is_set(value) else None


def _looks_at_clusters(clusters: list[Any]) -> dict[str, Look]:
    """Return how each of the clusters is read, by its name for messages."""
    looks: dict[str, Look] = {}
    for number, cluster in enumerate(clusters):
        _check_cluster(number, cluster)
        name = f"the cluster {cluster['name']}"
        if cluster.get("namespace"):
            name += f" ({cluster['namespace']})"
        if name in looks:
            # The list may name a cluster several times, such as for several contexts.
            name += f", {len(looks) + 1}"
        looks[name] = partial(of_cluster, dict(cluster))
    return looks


def _check_cluster(number: int, cluster: Any) -> None:
    if not isinstance(cluster, Mapping) or not cluster.get("name"):
        raise OptionError("clusters", f"entry {number} has no name.")
    unknown = sorted(map(str, cluster.keys() - _CLUSTER))
    if unknown:
        raise OptionError("clusters", f"{cluster['name']}: unknown: {', '.join(unknown)}.")
    if "/" in str(cluster["name"]):
        raise OptionError("clusters", f"{cluster['name']}: a name must not contain a slash.")


def _default_state_file(options: Mapping[str, Any]) -> str:
    """Return the default state file in XDG_STATE_HOME, one per watched scope."""
    what = [options[name] for name in ("api_url", "site_id", "folder", "clusters")]
    name = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return f"{base}/workload-credentials/lease-expiry-{name}.json"
