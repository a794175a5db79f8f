#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dynamic_secret_info
short_description: Read dynamic secrets
version_added: 1.0.0
description:
  - Reads one definition with its configuration, or lists those in a folder.
  - Returns an empty list if there is no dynamic secret at the path. There may be a static secret, which
    M(community.workload_credentials.static_secret_info) reads. Generates no credentials.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  path:
    description:
      - Path of one dynamic secret, such as V(prod/aws/app).
      - Exactly one of O(path) and O(folder) is required.
    type: str
  folder:
    description:
      - List the dynamic secrets in this folder. V(/) is the top of the site.
    type: str
  recursive:
    description:
      - With O(folder), list everything below it too.
    type: bool
    default: false
  deleted_only:
    description:
      - With O(folder), list deleted dynamic secrets that can be restored.
    type: bool
    default: false
seealso:
  - module: community.workload_credentials.dynamic_secret
  - module: community.workload_credentials.lease_info
  - module: community.workload_credentials.integration_info
"""

EXAMPLES = r"""
- name: Read one dynamic secret
  community.workload_credentials.dynamic_secret_info:
    path: prod/aws/app
  register: app

- name: List all dynamic secrets of the site
  community.workload_credentials.dynamic_secret_info:
    folder: /
    recursive: true
  register: everything

- name: List those that can be restored
  community.workload_credentials.dynamic_secret_info:
    folder: prod/aws
    deleted_only: true
  register: deleted
"""

RETURN = r"""
dynamic_secrets:
  description:
    - The dynamic secrets.
    - With O(path), an item has C(config), as in the sample. With O(folder), each has C(path), C(type) (V(dynamic-aws)
      or V(dynamic-azure)) and C(metadata), with C(deleted_at) if it is deleted.
  returned: success
  type: list
  elements: dict
  sample:
    - path: prod/aws/app
      config:
        type: aws
        credential_type: assumed_role
        ttl: 3600
        integration_id: 87f59af6-894d-43ea-8821-a8dde45eb4fa
        role_arn: arn:aws:iam::123456789012:role/app
      metadata:
        id: fae8bacd-281c-43df-a91a-a49a2a48a07c
        tags: {}
        version: 1
        created_at: '2026-05-12T14:00:00-06:00'
"""

from ..module_utils._resources.dynamic_secret import DYNAMIC_SECRET_INFO
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(DYNAMIC_SECRET_INFO)


if __name__ == "__main__":
    main()
