# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on leases: which live, who holds them, and what became of those of an earlier report.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import (
    parse_folder,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time, written
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Found
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lease_holders import (
    holders_in,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lease_rows import (
    Look,
    counted,
    earlier_rows,
    rows,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    ListedLease,
    leases_below,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lists import (
    listed,
    listing,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, Spec


def read(client: Client, parameters: Mapping[str, Any]) -> Found:
    """The report: one request for the definitions, and one for the leases of each."""
    place, look = _place(parameters), _look(parameters)
    definitions, missing = listed(client, listing("dynamic", {**parameters, "recursive": True}))
    previous = _previous(parameters["previous"])
    report, warnings = report_of(place, look, leases_below(client, definitions), previous or {})
    report["summary"]["dynamic_secrets"] = len(definitions)
    if previous is None:
        warnings.append(
            "previous: it is damaged, and nothing is taken from it. What has ended since then is not known."
        )
    return Found({"report": report, "warnings": warnings, "previous_is_damaged": previous is None}, missing)


def _previous(given: Any) -> Mapping[str, Any] | None:
    """The earlier report, empty where there is none; None: it is damaged, as after a power cut."""
    if given is None or isinstance(given, Mapping):
        return given or {}
    try:
        found = json.loads(given)
    except (ValueError, TypeError):
        return None
    return found if isinstance(found, Mapping) else None


def report_of(
    place: Mapping[str, Any], look: Look, leases: Sequence[ListedLease], previous: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The report and its warnings.

    :arg place: ``site_id`` and ``folder``, by which reports can be compared.
    """
    warnings = []
    if previous and any(previous.get(name) != value for name, value in place.items()):
        warnings.append("previous: it is the report on another site or folder, and nothing is taken from it.")
        previous = {}
    found = rows(look, leases, list(earlier_rows(previous)), parse_time(previous.get("generated")))
    report = {
        **place,
        "generated": written(look.now),
        "margin": int(look.margin.total_seconds()),
        "looked_for_holders": look.holders is not None,
        "summary": counted(found),
        "leases": found,
    }
    return report, warnings


def _place(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"site_id": parameters["site_id"], "folder": parse_folder(parameters["folder"], "folder") or "/"}


def _look(parameters: Mapping[str, Any]) -> Look:
    for name in ("margin", "keep_days"):
        if parameters[name] < 0:
            raise OptionError(name, "it cannot be negative.")
    secrets = parameters["secrets"]
    return Look(
        now=datetime.now(timezone.utc),
        holders=None if secrets is None else holders_in(secrets),
        elsewhere=[parse_folder(one, "held_elsewhere") for one in parameters["held_elsewhere"]],
        margin=timedelta(seconds=parameters["margin"]),
        keep=timedelta(days=parameters["keep_days"]),
        whole_site=not parse_folder(parameters["folder"], "folder"),
    )


LEASE_REPORT = Spec(
    name="lease_report",
    options={
        **CONNECTION,
        "folder": {"type": "str", "default": "/"},
        # Metadata is enough, but somebody may give whole Secrets, with their values.
        "secrets": {"type": "dict", "no_log": True},
        "held_elsewhere": {"type": "list", "elements": "str", "default": []},
        "previous": {"type": "raw"},
        "margin": {"type": "int", "default": 300},
        "keep_days": {"type": "int", "default": 7},
    },
    read=read,
)
