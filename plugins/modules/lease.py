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
  - Ends leases early, so that their credentials stop working at once.
  - AWS role credentials cannot be revoked; they end with their expiration. What has expired or was revoked counts
    as done.
  - The service may not know a lease for some seconds after it was minted. An ID that it does not know is therefore
    asked for again during two seconds, unless this run minted or ended it earlier. A lease that this run has just
    minted, and that stays unknown, fails the task, which names it with its expiration.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  state:
    description:
      - Leases can only be ended here; P(community.workload_credentials.dynamic_credentials#module) makes them.
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
      - Path of a dynamic secret, all of whose leases to end. Where there is none, there is nothing to end.
    type: str
  minted:
    description:
      - V(run) ends every lease that lookups and modules of this run of Ansible have minted on this site, whatever hosts
        they were for. Later lookups of the run get fresh ones. Those that another token has minted, as before it was
        rotated, are ended where the service lets this one, and otherwise named in a warning.
      - Not among them are leases of lookups with C(outlives_run=true), of the role
        P(community.workload_credentials.cluster_credentials#role), of C(async) tasks, and those that a module on
        another host minted with a connection which only that host knows.
      - V(dead_runs) ends what runs have left whose process is gone, such as those that were killed, as far as they
        minted on this site; with another token as for V(run). Their notes are looked for on the machine where
        Ansible runs, and in the folder that C(journal_dir) names (see
        P(community.workload_credentials.dynamic_credentials#lookup)). Leases that cannot be revoked are named, and the
        notes removed.
      - The callback plugin P(community.workload_credentials.leases#callback) does both in every run.
    type: str
    choices: [run, dead_runs]
  on_not_revocable:
    description:
      - What to do about leases that cannot be revoked. V(warn) names them with their expiration, V(fail) fails before
        anything is revoked, V(ignore) says nothing.
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
- name: End one lease
  community.workload_credentials.lease:
    lease_id: b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b

- name: End those that earlier tasks of this play minted, in one task
  community.workload_credentials.lease:
    lease_ids: "{{ minted.results | map(attribute='lease_id') }}"
    on_not_revocable: ignore

- name: End every lease of an application
  community.workload_credentials.lease:
    path: prod/azure/app

- name: Whatever happens, no lease of this run outlives it
  block:
    - name: Deploy with credentials that were made for it
      ansible.builtin.command: /usr/local/bin/deploy
      environment: "{{ lookup('community.workload_credentials.dynamic_credentials', path, format='azure_env') }}"
      vars:
        path: prod/azure/app
      changed_when: true
  always:
    - name: End what was minted
      community.workload_credentials.lease:
        minted: run
      run_once: true

- name: End what killed runs have left
  community.workload_credentials.lease:
    minted: dead_runs
  run_once: true

- name: Insist that all can be ended
  community.workload_credentials.lease:
    path: prod/azure/app
    on_not_revocable: fail
"""

RETURN = r"""
revoked:
  description: IDs of the leases that were revoked, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample:
    - b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b
not_revocable:
  description: Leases that cannot be revoked and live on, with their expiration and the whole seconds until then.
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
