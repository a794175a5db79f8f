#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: folder_info
short_description: List folders
version_added: 1.0.0
description:
  - Lists the folders in a folder, or all folders below it, with their tags.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  folder:
    description:
      - The folder to list, such as V(prod). V(/) is the top of the site.
    type: str
    default: /
  recursive:
    description:
      - List all folders below O(folder), not only those directly in it.
    type: bool
    default: false
  deleted_only:
    description:
      - List deleted folders that can be restored, instead of existing ones.
    type: bool
    default: false
seealso:
  - module: community.workload_credentials.folder
  - module: community.workload_credentials.session_info
"""

EXAMPLES = r"""
- name: List the top folders of the site
  community.workload_credentials.folder_info:
  register: top

- name: List all folders below prod
  community.workload_credentials.folder_info:
    folder: prod
    recursive: true
  register: prod

- name: List folders that can be restored
  community.workload_credentials.folder_info:
    deleted_only: true
    recursive: true
  register: deleted

- name: Restore them
  community.workload_credentials.folder:
    path: "{{ item.path }}"
  loop: "{{ deleted.folders }}"
  loop_control:
    label: "{{ item.path }}"
"""

RETURN = r"""
folders:
  description:
    - The folders, in the service's order.
    - C(metadata.deleted_at) is set for deleted folders.
  returned: success
  type: list
  elements: dict
  sample:
    - path: prod/aws
      type: folder
      metadata:
        id: d1e2f3a4-5b6c-4d8e-9f0a-1b2c3d4e5f6a
        tags:
          team: platform
        created_at: '2026-05-10T14:00:00-06:00'
"""

from ..module_utils._resources.folder import FOLDER_INFO
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(FOLDER_INFO)


if __name__ == "__main__":
    main()
