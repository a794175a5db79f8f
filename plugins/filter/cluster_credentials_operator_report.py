# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_credentials_operator_report
short_description: What happened to the entries that External Secrets Operator delivers
version_added: 1.0.0
description:
  - Says for each of them whether it was created, updated or kept.
  - The role P(community.workload_credentials.cluster_credentials#role) is what this filter is for.
author:
  - community.workload_credentials contributors (@ansible-collections)
positional: _input, before, after
options:
  _input:
    description: The objects that were applied.
    type: list
    elements: dict
    required: true
  before:
    description: The cluster's ExternalSecrets before.
    type: list
    elements: dict
    required: true
  after:
    description: The cluster's ExternalSecrets afterwards.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Nothing was applied, so there is nothing to report
  ansible.builtin.set_fact:
    report: "{{ [] | community.workload_credentials.cluster_credentials_operator_report([], []) }}"
"""

RETURN = r"""
_value:
  description: An item for each entry, without any value.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_status import operator_report
from ansible_collections.community.workload_credentials.plugins.plugin_utils._filter_base import as_filter


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"cluster_credentials_operator_report": as_filter(operator_report)}
