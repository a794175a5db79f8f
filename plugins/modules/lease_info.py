#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lease_info
short_description: Read leases
version_added: 1.0.0
description:
  - Lists the active leases of a dynamic secret, or of all dynamic secrets in a folder, or reads one lease by its ID.
  - Returns an empty list for a lease that has expired or was revoked. The task fails if the dynamic secret or the
    folder does not exist.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  path:
    description:
      - Path of the dynamic secret to list the leases of, such as V(prod/aws/app).
      - Exactly one of O(path), O(folder) and O(lease_id) is required.
    type: str
  folder:
    description:
      - List the leases of all dynamic secrets in this folder. V(/) is the top folder of the site.
    type: str
  recursive:
    description:
      - With O(folder), list the leases of everything below it too.
    type: bool
    default: false
  lease_id:
    description:
      - ID of a lease, which is a UUID. The request for an unknown ID is repeated for two seconds, since the lease may
        just have been minted.
    type: str
seealso:
  - module: community.workload_credentials.lease
  - module: community.workload_credentials.dynamic_credentials
  - module: community.workload_credentials.dynamic_secret_info
"""

EXAMPLES = r"""
- name: List the active leases of an application
  community.workload_credentials.lease_info:
    path: prod/aws/app
  register: living

- name: List all leases of the site
  community.workload_credentials.lease_info:
    folder: /
    recursive: true
  register: everything

- name: Show the dynamic secrets with active leases
  ansible.builtin.debug:
    msg: "{{ everything.leases | map(attribute='dynamic_secret_path') | unique | sort }}"

- name: Read one lease
  community.workload_credentials.lease_info:
    lease_id: b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b
  register: one

- name: Wait until AWS credentials, which cannot be revoked, have expired
  community.workload_credentials.lease_info:
    path: prod/aws/app
  register: living
  until: living.leases | length == 0
  retries: 60
  delay: 60
"""

RETURN = r"""
leases:
  description:
    - The leases.
    - The sample shows an item of a list. With O(lease_id), there are also C(dynamic_secret_id),
      C(dynamic_secret_config) and C(external_entity_id), the provider's name for the generated credentials.
    - C(expiration) is in UTC.
    - C(seconds_left) is the number of whole seconds until the expiration, by the clock of the host where the task ran.
      It is V(0) if the lease has expired, and null if the service returns no expiration.
    - C(created_by) is set if the service reports it.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 1846c4e3-7c6b-4bfa-8f9e-a55a4b678d54
      dynamic_secret_path: prod/aws/app
      dynamic_secret_type: aws
      expiration: '2026-05-12T21:00:00Z'
      seconds_left: 3599
      created_at: '2026-05-12T14:00:00-06:00'
      created_by: 3b940186-58ea-4d20-9133-3da572256d2b
"""

from ..module_utils._resources.lease import LEASE_INFO
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(LEASE_INFO)


if __name__ == "__main__":
    main()
