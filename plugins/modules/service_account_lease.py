#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_account_lease
short_description: Revoke leases of Kubernetes service accounts' tokens
version_added: 1.0.0
description:
  - Revokes leases before they expire. Removes the objects created for a lease (its service account, roles and bindings,
    in any namespace), and its record last.
  - The API server then rejects the token. It may cache a positive result for about 10 seconds.
  - Also removes what is left of expired leases.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.cluster
  - community.workload_credentials.cluster.modules
options:
  state:
    description:
      - V(absent) revokes the given leases. Leases that have already ended count as revoked.
      - V(pruned) removes expired leases, and objects of leases whose records someone else has removed.
    type: str
    choices: [absent, pruned]
    default: absent
  lease_id:
    description:
      - Revoke the leases with these IDs.
    type: list
    elements: str
    aliases: [lease_ids]
  name:
    description:
      - Revoke all leases with this name, in O(namespace) or in the whole cluster.
    type: str
  namespace:
    description:
      - Limit O(name) or O(state=pruned) to this namespace. Default is the whole cluster.
      - With O(lease_id), it must be the namespace in the ID.
    type: str
  minted:
    description:
      - V(run) revokes all leases that this run has minted in this cluster with this identity, with the lookup
        P(community.workload_credentials.service_account_token#lookup), or with the module on the controller. To revoke
        leases that it has minted on other hosts, use O(lease_id) or O(name). Leases that this run minted with another
        identity are revoked if the cluster allows it, and otherwise listed in a warning.
      - V(dead_runs) does the same for runs whose process no longer exists, such as killed ones. It searches for their
        records on the machine where Ansible runs, and in the folder C(journal_dir) (see
        P(community.workload_credentials.service_account_token#lookup)).
    type: str
    choices: [run, dead_runs]
seealso:
  - module: community.workload_credentials.service_account_lease_info
  - module: community.workload_credentials.service_account_token
"""

EXAMPLES = r"""
- name: Revoke one lease
  community.workload_credentials.service_account_lease:
    lease_id: apps/ci-x7k2m9qp4d

- name: Revoke all leases with a name
  community.workload_credentials.service_account_lease:
    name: ci
    namespace: apps

- name: Remove expired leases
  community.workload_credentials.service_account_lease:
    state: pruned

- name: Revoke the leases of this run
  community.workload_credentials.service_account_lease:
    minted: run

- name: Revoke the leases of killed runs in this cluster
  community.workload_credentials.service_account_lease:
    minted: dead_runs
"""

RETURN = r"""
revoked:
  description: IDs of the revoked leases, or in check mode of those that would be revoked.
  returned: success
  type: list
  elements: str
  sample:
    - apps/ci-x7k2m9qp4d
left_behind:
  description: Removed objects of leases that no longer have a record.
  returned: success
  type: list
  elements: str
  sample:
    - RoleBinding shop/ci-x7k2m9qp4d
"""

from ..module_utils._resources.service_account_lease import SERVICE_ACCOUNT_LEASE
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(SERVICE_ACCOUNT_LEASE)


if __name__ == "__main__":
    main()
