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
  - Lists the living leases of a dynamic secret, or of all in a folder or below it, or reads one by its ID.
  - A lease that has expired or was revoked gives an empty list. A path at which there is no dynamic secret, or no
    folder, fails the task.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  path:
    description:
      - Path of the dynamic secret whose leases to list, such as V(prod/aws/app).
      - One of O(path), O(folder) and O(lease_id) is required, and no more than one.
    type: str
  folder:
    description:
      - List the leases of every dynamic secret in this folder. V(/) is the top of the site.
    type: str
  recursive:
    description:
      - With O(folder), list those of all below it too.
    type: bool
    default: false
  lease_id:
    description:
      - ID of one lease, which is a UUID. One that the service does not know is asked for again during two seconds,
        since it may have been minted a moment ago.
    type: str
seealso:
  - module: community.workload_credentials.lease
  - module: community.workload_credentials.dynamic_credentials
  - module: community.workload_credentials.dynamic_secret_info
"""

EXAMPLES = r"""
- name: Who has credentials of this application?
  community.workload_credentials.lease_info:
    path: prod/aws/app
  register: living

- name: Every lease of the site
  community.workload_credentials.lease_info:
    folder: /
    recursive: true
  register: everything

- name: Which dynamic secrets have credentials in use?
  ansible.builtin.debug:
    msg: "{{ everything.leases | map(attribute='dynamic_secret_path') | unique | sort }}"

- name: One lease
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
    - The leases found.
    - The sample is of a list. With O(lease_id) there are also C(dynamic_secret_id), C(dynamic_secret_config) and
      C(external_entity_id), the name of what was generated at the provider.
    - C(expiration) is in UTC.
    - C(seconds_left) are the whole seconds until the expiration, V(0) when it is past, by the clock of the machine
      where the task ran; none where the service names no expiration.
    - C(created_by) is there where the service knows it.
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
