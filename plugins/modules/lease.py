#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lease
short_description: Revoke leases
version_added: 1.0.0
description:
  - Revokes leases, so that their credentials stop working at once.
  - Credentials of AWS roles cannot be revoked; they are valid until they expire. Leases that have expired or were
    revoked already count as revoked.
  - The service may not know a lease for some seconds after it was minted. The request for an unknown ID is therefore
    repeated for two seconds, unless this run minted or revoked the lease earlier. If a lease that this run has just
    minted stays unknown, the task fails, with the lease and its expiration in the message.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  state:
    description:
      - This module only revokes leases; P(community.workload_credentials.dynamic_credentials#module) mints them.
    type: str
    choices: [absent]
    default: absent
  lease_id:
    description:
      - IDs of leases, which are UUIDs.
      - Exactly one of O(lease_id), O(path) and O(minted) is required.
    type: list
    elements: str
    aliases: [lease_ids]
  path:
    description:
      - Path of a dynamic secret; all its leases are revoked. If it does not exist, there is nothing to revoke.
    type: str
  minted:
    description:
      - V(run) revokes all leases that lookups and modules of this Ansible run have minted on this site, for all hosts.
        Later lookups of the run mint new ones. Leases minted with another token, such as before its rotation, are
        revoked if the service allows it, and otherwise listed in a warning.
      - It does not revoke leases of lookups with C(outlives_run=true), of the role
        P(community.workload_credentials.cluster_credentials#role), of C(async) tasks, and those that a module on
        another host minted with a connection that only that host knows.
      - V(dead_runs) revokes the leases on this site of runs whose process no longer exists, such as killed ones; for
        other tokens see V(run). It searches for their records on the machine where Ansible runs, and in the folder
        C(journal_dir) (see P(community.workload_credentials.dynamic_credentials#lookup)). It lists leases that cannot
        be revoked, and removes the records.
      - The callback plugin P(community.workload_credentials.leases#callback) does both in each run.
    type: str
    choices: [run, dead_runs]
  on_not_revocable:
    description:
      - What to do about leases that cannot be revoked. V(warn) lists them with their expiration in a warning, V(fail)
        fails before anything is revoked, V(ignore) shows nothing.
    type: str
    choices: [warn, fail, ignore]
    default: warn
seealso:
  - plugin: community.workload_credentials.leases
    plugin_type: callback
  - module: community.workload_credentials.lease_info
  - module: community.workload_credentials.dynamic_credentials
"""

EXAMPLES = r"""
- name: Revoke one lease
  community.workload_credentials.lease:
    lease_id: b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b

- name: Revoke the leases that earlier tasks of this play minted
  community.workload_credentials.lease:
    lease_ids: "{{ minted.results | map(attribute='lease_id') }}"
    on_not_revocable: ignore

- name: Revoke all leases of an application
  community.workload_credentials.lease:
    path: prod/azure/app

- name: Revoke the leases of this run, also if a task fails
  block:
    - name: Deploy with new credentials
      ansible.builtin.command: /usr/local/bin/deploy
      environment: "{{ lookup('community.workload_credentials.dynamic_credentials', path, format='azure_env') }}"
      vars:
        path: prod/azure/app
      changed_when: true
  always:
    - name: Revoke all that this run minted
      community.workload_credentials.lease:
        minted: run
      run_once: true

- name: Revoke the leases of killed runs
  community.workload_credentials.lease:
    minted: dead_runs
  run_once: true

- name: Fail if a lease cannot be revoked
  community.workload_credentials.lease:
    path: prod/azure/app
    on_not_revocable: fail
"""

RETURN = r"""
revoked:
  description: IDs of the revoked leases, or in check mode of those that would be revoked.
  returned: success
  type: list
  elements: str
  sample:
    - b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b
not_revocable:
  description: Leases that cannot be revoked and stay active, with their expiration and the whole seconds until then.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 1846c4e3-7c6b-4bfa-8f9e-a55a4b678d54
      expiration: '2026-05-12T21:00:00Z'
      seconds_left: 3599
"""

from ..module_utils._resources.lease import LEASE
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(LEASE)


if __name__ == "__main__":
    main()
