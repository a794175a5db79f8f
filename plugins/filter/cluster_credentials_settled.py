# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_credentials_settled
short_description: The plan of cluster_credentials, now that the operator has delivered its part
version_added: 1.0.0
description:
  - Leaves out Secrets that were pushed and that the operator has not taken over yet, and gives each of the others a
    patch that takes the role's marks off.
  - The role P(community.workload_credentials.cluster_credentials#role) is what this filter is for.
author:
  - community.workload_credentials contributors (@ansible-collections)
positional: _input, delivered
options:
  _input:
    description: The plan.
    type: list
    elements: dict
    required: true
  delivered:
    description: What the filter P(community.workload_credentials.cluster_credentials_status#filter) says of them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Nothing was planned, so nothing is left
  ansible.builtin.set_fact:
    plan: "{{ [] | community.workload_credentials.cluster_credentials_settled([]) }}"
"""

RETURN = r"""
_value:
  description: The plan.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_plan import letting_go
from ansible_collections.community.workload_credentials.plugins.plugin_utils._filter_base import as_filter


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"cluster_credentials_settled": as_filter(letting_go)}
