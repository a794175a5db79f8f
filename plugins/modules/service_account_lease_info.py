#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_account_lease_info
short_description: List the leases of Kubernetes service accounts' tokens
version_added: 1.0.0
description:
  - Reads the records of leases that M(community.workload_credentials.service_account_token) has created, which are
    Secrets without data. It reads only their metadata, which contains no token.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.info
  - community.workload_credentials.cluster
  - community.workload_credentials.cluster.modules
attributes:
  check_mode:
    details:
      - This action does not modify state.
options:
  namespace:
    description:
      - List the leases in this namespace. Default is the whole cluster.
      - With O(lease_id), it must be the namespace in the ID.
    type: str
  name:
    description:
      - List the leases with this name.
    type: str
  lease_id:
    description:
      - Read one lease. The list is empty if it has ended.
    type: str
  expired:
    description:
      - V(true) lists only expired leases, V(false) only those that have not expired.
    type: bool
seealso:
  - module: community.workload_credentials.service_account_lease
  - module: community.workload_credentials.service_account_token
"""

EXAMPLES = r"""
- name: List the leases in a namespace
  community.workload_credentials.service_account_lease_info:
    namespace: apps
  register: living

- name: List active leases with a name in the whole cluster
  community.workload_credentials.service_account_lease_info:
    name: ci
    expired: false
  register: living

- name: Check whether a lease is active
  community.workload_credentials.service_account_lease_info:
    lease_id: apps/ci-x7k2m9qp4d
  register: found
"""

RETURN = r"""
leases:
  description: The leases, the oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: ID of the lease, which is the namespace and name of its record.
      type: str
      returned: always
      sample: apps/ci-x7k2m9qp4d
    lease_id:
      description: Same as RV(leases[].id).
      type: str
      returned: always
      sample: apps/ci-x7k2m9qp4d
    name:
      description: Name of the lease.
      type: str
      returned: always
      sample: ci
    namespace:
      description: Namespace of the service account.
      type: str
      returned: always
      sample: apps
    credential_type:
      description: V(static) or V(dynamic).
      type: str
      returned: always
      sample: dynamic
    service_account:
      description: Name of the service account.
      type: str
      returned: always
      sample: ci-x7k2m9qp4d
    audiences:
      description: Audiences of the token.
      type: list
      elements: str
      returned: always
      sample:
        - https://kubernetes.default.svc
    created:
      description: When the token was minted.
      type: str
      returned: always
      sample: '2026-05-10T14:00:00Z'
    expiration:
      description: When the token expires.
      type: str
      returned: always
      sample: '2026-05-10T15:00:00Z'
    requested_by:
      description: The identity that minted the token, as reported by the API server; null if it does not report one.
      type: str
      returned: always
      sample: system:serviceaccount:apps:ansible
    role:
      description: The role of a dynamic service account, as C(kind) and C(name) or as C(rules).
      type: dict
      returned: always
      sample:
        kind: ClusterRole
        name: view
    namespaces:
      description: Namespaces in which a dynamic service account has its role.
      type: list
      elements: str
      returned: always
      sample:
        - apps
    cluster_wide:
      description: Whether a dynamic service account has its role in the whole cluster; null for a static one.
      type: bool
      returned: always
      sample: false
    expired:
      description: Whether the lease has expired.
      type: bool
      returned: always
      sample: false
    seconds_left:
      description: Whole seconds until the lease expires, or 0 if it has expired.
      type: int
      returned: always
      sample: 3599
"""

from ..module_utils._resources import service_account_lease as resource
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(resource.SERVICE_ACCOUNT_LEASE_INFO)


if __name__ == "__main__":
    main()
