# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: leases
type: notification
short_description: Revoke the leases of a run at its end
version_added: 1.0.0
description:
  - At the end of a run (success, failure, Ctrl-C or SIGTERM), revokes the leases that its lookups and modules have
    minted, and prints a table of them, without secret values.
  - Keeps leases of lookups with C(outlives_run=true). Leases that cannot be revoked, such as those of AWS roles, are
    listed with their expiration.
  - At the start of a run, does the same for runs whose process no longer exists, such as those killed with SIGKILL.
  - Prints nothing for a run without leases.
  - Loads the lookups P(community.workload_credentials.static_secret#lookup) and
    P(community.workload_credentials.dynamic_credentials#lookup) once, before the first task, which takes about 0.1 s,
    so that the tasks' processes need not load them.
  - Prints to standard error if the run's stdout callback is C(json) or C(jsonl), so that their output stays valid.
author:
  - community.workload_credentials contributors (@ansible-collections)
requirements:
  - Enable it in C(callbacks_enabled), in the section C([defaults]) of C(ansible.cfg), or in the environment variable
    C(ANSIBLE_CALLBACKS_ENABLED).
options:
  show_only:
    description:
      - Only print the table, and revoke nothing.
    type: bool
    default: false
    env:
      - name: WORKLOAD_CREDENTIALS_SHOW_ONLY
    ini:
      - section: workload_credentials
        key: show_only
  json_line:
    description:
      - Print one line of JSON instead of the table, an object with the single key C(workload_credentials_leases).
    type: bool
    default: false
    env:
      - name: WORKLOAD_CREDENTIALS_JSON_LINE
    ini:
      - section: workload_credentials
        key: json_line
  journal_dir:
    description:
      - Folder in which each run records its leases, as for
        P(community.workload_credentials.dynamic_credentials#lookup). In containers, or wherever the run's temporary
        folder is lost with the machine, set it to a persistent folder.
    type: path
    env:
      - name: WORKLOAD_CREDENTIALS_JOURNAL_DIR
    ini:
      - section: workload_credentials
        key: journal_dir
notes:
  - The plugin revokes the leases of a run over the connections with which they were minted. For leases of runs that no
    longer exist, it uses the same environment variables and ini section as lookups. If these set no connection, it uses
    those of the present run at its end, as it always does for Kubernetes clusters.
  - A closed terminal (SIGHUP) does not wait for Ansible, and neither does SIGKILL, with which ansible-runner cancels a
    job. The records of leases then stay on disk, and the next run finds them.
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
