# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_credentials_entries
short_description: Check and complete the entries of cluster_credentials
version_added: 1.0.0
description:
  - Fails with a message that names the entry and the field when something is unknown, missing or contradictory.
  - The role P(community.workload_credentials.cluster_credentials#role) is what this filter is for.
author:
  - community.workload_credentials contributors (@ansible-collections)
positional: _input, delivery
options:
  _input:
    description: The list of entries.
    type: list
    elements: dict
    required: true
  delivery:
    description: The delivery of entries that name none.
    type: str
    default: push
"""

EXAMPLES = r"""
- name: Check entries without a cluster
  ansible.builtin.set_fact:
    checked: "{{ entries | community.workload_credentials.cluster_credentials_entries }}"
  vars:
    entries:
      - name: app-aws
        namespace: app
        dynamic_secret: prod/aws/app
"""

RETURN = r"""
_value:
  description: The entries with all their fields.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._filter_base import as_filter


def cluster_credentials_entries(entries: Any, delivery: str = "push") -> Any:
    """Every entry with all its fields."""
    return checked_entries(entries, delivery)


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"cluster_credentials_entries": as_filter(cluster_credentials_entries)}
