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
short_description: One event for each lease that is about to end
description:
  - Looks at the leases of the Secrets API below a folder, at those of the Secrets that the role
    community.workload_credentials.cluster_credentials has pushed into Kubernetes clusters, or at both, and sends one
    event for each lease before its end.
  - No event is sent twice, also after a restart. No event holds a secret value.
  - While something cannot be looked at, it waits longer each time, up to 15 minutes, and says why in the log.
options:
  folder:
    description: Look at the leases of all dynamic secrets in this folder and below it; V(/) is the top of the site.
    type: str
  clusters:
    description:
      - Look at the Secrets of these clusters. Each has a C(name) of your choice, and may have C(kubeconfig), C(context)
        and C(namespace). Only metadata is asked for.
      - One of O(folder) and O(clusters) is needed.
    type: list
    elements: dict
  margin:
    description:
      - The event is sent when no more than so many seconds are left, or a quarter of the lease's life, if that is less.
        (Before its last quarter the role would not renew it.)
    type: int
    default: 600
  interval:
    description: Seconds from one look to the next.
    type: int
    default: 60
  state_file:
    description:
      - Where it is kept of which leases events were sent. By default a file in C(~/.local/state/workload-credentials).
        In a container it needs a place that outlives it.
    type: path
notes:
  - The connection to the Secrets API has the options of the collection's modules, such as C(site_id) and
    C(access_token_file), or the environment's variables C(BEYONDTRUST_*).
  - It needs ansible-core and C(requests) in the Python of ansible-rulebook, and for O(clusters) kubernetes.core and the
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
