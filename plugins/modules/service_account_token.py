#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_account_token
short_description: Mint a short-lived token of a Kubernetes service account
version_added: 1.0.0
description:
  - Each run mints one lease, which is a token of its own, so the task is always changed.
  - The token is of a service account that exists (V(static)), or of one that is made for it and goes with it
    (V(dynamic)), which may do what a role or a list of rules says.
  - The lease can be revoked. Its token is bound to a Secret without data, the record of the lease; once that is
    removed, the API server refuses the token.
  - In templates the lookup P(community.workload_credentials.service_account_token#lookup) does the same and reuses
    leases.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.values
  - community.workload_credentials.cluster
  - community.workload_credentials.cluster.modules
attributes:
  check_mode:
    details:
      - Mints nothing and returns obviously fake values. What is to be made is tried with the cluster's dry run, so
        that missing permissions show.
      - A namespace or a role that is not there could have been made by an earlier task. There is a warning then, and
        a real run fails.
  diff_mode:
    support: N/A
    details:
      - There is nothing to compare; each run mints one lease more.
options:
  name:
    description:
      - What the lease is for, such as V(ci). It is part of the lease's ID, and leases are found by it.
    type: str
    required: true
  namespace:
    description:
      - Where the service account and the record of the lease are.
    type: str
    required: true
  credential_type:
    description:
      - V(static) is for a service account that exists, V(dynamic) makes one for this lease alone.
    type: str
    choices: [static, dynamic]
    default: static
  service_account:
    description:
      - Name of the service account with O(credential_type=static). Without it, O(name) is meant.
    type: str
  role:
    description:
      - The role of a V(dynamic) service account. Either this or O(rules) is needed.
    type: dict
    suboptions:
      kind:
        description:
          - A C(Role) must exist in each of the O(namespaces).
        type: str
        choices: [ClusterRole, Role]
        default: ClusterRole
      name:
        description:
          - The role's name.
        type: str
        required: true
  rules:
    description:
      - What a V(dynamic) service account may do, as the rules of a role. A role with them is made in each of the
        O(namespaces), and goes with the lease.
    type: list
    elements: dict
    suboptions:
      api_groups:
        description:
          - API groups of the resources; an empty text is the core group.
        type: list
        elements: str
        aliases: [apiGroups]
      resources:
        description:
          - Resources, such as V(configmaps).
        type: list
        elements: str
      resource_names:
        description:
          - Only the resources of these names.
        type: list
        elements: str
        aliases: [resourceNames]
      non_resource_urls:
        description:
          - Paths that are no resources, such as V(/metrics). They need O(cluster_wide=true).
        type: list
        elements: str
        aliases: [nonResourceURLs]
      verbs:
        description:
          - What may be done, such as V(get).
        type: list
        elements: str
        required: true
  namespaces:
    description:
      - Namespaces in which a V(dynamic) service account may do what its role says. Without it, only O(namespace).
    type: list
    elements: str
  cluster_wide:
    description:
      - Let a V(dynamic) service account do what its role says in the whole cluster.
    type: bool
    default: false
  name_template:
    description:
      - Name of a V(dynamic) service account. It may hold C({name}), C({namespace}) and C({random}). Without it,
        C({name}-{random}) is meant.
    type: str
  ttl:
    description:
      - For how long the token is wanted, in seconds or as V(15m), V(1h) and V(1h30m).
      - The API server has limits of its own. It refuses less than 600 seconds, and may give less than is asked for,
        of which there is a warning then. The expiration that is returned is the real one.
    type: str
    default: 1h
  max_ttl:
    description:
      - A O(ttl) over this is refused before anything is made.
    type: str
  audiences:
    description:
      - For whom the token is meant. Without it, it is for the API server.
    type: list
    elements: str
  labels:
    description:
      - Labels for everything that is made for the lease.
    type: dict
  annotations:
    description:
      - Annotations for everything that is made for the lease.
    type: dict
  format:
    description:
      - With V(kubeconfig) there is also a complete file for this API server and token.
    type: str
    choices: [raw, kubeconfig]
    default: raw
seealso:
  - module: community.workload_credentials.service_account_lease
  - module: community.workload_credentials.service_account_lease_info
  - plugin: community.workload_credentials.service_account_token
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Get a token of a service account that exists
  community.workload_credentials.service_account_token:
    name: deployer
    namespace: apps
    ttl: 15m
  register: minted

- name: Let a program use a service account that is made for it and may only read
  community.workload_credentials.service_account_token:
    name: report
    namespace: apps
    credential_type: dynamic
    role:
      name: view
    namespaces: [apps, shop]
    format: kubeconfig
  register: minted

- name: Say exactly what may be done
  community.workload_credentials.service_account_token:
    name: ci
    namespace: apps
    credential_type: dynamic
    rules:
      - api_groups: [apps]
        resources: [deployments]
        resource_names: [web]
        verbs: [get, patch]
    ttl: 30m
    max_ttl: 1h
    labels:
      team: web
  register: minted
"""

RETURN = r"""
token:
  description: The token, a JWT; an obviously fake one in check mode.
  returned: success
  type: str
  sample: eyJhbGciOiJSUzI1NiIsImtpZCI6ImV4YW1wbGUifQ.e30.example
expiration:
  description: When the token expires by itself, as the API server says.
  returned: success
  type: str
  sample: '2026-05-10T15:00:00Z'
seconds_left:
  description: Whole seconds until then.
  returned: success
  type: int
  sample: 3599
lease_id:
  description: ID of the lease, which is the namespace and the name of its record.
  returned: success
  type: str
  sample: apps/ci-x7k2m9qp4d
service_account:
  description: Name of the service account.
  returned: success
  type: str
  sample: ci-x7k2m9qp4d
namespace:
  description: Namespace of the service account.
  returned: success
  type: str
  sample: apps
audiences:
  description: For whom the token is meant.
  returned: success
  type: list
  elements: str
  sample:
    - https://kubernetes.default.svc
server:
  description: Address of the API server, as this task reached it.
  returned: success
  type: str
  sample: https://cluster.example.com:6443
kubeconfig:
  description: A complete kubeconfig, as text.
  returned: with O(format=kubeconfig)
  type: str
  sample: |
    apiVersion: v1
    kind: Config
"""

from ansible_collections.community.workload_credentials.plugins.module_utils._resources.service_account_token import (
    SERVICE_ACCOUNT_TOKEN,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(SERVICE_ACCOUNT_TOKEN)


if __name__ == "__main__":
    main()
