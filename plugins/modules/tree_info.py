#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tree_info
short_description: Read a site or a folder of it as one tree
version_added: 1.0.0
description:
  - Reads what is below a folder as M(community.workload_credentials.tree) takes it. Written to a file and given to that
    module, it changes nothing. This imports an existing site.
  - Values of static secrets are read only with O(values=true). The result is hidden then, or written as a vaulted file
    by O(dest), so that no value is ever on disk in the clear.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes.values
  - community.workload_credentials.attributes.info
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  root:
    description:
      - The folder to read, such as V(prod). Paths in the tree are relative to it. An empty text is the whole site, and
        only then the tree has integrations.
    type: str
    default: ''
  values:
    description:
      - Read the values of static secrets too.
    type: bool
    default: false
  deleted_only:
    description:
      - Read what is deleted and can be restored. Values and configurations of deleted objects cannot be read.
    type: bool
    default: false
  policies:
    description:
      - Read the access policies for O(root) and paths below it too, which needs O(admin_site_id) and a token for it.
    type: bool
    default: false
  dest:
    description:
      - Write the tree to this YAML file on the controller, which only its owner can read. A relative path is relative
        to the playbook. With O(values=true) the file
        is vaulted. The result has no values then, and is shown.
      - The task is C(changed) when the file holds another tree. In check mode it is not written.
    type: path
  vault_id:
    description:
      - ID of the vault password of this run to encrypt O(dest) with. Without it the first one is used.
    type: str
  concurrency:
    description:
      - How many requests are sent at the same time, from 1 to 64.
    type: int
    default: 8
notes:
  - Secrets of integrations cannot be read. Add them before you use the tree for another site.
  - A key of a static secret whose value is null is left out, since a null in a tree removes the key.
seealso:
  - module: community.workload_credentials.tree
"""

EXAMPLES = r"""
- name: Read what is below prod, without values
  community.workload_credentials.tree_info:
    root: prod
  register: found

- name: Write it to a file that can be reviewed
  community.workload_credentials.tree_info:
    root: prod
    dest: prod.yml

- name: Nothing changes when it is applied
  community.workload_credentials.tree:
    src: prod.yml
  register: applied
  failed_when: applied is changed

- name: What can be restored?
  community.workload_credentials.tree_info:
    root: prod
    deleted_only: true
  register: deleted
"""

RETURN = r"""
tree:
  description:
    - The root and the sections of the tree, as options of M(community.workload_credentials.tree). A section without
      objects is left out.
    - Values of static secrets are there with O(values=true) and without O(dest).
  returned: success
  type: dict
  sample:
    root: prod
    folders:
      db:
        tags:
          team: core
    static_secrets:
      db/app: {}
    dynamic_secrets:
      aws/deploy:
        type: aws
        integration_name: main
        role_arn: arn:aws:iam::123456789012:role/deploy
        ttl: 3600
dest:
  description: The file.
  returned: dest is set
  type: str
  sample: /home/me/prod.yml
"""

from ..module_utils._resources.tree import TREE_INFO
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(TREE_INFO)


if __name__ == "__main__":
    main()
