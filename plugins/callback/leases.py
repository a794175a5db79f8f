# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: leases
type: notification
short_description: End a run's leases, however it ends
version_added: 1.0.0
description:
  - At the end of a run, be it success, failure, Ctrl-C or SIGTERM, ends the leases that its lookups and modules have
    minted and that can be ended early, and prints a table of them. No value is in it.
  - Leases of lookups with C(outlives_run=true) are left alone, and those that cannot be ended early, such as those of
    AWS roles, are named with their expiration.
  - At the beginning of a run, does the same with what runs have left whose process is gone, such as those that were
    killed with SIGKILL.
  - A run that mints nothing shows nothing.
  - Loads the lookups P(community.workload_credentials.static_secret#lookup) and
    P(community.workload_credentials.dynamic_credentials#lookup) once, before the first task, which takes about 0.1 s.
    The process of each task with one of them then finds it loaded, and need not load it again.
  - What it prints goes to standard error where the run's stdout callback is C(json) or C(jsonl), whose output stays one
    document.
author:
  - community.workload_credentials contributors (@ansible-collections)
requirements:
  - To be named in C(callbacks_enabled), in the section C([defaults]) of C(ansible.cfg), or in the environment variable
    C(ANSIBLE_CALLBACKS_ENABLED).
options:
  show_only:
    description:
      - Only print the table, and end nothing.
    type: bool
    default: false
    env:
      - name: WORKLOAD_CREDENTIALS_SHOW_ONLY
    ini:
      - section: workload_credentials
        key: show_only
  json_line:
    description:
      - Print one line of JSON in the place of the table, an object whose one key is C(workload_credentials_leases).
    type: bool
    default: false
    env:
      - name: WORKLOAD_CREDENTIALS_JSON_LINE
    ini:
      - section: workload_credentials
        key: json_line
  journal_dir:
    description:
      - Folder in which each run keeps the notes of its leases in a folder of its own, as for
        P(community.workload_credentials.dynamic_credentials#lookup). Set it where a run's temporary folder does not
        outlive the machine, as in containers, to one that does.
    type: path
    env:
      - name: WORKLOAD_CREDENTIALS_JOURNAL_DIR
    ini:
      - section: workload_credentials
        key: journal_dir
notes:
  - The leases of a run are ended with the connections with which they were minted. For those of dead runs the
    connection is taken from the same environment variables and ini section as for lookups. Where these set none, the
    run's own connections serve at its end, as those to Kubernetes clusters always do.
  - Ansible itself is not waited for by a terminal that was closed (SIGHUP), nor by SIGKILL, which is also how
    ansible-runner cancels a job. Then the notes stay on disk, and the next run finds them.
seealso:
  - module: community.workload_credentials.lease
  - module: community.workload_credentials.service_account_lease
  - plugin: community.workload_credentials.dynamic_credentials
    plugin_type: lookup
"""

from typing import Any

import ansible_collections.community.workload_credentials.plugins.plugin_utils._bytecode  # noqa: F401  # pylint: disable=unused-import
from ansible.plugins.callback import CallbackBase

from ..plugin_utils._end_of_run import begin
from ..plugin_utils._preload import preload


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core has no types
    """The plugin's entry point."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "community.workload_credentials.leases"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._has_begun = False

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """The run begins: no worker has been forked yet."""
        self._begin()

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """The same where ansible-console begins a command, which it does without a playbook."""
        self._begin()

    def _begin(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            begin(self._display)
            preload()
