# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_credentials_report
short_description: What cluster_credentials did, without any value
version_added: 1.0.0
description:
  - Says for each entry whether its Secret was created, renewed, updated or kept.
  - The role P(community.workload_credentials.cluster_credentials#role) is what this filter is for.
author:
  - community.workload_credentials contributors (@ansible-collections)
positional: _input, existing, applied
options:
  _input:
    description: The plan.
    type: list
    elements: dict
    required: true
  existing:
    description: The Secrets that were there before.
    type: list
    elements: dict
    required: true
  applied:
    description: The Secrets that were applied, in the plan's order.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Nothing was planned, so nothing is reported
  ansible.builtin.debug:
    msg: "{{ [] | community.workload_credentials.cluster_credentials_report([], []) }}"
"""

RETURN = r"""
_value:
  description: Name, namespace, delivery, action, reason, keys, lease and expiration of each entry.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_push import report
from ansible_collections.community.workload_credentials.plugins.plugin_utils._filter_base import as_filter


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"cluster_credentials_report": as_filter(report)}
