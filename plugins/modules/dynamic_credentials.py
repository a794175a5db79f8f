#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dynamic_credentials
short_description: Generate credentials from a dynamic secret
version_added: 1.0.0
description:
  - Mints a lease and returns its credentials. Each run of the task mints a new lease and reports a change.
  - To use credentials in one task, the lookup of the same name is simpler, and reuses the lease within a run.
  - A request to generate is never repeated blindly. If its answer is lost, the task fails, says that a lease may exist,
    and lists the newest leases.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.values
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
attributes:
  check_mode:
    details:
      - No lease is minted. The result has the right keys with obviously fake values. If the dynamic secret does not
        exist, check mode warns, assumes that an earlier task creates it, and returns the keys of all providers.
  diff_mode:
    support: none
    details:
      - There is nothing to compare. Each run mints a new lease.
options:
  path:
    description:
      - Path of the dynamic secret, such as V(prod/aws/app).
    type: str
    required: true
notes:
  - Generating requires the permission C(GenerateDynamicCredential). The role Owner of the dynamic secret may not
    include it, so grant it explicitly. The authentication guide lists the permissions that each task requires.
seealso:
  - plugin: community.workload_credentials.dynamic_credentials
    plugin_type: lookup
  - module: community.workload_credentials.dynamic_secret
  - module: community.workload_credentials.lease
  - module: community.workload_credentials.lease_info
"""

EXAMPLES = r"""
- name: Use credentials in several tasks and revoke them afterwards
  block:
    - name: Mint credentials
      community.workload_credentials.dynamic_credentials:
        path: prod/azure/app
      register: minted

    - name: Use them
      ansible.builtin.command: /usr/local/bin/deploy
      environment:
        AZURE_CLIENT_ID: "{{ minted.credentials.client_id }}"
        AZURE_CLIENT_SECRET: "{{ minted.credentials.client_secret }}"
        AZURE_TENANT_ID: "{{ minted.credentials.tenant_id }}"
      changed_when: true
  always:
    - name: Revoke the lease
      community.workload_credentials.lease:
        lease_id: "{{ minted.lease_id }}"
      when: minted.lease_id is defined

- name: Mint a lease for each application
  community.workload_credentials.dynamic_credentials:
    path: "prod/aws/{{ item }}"
  loop:
    - web
    - batch
  register: leases

- name: Mint from another site
  community.workload_credentials.dynamic_credentials:
    path: prod/aws/app
    site_id: b1b2c3d4-e5f6-4890-abcd-ef1234567890
    access_token_file: /run/secrets/other-site-token
  register: other
"""

RETURN = r"""
credentials:
  description:
    - The credentials, with the provider's own keys.
    - For AWS they are those of the sample. For Azure they are C(client_id), C(client_secret), C(tenant_id), C(key_id),
      C(leaseId) and C(expiration).
  returned: success
  type: dict
  sample:
    accessKeyId: ASIAIOSFODNN7EXAMPLE
    secretAccessKey: example
    sessionToken: example
    leaseId: b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b
    expiration: '2026-05-10T21:00:00Z'
lease_id:
  description:
    - ID of the lease, the same as C(leaseId) in the credentials.
    - Null if the service returns none. A warning then says that this lease cannot be revoked.
  returned: success
  type: str
  sample: b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b
expiration:
  description:
    - When the credentials expire, in UTC, such as V(2026-05-10T21:00:00Z).
    - None where neither the service nor the definition gives an expiration.
  returned: success
  type: str
  sample: '2026-05-10T21:00:00Z'
seconds_left:
  description:
    - Whole seconds until the credentials expire, by the clock of the host where the task ran. V(0) if they have
      expired.
    - Null if the service returns no expiration.
  returned: success
  type: int
  sample: 3599
"""

from ..module_utils._resources.dynamic_credentials import DYNAMIC_CREDENTIALS
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(DYNAMIC_CREDENTIALS)


if __name__ == "__main__":
    main()
