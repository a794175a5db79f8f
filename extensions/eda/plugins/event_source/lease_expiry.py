# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events for leases that are about to expire, so that a rulebook renews what needs them."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from ansible.plugins.loader import init_plugin_loader

DOCUMENTATION = r"""
---
short_description: One event for each lease that is about to expire
description:
  - Checks the leases of the Secrets API below a folder, those of the Secrets that the role
    C(community.workload_credentials.cluster_credentials) has pushed into Kubernetes clusters, or both, and sends one
    event for each lease before it expires.
  - No event is sent twice, even after a restart. No event contains a secret value.
  - While a check fails, it is repeated at increasing intervals of up to 15 minutes, and the log says why.
options:
  folder:
    description: Check the leases of all dynamic secrets in this folder and below it; V(/) is the top of the site.
    type: str
  clusters:
    description:
      - Check the Secrets of these clusters. Each has a C(name) of your choice, and may have C(kubeconfig), C(context)
        and C(namespace). Only metadata is requested.
      - One of O(folder) and O(clusters) is required.
    type: list
    elements: dict
  margin:
    description:
      - Send the event when this many seconds are left, or a quarter of the lease's lifetime, if that is less.
        (Before its last quarter the role would not renew it.)
    type: int
    default: 600
  interval:
    description: Seconds between two checks.
    type: int
    default: 60
  state_file:
    description:
      - File that records for which leases events were sent. The default is a file in
        C(~/.local/state/workload-credentials). In a container, use a path on a volume that outlives it.
    type: path
notes:
  - The connection to the Secrets API has the options of the collection's modules, such as C(site_id) and
    C(access_token_file), or the environment variables C(BEYONDTRUST_*).
  - It needs ansible-core and C(requests) in the Python environment of ansible-rulebook, and for O(clusters)
    kubernetes.core and the Python library C(kubernetes).
"""

EXAMPLES = r"""
- name: Renew credentials before they expire
  hosts: localhost
  sources:
    - name: Leases that are about to expire
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
