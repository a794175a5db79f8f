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
  - Reads the records of leases that M(community.workload_credentials.service_account_token) has made, which are
    Secrets without data. Only their metadata is read, and no token is in it.
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
      - List the leases of this namespace. Without it, those of the whole cluster.
      - With O(lease_id), which names its namespace, it must be the same.
    type: str
  name:
    description:
      - List the leases that are for this.
    type: str
  lease_id:
    description:
      - Look at one lease. There is an empty list if it has ended.
    type: str
  expired:
    description:
      - With V(true), list only those that have expired; with V(false), only those that have not.
    type: bool
seealso:
  - module: community.workload_credentials.service_account_lease
  - module: community.workload_credentials.service_account_token
"""

EXAMPLES = r"""
- name: Who has tokens in this namespace
  community.workload_credentials.service_account_lease_info:
    namespace: apps
  register: living

- name: Look for one purpose in the whole cluster
  community.workload_credentials.service_account_lease_info:
    name: ci
    expired: false
  register: living

- name: See whether a lease is still there
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
      description: Its ID, which is the namespace and the name of its record.
      type: str
      returned: always
      sample: apps/ci-x7k2m9qp4d
    lease_id:
      description: The same.
      type: str
      returned: always
      sample: apps/ci-x7k2m9qp4d
    name:
      description: What it is for.
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
      description: For whom the token is meant.
      type: list
      elements: str
      returned: always
      sample:
        - https://kubernetes.default.svc
    created:
      description: When it was minted.
      type: str
      returned: always
      sample: '2026-05-10T14:00:00Z'
    expiration:
      description: When the token expires by itself.
      type: str
      returned: always
      sample: '2026-05-10T15:00:00Z'
    requested_by:
      description: Who minted it, as the API server saw it; V(null) where it does not tell.
      type: str
      returned: always
      sample: system:serviceaccount:apps:ansible
    role:
      description: The role of a dynamic one, as C(kind) and C(name) or as C(rules).
      type: dict
      returned: always
      sample:
        kind: ClusterRole
        name: view
    namespaces:
      description: Where a dynamic one may do what its role says.
      type: list
      elements: str
      returned: always
      sample:
        - apps
    cluster_wide:
      description: Whether that is the whole cluster; V(null) for a static one.
      type: bool
      returned: always
      sample: false
    expired:
      description: Whether it has expired.
      type: bool
      returned: always
      sample: false
    seconds_left:
      description: Whole seconds until it expires, 0 if it has.
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
