# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_credentials_takeovers
short_description: Which ExternalSecrets go because their Secrets are pushed from now on
version_added: 1.0.0
description:
  - Gives the ExternalSecrets of this role whose entries have moved to push; fails where another one writes the Secret.
  - The role P(community.workload_credentials.cluster_credentials#role) is what this filter is for.
author:
  - community.workload_credentials contributors (@ansible-collections)
positional: _input, external
options:
  _input:
    description: The plan.
    type: list
    elements: dict
    required: true
  external:
    description: The ExternalSecrets of this role in the cluster.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: An empty cluster has nothing to take over
  ansible.builtin.set_fact:
    leaving: "{{ plan | community.workload_credentials.cluster_credentials_takeovers([]) }}"
  vars:
    plan: "{{ checked | community.workload_credentials.cluster_credentials_plan([]) }}"
    checked: "{{ entries | community.workload_credentials.cluster_credentials_entries }}"
    entries:
      - name: app-aws
        namespace: app
        dynamic_secret: prod/aws/app
"""

RETURN = r"""
_value:
  description: C(external), references to the ExternalSecrets, and C(secrets), patches for their Secrets.
  type: dict
"""

from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_plan import takeovers
from ansible_collections.community.workload_credentials.plugins.plugin_utils._filter_base import as_filter


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"cluster_credentials_takeovers": as_filter(takeovers)}
