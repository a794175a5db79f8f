# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_credentials_status
short_description: Whether a cluster's entries are ready and fresh
version_added: 1.0.0
description:
  - Says for each entry whether the cluster has it, ready and with credentials that live, and why not.
  - The role P(community.workload_credentials.cluster_credentials#role) is what this filter is for.
author:
  - community.workload_credentials contributors (@ansible-collections)
positional: _input, external, secrets, events
options:
  _input:
    description: The checked entries.
    type: list
    elements: dict
    required: true
  external:
    description: The cluster's ExternalSecrets.
    type: list
    elements: dict
    required: true
  secrets:
    description: The cluster's Secrets.
    type: list
    elements: dict
    required: true
  events:
    description: Its warnings about ExternalSecrets.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Without anything in the cluster nothing is ready
  ansible.builtin.set_fact:
    statuses: "{{ checked | community.workload_credentials.cluster_credentials_status([], [], []) }}"
  vars:
    checked: "{{ entries | community.workload_credentials.cluster_credentials_entries }}"
    entries:
      - name: app-aws
        namespace: app
        dynamic_secret: prod/aws/app
"""

RETURN = r"""
_value:
  description: Name, namespace, delivery, ready, problem, lease_id and expiration of each entry.
  type: list
  elements: dict
"""

from datetime import datetime, timezone
from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_status import statuses
from ansible_collections.community.workload_credentials.plugins.plugin_utils._filter_base import as_filter


def _now(entries: Any, external: Any, secrets: Any, events: Any) -> Any:
    """Each entry's status now."""
    return statuses(entries, external, secrets, events, datetime.now(timezone.utc))


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"cluster_credentials_status": as_filter(_now)}
