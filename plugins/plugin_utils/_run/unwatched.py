# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that nobody looks after: where it is interrupted, its leases live on, and no note says of them.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.introduced import has_key
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import FOLDER

_SAID = (
    "This run mints leases that live on if it is interrupted: neither the callback plugin "
    "community.workload_credentials.leases is enabled (callbacks_enabled), nor does journal_dir name a folder for "
    "notes that outlive the run."
)


def warn_of_no_watch(temporary: Path, journal_dir: str | None) -> None:
    """Warn, once a run, where nobody ends the run's leases and no note of them outlives it.

    :arg temporary: the run's folder.
    """
    if journal_dir or has_key():
        return
    # All of its workers see who was first; where nothing can be written, each task says so itself.
    with suppress(OSError):
        (temporary / FOLDER / "unwatched").touch(mode=0o600, exist_ok=False)
        from ansible import constants
        from ansible.utils.display import Display

        # A warning of Display belongs to the task that happens to be the first, and would stand in its result.
        Display().display(f"[WARNING]: {_SAID}", color=constants.COLOR_WARN, stderr=True)
