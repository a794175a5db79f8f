# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_credentials_service
short_description: What External Secrets Operator must know of the Secrets API
version_added: 1.0.0
description:
  - Gives the connection that an operator in a cluster needs, and looks whether the definitions that it will use exist.
  - The role P(community.workload_credentials.cluster_credentials#role) is what this lookup is for. Its result holds the
    token, so it belongs into tasks with C(no_log=true).
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.connection
  - community.workload_credentials.connection.plugins
options:
  _terms:
    description: Paths of dynamic secrets.
    type: list
    elements: str
    required: true
  static:
    description:
      - Paths of static secrets, which have to exist too.
    type: list
    elements: str
    default: []
  token:
    description:
      - The operator's own token, instead of that of this connection.
    type: str
  ca:
    description:
      - The certificate authority for the operator, a file or PEM text, instead of O(ca_cert).
    type: str
  concurrency:
    description:
      - How many definitions are read at the same time at most, from 1 to 64.
    type: int
    default: 8
    env:
      - name: WORKLOAD_CREDENTIALS_CONCURRENCY
    ini:
      - section: workload_credentials
        key: concurrency
    vars:
      - name: workload_credentials_concurrency
"""

EXAMPLES = r"""
- name: How long do the credentials of this definition live?
  ansible.builtin.set_fact:
    ttl: "{{ service.definitions['prod/aws/app'].ttl }}"
  vars:
    service: "{{ lookup('community.workload_credentials.cluster_credentials_service', 'prod/aws/app') }}"
"""

RETURN = r"""
_raw:
  description: One dictionary with api_url, site_id, api_version, access_token, ca_cert and definitions.
  type: list
  elements: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_service import service
from ansible_collections.community.workload_credentials.plugins.plugin_utils._lookup_base import (
    CONCURRENCY,
    WorkloadCredentialsLookup,
)

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "static": {"type": "list", "default": []},
    "token": {"type": "str", "no_log": True},
    "ca": {"type": "str"},
    "concurrency": CONCURRENCY,
}


class LookupModule(WorkloadCredentialsLookup):
    """The lookup's entry point."""

    own = OPTIONS

    def read(self, client: Client, terms: list[Any], variables: Mapping[str, Any]) -> list[Any]:
        """One dictionary for all terms."""
        names = ("static", "token", "ca", "concurrency")
        return [service(client, terms, {name: self.get_option(name) for name in names})]
