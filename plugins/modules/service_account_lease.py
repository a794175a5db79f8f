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
  - Ends leases before they expire. What was made for a lease is removed (its service account, roles and bindings, in
    whatever namespace), and last its record.
  - The API server refuses the token from then on. It may keep a positive answer for about 10 seconds.
  - Also removes what expired leases have left behind.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.cluster
  - community.workload_credentials.cluster.modules
options:
  state:
    description:
      - V(absent) revokes the leases that are named. Those that have ended already are done.
      - V(pruned) removes what has expired, and what was made for leases whose records somebody else has removed.
    type: str
    choices: [absent, pruned]
    default: absent
  lease_id:
    description:
      - Revoke the leases of these IDs.
    type: list
    elements: str
    aliases: [lease_ids]
  name:
    description:
      - Revoke all leases that are for this, in O(namespace) or in the whole cluster.
    type: str
  namespace:
    description:
      - Where to look for leases, with O(name) or O(state=pruned). Without it, in the whole cluster.
      - With O(lease_id), which names its namespace, it must be the same.
    type: str
  minted:
    description:
      - With V(run), revoke every lease that this run has minted at this cluster with this identity, by the lookup
        P(community.workload_credentials.service_account_token#lookup), and by the module where it ran on the
        controller. What it has minted on other hosts is revoked by O(lease_id) or O(name). Leases of another identity
        of this run are ended where the cluster lets this one, and otherwise named in a warning.
      - V(dead_runs) does the same for runs whose process is gone, such as those that were killed. Their notes are
        looked for on the machine where Ansible runs, and in the folder that C(journal_dir) names (see
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

- name: Revoke all that a purpose has
  community.workload_credentials.service_account_lease:
    name: ci
    namespace: apps

- name: Remove what has expired
  community.workload_credentials.service_account_lease:
    state: pruned

- name: Revoke what this run has minted
  community.workload_credentials.service_account_lease:
    minted: run

- name: Revoke what killed runs have left at this cluster
  community.workload_credentials.service_account_lease:
    minted: dead_runs
"""

RETURN = r"""
revoked:
  description: IDs of the leases that were revoked, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample:
    - apps/ci-x7k2m9qp4d
left_behind:
  description: What was removed of leases that have no record any more.
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
