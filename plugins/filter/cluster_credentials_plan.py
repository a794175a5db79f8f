# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_credentials_plan
short_description: Which entries of cluster_credentials are due
version_added: 1.0.0
description:
  - Says for each Secret whether it is kept, read, minted, let go or removed, and why.
  - The role P(community.workload_credentials.cluster_credentials#role) is what this filter is for.
author:
  - community.workload_credentials contributors (@ansible-collections)
positional: _input, existing, prune, missing, absent
options:
  _input:
    description: The checked entries.
    type: list
    elements: dict
    required: true
  existing:
    description: The Secrets of the entries' namespaces, or of the cluster.
    type: list
    elements: dict
    required: true
  prune:
    description: Plan the removal of pushed Secrets that no entry names.
    type: bool
    default: false
  missing:
    description: Namespaces that are needed and not to be created; the filter fails naming them.
    type: list
    elements: str
    default: []
  absent:
    description: Kinds that are needed and that the cluster does not serve; the filter fails naming them.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Plan without a single Secret in place
  ansible.builtin.set_fact:
    plan: "{{ checked | community.workload_credentials.cluster_credentials_plan([]) }}"
  vars:
    checked: "{{ entries | community.workload_credentials.cluster_credentials_entries }}"
    entries:
      - name: app-aws
        namespace: app
        dynamic_secret: prod/aws/app
"""

RETURN = r"""
_value:
  description: The plan, an item for each entry, without anything secret.
  type: list
  elements: dict
"""

from datetime import datetime, timezone
from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_plan import planned
from ansible_collections.community.workload_credentials.plugins.plugin_utils._filter_base import as_filter


def cluster_credentials_plan(
    entries: Any, existing: Any, prune: bool = False, missing: Any = (), absent: Any = ()
) -> Any:
    """For each Secret what is to be done now."""
    return planned(entries, existing, datetime.now(timezone.utc), prune, missing, absent)


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"cluster_credentials_plan": as_filter(cluster_credentials_plan)}
