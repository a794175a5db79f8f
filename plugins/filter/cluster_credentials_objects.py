# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_credentials_objects
short_description: What External Secrets Operator is given for entries of cluster_credentials
version_added: 1.0.0
description:
  - Makes the list of objects that the role renders with its templates, in the order in which they are applied.
  - The role P(community.workload_credentials.cluster_credentials#role) is what this filter is for.
author:
  - community.workload_credentials contributors (@ansible-collections)
positional: _input, service, cluster, namespace
options:
  _input:
    description: The checked entries with the delivery V(external_secret).
    type: list
    elements: dict
    required: true
  service:
    description: What the lookup P(community.workload_credentials.cluster_credentials_service#lookup) returned.
    type: dict
    required: true
  cluster:
    description: Make one generator or store for the whole cluster instead of one in each namespace.
    type: bool
    default: false
  namespace:
    description: Where the Secrets of a ClusterSecretStore lie.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: The objects of an entry
  ansible.builtin.set_fact:
    objects: "{{ checked | community.workload_credentials.cluster_credentials_objects(service) }}"
  vars:
    checked: "{{ entries | community.workload_credentials.cluster_credentials_entries('external_secret') }}"
    service:
      api_url: https://api.beyondtrust.io
      site_id: a1b2c3d4-e5f6-4890-abcd-ef1234567890
      api_version: "2026-04-28"
      ca_cert: null
      definitions:
        prod/aws/app: {provider: aws, ttl: 3600}
    entries:
      - name: app-aws
        namespace: app
        dynamic_secret: prod/aws/app
"""

RETURN = r"""
_value:
  description: An object for each template.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_operator import (
    Scope,
    operator_objects,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._filter_base import as_filter


def cluster_credentials_objects(entries: Any, service: Any, cluster: bool = False, namespace: str = "") -> Any:
    """An object for each template."""
    return operator_objects(entries, service, Scope(cluster, namespace))


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function."""
        return {"cluster_credentials_objects": as_filter(cluster_credentials_objects)}
