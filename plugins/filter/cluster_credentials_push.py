# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_credentials_push
short_description: What a push of the role cluster_credentials does
version_added: 1.0.0
description:
  - Makes the Kubernetes Secrets to apply, and says what that changes. The Secrets hold values, so use it with
    C(no_log=true).
  - The role P(community.workload_credentials.cluster_credentials#role) is what this filter is for.
author:
  - community.workload_credentials contributors (@ansible-collections)
positional: _input, plan, existing, minted, read
options:
  _input:
    description: The checked entries.
    type: list
    elements: dict
    required: true
  plan:
    description: The plan for them.
    type: list
    elements: dict
    required: true
  existing:
    description: The Secrets of the entries' namespaces.
    type: list
    elements: dict
    required: true
  minted:
    description: Credentials for the entries whose action is mint, in their order.
    type: list
    elements: dict
    required: true
  read:
    description: Values for the entries whose action is read, in their order.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Make a manifest by hand
  ansible.builtin.set_fact:
    pushed: "{{ checked | community.workload_credentials.cluster_credentials_push(plan, [], [], values) }}"
  vars:
    values:
      - a: b
    plan: "{{ checked | community.workload_credentials.cluster_credentials_plan([]) }}"
    checked: "{{ entries | community.workload_credentials.cluster_credentials_entries }}"
    entries:
      - name: app
        namespace: app
        static_secret: prod/app
  no_log: true
"""

RETURN = r"""
_value:
  description: >-
    C(manifests), a Secret for each entry; C(patches), which remove what a server-side apply leaves of other writers;
    C(report) and C(diff), which hold no value.
  type: dict
"""

from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_push import push
from ansible_collections.community.workload_credentials.plugins.plugin_utils._filter_base import as_filter


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"cluster_credentials_push": as_filter(push)}
