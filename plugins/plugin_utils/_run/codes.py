# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes of MFA devices that a run has sent: each serves once, whoever of its workers sends it.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from pathlib import Path

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import FOLDER
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.sealed import (
    SealedFolder,
    key_of_run,
)


class Codes:
    """Those that were sent.

    :arg folder: the run's own temporary folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def spend(self, device: str, code: str) -> None:
        """Take note that a code is about to be sent.

        :raises OptionError: it was sent before.
        :raises StateError: nothing can be written.
        """
        # Six digits are found from a mere hash in no time.
        files = SealedFolder(self._folder / FOLDER / "codes", key_of_run(self._folder), lambda _message: None)
        name = files.name(device, code)
        with files.locked(name):
            if files.holds(name):
                raise OptionError(
                    "token_code",
                    "this code was sent before in this run, and a code serves once: share its session between hosts "
                    "(reuse=run), or take the device's next code.",
                )
            files.save(name, {})
