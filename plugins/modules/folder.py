#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: folder
short_description: Manage folders of secrets
version_added: 1.0.0
description:
  - Creates, tags, deletes and restores folders of the Secrets API.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
  - community.workload_credentials.lifecycle
  - community.workload_credentials.tags
options:
  path:
    description:
      - Path of the folder, such as V(prod/aws). A leading slash is ignored.
      - Names may contain letters, digits and C(- _ @ ~ * ^ %), with at most 100 characters each and 500 in total.
    type: str
    required: true
  parents:
    description:
      - Create missing folders above this one too.
    type: bool
    default: true
  recursive:
    description:
      - With O(state=absent), delete the folder with everything in it. Otherwise, a folder that is not empty fails the
        task.
    type: bool
    default: false
seealso:
  - module: community.workload_credentials.folder_info
"""

EXAMPLES = r"""
- name: Create a folder and missing parents
  community.workload_credentials.folder:
    path: prod/aws
    tags:
      team: platform

- name: Create several folders
  community.workload_credentials.folder:
    path: "{{ item }}"
  loop:
    - prod/azure
    - prod/db

- name: Delete a folder with all its contents; state=present restores it
  community.workload_credentials.folder:
    path: prod/db
    state: absent
    recursive: true
"""

RETURN = r"""
folder:
  description: >-
    The folder after the task, or as predicted in check mode. It has no C(metadata) if the token may not read it.
  returned: state is present
  type: dict
  sample:
    path: prod/aws
    type: folder
    metadata:
      id: d1e2f3a4-5b6c-4d8e-9f0a-1b2c3d4e5f6a
      tags:
        team: platform
      created_at: '2026-05-10T14:00:00-06:00'
"""

from ..module_utils._resources.folder import FOLDER
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(FOLDER)


if __name__ == "__main__":
    main()
