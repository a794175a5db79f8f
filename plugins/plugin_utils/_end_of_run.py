# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback plugin: its options, and the report that it shows at the end of a run."""

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
from ._leases.run_connections import has_key
from ._leases.run_end import Orders, RunEnd
from ._options import environment, ini, resolve, settings_of

# The callback plugin's options as data; the documentation is checked against it.
OPTIONS: Options = {
    "show_only": {"type": "bool", "default": False, "env": ("WORKLOAD_CREDENTIALS_SHOW_ONLY",)},
    "json_line": {"type": "bool", "default": False, "env": ("WORKLOAD_CREDENTIALS_JSON_LINE",)},
    **JOURNAL,
}
_TITLES = {"own": "LEASES OF THIS RUN", "dead": "LEASES OF DEAD RUNS"}
# What the report says of a lease, by its outcome.
_OUTCOMES = {
    "revoked": "revoked",
    "not revocable": "expires {expiration} (cannot be revoked early): {lease_id}",
    "stays": "{lease_id} outlives the run, until {expiration}",
    "held": "{lease_id} (until {expiration}) is left to the role cluster_credentials: {reason}",
    "lives": "{lease_id} lives until {expiration}",
    "refused": "{lease_id} may be active until {expiration}: {reason}",
    "unknown": "{lease_id} may have been revoked, or is active until {expiration}: {reason}",
    "unsettled": "a lease was requested, and it is not known whether it exists: {reason}",
    "one of several": "a lease was requested, and no answer came: {reason}",
    "no lease": "a lease was requested by a process that died, and none was found",
}


def begin(display: Any) -> None:
    """Start to look after the leases of this run, once: a run may have several playbooks, or name the plugin twice."""
    if has_key():
        return
    try:
        options = resolve(OPTIONS, [environment(os.environ), ini]).with_defaults(OPTIONS)
    except WorkloadCredentialsError as error:
        # A user who misspelt show_only wants no leases to be ended.
        display.warning(f"community.workload_credentials.leases: {error} No lease of this run will be revoked.")
        return

    def show_report(report: Mapping[str, Any]) -> None:
        _show(display, _lines(report, as_json=options["json_line"]))

    def show_progress(done: int, every: int) -> None:
        _show(display, [f"Revoking leases: {done} of {every} are done."])

    orders = Orders(not options["show_only"], options["journal_dir"], _settings())
    RunEnd(orders, show_report, show_progress).begin()


def _settings() -> Settings | None:
    """Return the connection that this machine's environment and configuration set; None: they set no complete one."""
    with suppress(WorkloadCredentialsError):
        return settings_of(resolve(CONNECTION, [environment(os.environ), ini]))
    return None


def _lines(report: Mapping[str, Any], *, as_json: bool) -> Sequence[str]:
    """Return the lines of the report, for people or for machines; none if there is nothing to report."""
    if not any(report.values()):
        return []
    if as_json:
        return [json.dumps({"workload_credentials_leases": report})]
    lines: list[str] = []
    for side, title in _TITLES.items():
        if report[side]:
            lines += ["", f"{title} ".ljust(79, "*"), *_table(report[side])]
    # Ansible's own warnings are wrapped on older versions, also at the hyphens of an ID.
    lines += [f"[WARNING]: {warning}" for warning in report["warnings"]]
    return lines


def _table(leases: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for each lease, in the order of minting; all columns but the last are aligned."""
    by_time = sorted(leases, key=lambda lease: str(lease["minted"]))
    sources = max(len(lease["source"]) for lease in by_time)
    uses = max(len(lease["use"]) for lease in by_time)
    # All times are of the same length.
    return [
        f"{lease['source']:<{sources}}  {lease['use']:<{uses}}  {lease['minted']}  {_outcome_words(lease)}"
        for lease in by_time
    ]


def _outcome_words(lease: Mapping[str, Any]) -> str:
    outcome = str(lease["fate"])
    if lease["lease_id"] is None and outcome in ("lives", "refused"):
        outcome = "unsettled"
    expiration = lease["expiration"] or "a time that is not known"
    return _OUTCOMES[outcome].format(**{**lease, "expiration": expiration})


def _show(display: Any, lines: Sequence[str]) -> None:
    # The stdout callbacks json and jsonl of ansible.posix make standard output a document, which lines would break.
    is_document = constants.DEFAULT_STDOUT_CALLBACK.rpartition(".")[2].startswith("json")
    for line in lines:
        try:
            display.display(line, stderr=is_document)
        except RuntimeError:
            # A signal has interrupted the display in the middle of another line.
            os.write(2, f"{line}\n".encode())
    # A process that dies of a signal flushes nothing.
    with suppress(RuntimeError, OSError):
        sys.stdout.flush()
