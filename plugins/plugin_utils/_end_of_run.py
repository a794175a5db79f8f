# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback plugin's options, and what it shows.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from ansible import constants

from ..module_utils._api.errors import WorkloadCredentialsError
from ..module_utils._api.settings import Settings
from ..module_utils._spec import CONNECTION, JOURNAL, Options
from ._connection import settings_of
from ._leases.run_connections import has_key
from ._leases.run_end import Orders, RunEnd
from ._options import environment, ini, resolve

# The callback plugin's options as data; the documentation is checked against it.
OPTIONS: Options = {
    "show_only": {"type": "bool", "default": False, "env": ("WORKLOAD_CREDENTIALS_SHOW_ONLY",)},
    "json_line": {"type": "bool", "default": False, "env": ("WORKLOAD_CREDENTIALS_JSON_LINE",)},
    **JOURNAL,
}
_TITLES = {"own": "LEASES OF THIS RUN", "dead": "LEASES OF DEAD RUNS"}
_FATES = {
    "revoked": "ended",
    "not revocable": "{lease_id} cannot be ended early and lives until {expiration}",
    "stays": "{lease_id} outlives the run, until {expiration}",
    "held": "{lease_id} (until {expiration}) is left to the role cluster_credentials: {reason}",
    "lives": "{lease_id} lives until {expiration}",
    "refused": "{lease_id} may live on until {expiration}: {reason}",
    "unknown": "{lease_id} may have been ended, or lives on until {expiration}: {reason}",
    "unsettled": "a lease was asked for, and whether there is one is not known: {reason}",
    "one of several": "a lease was asked for, and no answer came: {reason}",
    "no lease": "a lease was asked for when its sender died, and none was found",
}


def begin(display: Any) -> None:
    """Begin to look after the leases of this run, once: it may have several playbooks, or name the plugin twice."""
    if has_key():
        return
    try:
        options = resolve(OPTIONS, [environment(os.environ), ini]).with_defaults(OPTIONS)
    except WorkloadCredentialsError as error:
        # Who misspelt show_only did not mean that nothing is looked after, but neither that leases are ended.
        display.warning(f"community.workload_credentials.leases: {error} No lease of this run is looked after.")
        return

    def tell(report: Mapping[str, Any]) -> None:
        _show(display, list(_lines(report, as_json=options["json_line"])))

    def show(done: int, every: int) -> None:
        _show(display, [f"Ending leases: {done} of {every} are done."])

    RunEnd(Orders(not options["show_only"], options["journal_dir"], _settings()), tell, show).begin()


def _settings() -> Settings | None:
    """The connection that this machine's environment and configuration set; None: they set none that is whole."""
    with suppress(WorkloadCredentialsError):
        return settings_of(resolve(CONNECTION, [environment(os.environ), ini]))
    return None


def _lines(report: Mapping[str, Any], *, as_json: bool) -> Sequence[str]:
    """The report for people or for machines; nothing where there is nothing to tell."""
    if not any(report.values()):
        return []
    if as_json:
        return [json.dumps({"workload_credentials_leases": report})]
    lines: list[str] = []
    for side, title in _TITLES.items():
        if report[side]:
            lines += ["", f"{title} ".ljust(79, "*"), *_table(report[side])]
    # Not as warnings, of which older versions break the lines, also at the hyphens of an ID.
    return [*lines, *(f"[WARNING]: {one}" for one in report["warnings"])]


def _table(leases: Sequence[Mapping[str, Any]]) -> list[str]:
    by_time = sorted(leases, key=lambda one: str(one["minted"]))
    rows = [(one["source"], one["use"], one["minted"], _FATES[_kind(one)].format(**_named(one))) for one in by_time]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return ["  ".join([*(text.ljust(width) for text, width in zip(row, widths)), row[3]]) for row in rows]


def _kind(lease: Mapping[str, Any]) -> str:
    return "unsettled" if lease["lease_id"] is None and lease["fate"] in ("lives", "refused") else str(lease["fate"])


def _named(lease: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**lease, "expiration": lease["expiration"] or "a time that is not known"}


def _show(display: Any, lines: Sequence[str]) -> None:
    # The stdout callbacks json and jsonl of ansible.posix make the run's output a document, which would break.
    is_document = constants.DEFAULT_STDOUT_CALLBACK.rpartition(".")[2].startswith("json")
    for line in lines:
        try:
            display.display(line, stderr=is_document)
        except RuntimeError:
            # A signal has interrupted the writing of another line.
            os.write(2, f"{line}\n".encode())
    # Who dies of a signal flushes nothing.
    with suppress(RuntimeError, OSError):
        sys.stdout.flush()
