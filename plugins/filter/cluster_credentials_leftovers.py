# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_credentials_leftovers
short_description: Patches that remove what others have added to Secrets of cluster_credentials
version_added: 1.0.0
description:
  - A server-side apply leaves the keys that another writer owns. This gives a patch for each Secret that has some.
  - The role P(community.workload_credentials.cluster_credentials#role) is what this filter is for.
author:
  - community.workload_credentials contributors (@ansible-collections)
positional: _input, existing
options:
  _input:
    description: The Secrets that were applied.
    type: list
    elements: dict
    required: true
  existing:
    description: The Secrets of the cluster before.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: A new Secret has no leftovers
  ansible.builtin.set_fact:
    patches: "{{ [secret] | community.workload_credentials.cluster_credentials_leftovers([]) }}"
  vars:
    secret:
      metadata:
        name: app-aws
        namespace: app
      data: {}
"""

RETURN = r"""
_value:
  description: Patches, to be merged.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_push import leftovers
from ansible_collections.community.workload_credentials.plugins.plugin_utils._filter_base import as_filter


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"cluster_credentials_leftovers": as_filter(leftovers)}
