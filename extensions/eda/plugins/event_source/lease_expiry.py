# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events for leases that are about to end, so that a rulebook renews what needs them."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from ansible.plugins.loader import init_plugin_loader

DOCUMENTATION = r"""
---
short_description: Send an event for each lease that expires soon
description:
  - Checks the leases of the Secrets API below a folder, or those of the Secrets that the role
    community.workload_credentials.cluster_credentials has pushed to Kubernetes clusters, or both. Sends one event for
    each lease before it expires.
  - Sends no event twice, even after a restart. Events contain no secret value.
  - If a check fails, it waits longer each time, up to 15 minutes, and logs the reason.
options:
  folder:
    description: Check the leases of all dynamic secrets in this folder and below it; V(/) is the whole site.
    type: str
  clusters:
    description:
      - Check the Secrets of these clusters. Each has a C(name) of your choice, and may have C(kubeconfig), C(context)
        and C(namespace). Only metadata is requested.
      - O(folder) or O(clusters) is required.
    type: list
    elements: dict
  margin:
    description:
      - Send the event if at most this many seconds are left, or a quarter of the lease's lifetime, if that is less. The
        role does not replace a lease before its last quarter.
    type: int
    default: 600
  interval:
    description: Seconds between checks.
    type: int
    default: 60
  state_file:
    description:
      - File to record for which leases events were sent. Default is a file in C(~/.local/state/workload-credentials).
        In a container, use a persistent volume.
    type: path
notes:
  - The options of the connection to the Secrets API are those of the collection's modules, such as C(site_id) and
    C(access_token_file), or the environment variables C(BEYONDTRUST_*).
  - Requires ansible-core and C(requests) in the Python of ansible-rulebook, and for O(clusters) kubernetes.core and the
    library C(kubernetes).
"""

EXAMPLES = r"""
- name: Renew credentials before they end
  hosts: localhost
  sources:
    - name: Leases that are about to end
      community.workload_credentials.lease_expiry:
        clusters:
          - name: shop
            kubeconfig: /etc/kubernetes/shop.conf
        margin: 900
  rules:
    - name: A Secret needs new credentials
      condition: event.secrets is defined
      action:
        run_playbook:
          name: renew.yml
"""


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Send events for as long as the rulebook runs."""
    # This file is in ansible_collections/community/workload_credentials/extensions/eda/plugins/event_source, below a
    # collections path.
    init_plugin_loader([os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 7))])
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._events.lease_expiry import run

    await run(queue, args)
