# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_credentials_unwanted
short_description: Which of the role's objects in a cluster should not be there
version_added: 1.0.0
description:
  - Compares the objects with the role's label in a cluster with those that its entries want.
  - The role P(community.workload_credentials.cluster_credentials#role) is what this filter is for.
author:
  - community.workload_credentials contributors (@ansible-collections)
positional: _input, objects, namespaces
options:
  _input:
    description: The cluster's objects.
    type: list
    elements: dict
    required: true
  objects:
    description: What the entries want.
    type: list
    elements: dict
    required: true
  namespaces:
    description: Leave out all others. Default is to look at all.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: A token of a namespace that no entry names
  ansible.builtin.set_fact:
    leaving: "{{ found | community.workload_credentials.cluster_credentials_unwanted([]) }}"
  vars:
    found:
      - apiVersion: v1
        kind: Secret
        metadata:
          name: workload-credentials-token
          namespace: app
"""

RETURN = r"""
_value:
  description: >-
    C(references) to the objects to delete, ExternalSecrets first; C(report), an item for each Secret that nobody keeps
    fresh any more.
  type: dict
"""

from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_unwanted import removed, unwanted
from ansible_collections.community.workload_credentials.plugins.plugin_utils._filter_base import as_filter


def cluster_credentials_unwanted(found: Any, objects: Any, namespaces: Any = None) -> dict[str, Any]:
    """What goes, and what the role reports of it."""
    references = unwanted(found, objects, namespaces)
    return {"references": references, "report": removed(found, references)}


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"cluster_credentials_unwanted": as_filter(cluster_credentials_unwanted)}
