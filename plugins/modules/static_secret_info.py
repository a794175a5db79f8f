#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: static_secret_info
short_description: Read static secrets
version_added: 1.0.0
description:
  - Reads one static secret, or all in a folder, with values, versions and metadata.
  - Returns an empty list if there is no static secret at the path. There may be a dynamic secret, which
    M(community.workload_credentials.dynamic_secret_info) reads.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.values
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  path:
    description:
      - Path of one secret, such as V(prod/db/app).
      - Exactly one of O(path) and O(folder) is required.
    type: str
  folder:
    description:
      - Read the secrets in this folder. V(/) is the top of the site.
    type: str
  recursive:
    description:
      - With O(folder), read all secrets below it too.
    type: bool
    default: false
  deleted_only:
    description:
      - With O(folder), list deleted secrets that can be restored. Their values cannot be read.
    type: bool
    default: false
  versions:
    description:
      - Add the list of each secret's versions.
    type: bool
    default: false
  version:
    description:
      - With O(path), read this version instead of the newest. Returns an empty list if the version does not exist.
    type: int
  values:
    description:
      - Read values too. With V(false), the task reads only metadata, and its result is not hidden.
    type: bool
    default: true
seealso:
  - module: community.workload_credentials.static_secret
  - plugin: community.workload_credentials.static_secret
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Read one secret
  community.workload_credentials.static_secret_info:
    path: prod/db/app
  register: app

- name: Use a value
  ansible.builtin.uri:
    url: https://app.example.com/login
    url_username: app
    url_password: "{{ app.static_secrets[0].secret.password }}"

- name: List secrets without values
  community.workload_credentials.static_secret_info:
    folder: prod
    recursive: true
    values: false
  register: inventory

- name: List the versions of a secret
  community.workload_credentials.static_secret_info:
    path: prod/db/app
    versions: true
    values: false
  register: history
"""

RETURN = r"""
static_secrets:
  description:
    - The secrets, in the service's order.
    - C(secret) is set with O(values=true), C(versions) with O(versions=true), and C(metadata.deleted_at) for deleted
      secrets.
  returned: success
  type: list
  elements: dict
  sample:
    - path: prod/db/app
      type: static
      secret:
        username: app
        password: example
      metadata:
        id: b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b
        tags:
          env: prod
        version: 3
        created_at: '2026-05-12T14:00:00-06:00'
      versions:
        - version: 3
          created_at: '2026-05-14T14:00:00-06:00'
"""

from ..module_utils._resources.static_secret import STATIC_SECRET_INFO
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(STATIC_SECRET_INFO)


if __name__ == "__main__":
    main()
