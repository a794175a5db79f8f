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
  - community.workload_credentials.cluster.token
attributes:
  check_mode:
    details:
      - Mints nothing and returns obviously fake values. What is to be made is tried with the cluster's dry run, so
        that missing permissions show; those for the token itself are asked for by name.
      - A namespace, a role or a service account that is not there could have been made by an earlier task. There is a
        warning then, and a real run fails.
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

from ..module_utils._resources.service_account_token import SERVICE_ACCOUNT_TOKEN
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(SERVICE_ACCOUNT_TOKEN)


if __name__ == "__main__":
    main()
