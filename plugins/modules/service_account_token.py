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
  - Each run mints a new lease with its own token, and reports a change.
  - The token belongs to an existing service account (V(static)), or to one that is created and removed with the lease
    (V(dynamic)), with the permissions of a role or of a list of rules.
  - The lease can be revoked. Its token is bound to a Secret without data, the record of the lease; once this is
    removed, the API server rejects the token.
  - In templates, use the lookup P(community.workload_credentials.service_account_token#lookup), which reuses leases.
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
      - Mints nothing and returns obviously fake values. Objects are created with the cluster's dry run, which shows
        missing permissions; the permissions for the token itself are checked by name.
      - If a namespace, role or service account does not exist, but an earlier task may create it, check mode warns. A
        real run fails.
  diff_mode:
    support: N/A
    details:
      - There is nothing to compare. Each run mints a new lease.
options:
  name:
    description:
      - Name of the lease, such as V(ci). It is part of the lease's ID; use it to list and revoke leases.
    type: str
    required: true
  namespace:
    description:
      - Namespace of the service account and of the lease's record.
    type: str
    required: true
  format:
    description:
      - V(kubeconfig) also returns a complete kubeconfig for this API server and token.
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
- name: Mint a token of an existing service account
  community.workload_credentials.service_account_token:
    name: deployer
    namespace: apps
    ttl: 15m
  register: minted

- name: Mint a token of a temporary service account that may only read
  community.workload_credentials.service_account_token:
    name: report
    namespace: apps
    credential_type: dynamic
    role:
      name: view
    namespaces: [apps, shop]
    format: kubeconfig
  register: minted

- name: Mint a token with exact permissions
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
  description: When the token expires, as reported by the API server.
  returned: success
  type: str
  sample: '2026-05-10T15:00:00Z'
seconds_left:
  description: Whole seconds until then.
  returned: success
  type: int
  sample: 3599
lease_id:
  description: ID of the lease, which is the namespace and name of its record.
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
  description: Audiences of the token.
  returned: success
  type: list
  elements: str
  sample:
    - https://kubernetes.default.svc
server:
  description: Address of the API server that the task used.
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
