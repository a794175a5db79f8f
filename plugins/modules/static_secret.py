#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: static_secret
short_description: Manage static secrets
version_added: 1.0.0
description:
  - Creates, updates, deletes and restores static secrets. The service keeps versions of their values.
  - Compares values key by key, and sends only what differs. Returns no values.
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
      - Path of the secret, such as V(prod/db/app). A leading slash is ignored.
      - Names may contain letters, digits and C(- _ @ ~ * ^ %), with at most 100 characters each and 500 in total.
    type: str
    required: true
  secret:
    description:
      - The values by key, of any type that JSON supports.
      - Other keys stay, unless O(purge_keys=true), in nested dictionaries too. V(null) removes a key. A list is
        replaced as a whole.
      - The task warns if a value becomes empty, as with an unset variable.
      - When not set, existing values stay as they are, and a new secret is empty.
    type: dict
  purge_keys:
    description:
      - Remove keys that are not in O(secret), in nested dictionaries too. It has no effect without O(secret).
    type: bool
    default: false
  version:
    description:
      - Restore exactly the values of this version of the secret, as a new version. Tags stay as they are.
      - Mutually exclusive with O(secret).
    type: int
seealso:
  - module: community.workload_credentials.static_secret_info
  - plugin: community.workload_credentials.static_secret
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Store a secret with two values
  community.workload_credentials.static_secret:
    path: prod/db/app
    secret:
      username: app
      password: "{{ app_password }}"
    tags:
      env: prod

- name: Store exactly these keys and remove others
  community.workload_credentials.static_secret:
    path: prod/db/app
    secret:
      username: app
      password: "{{ app_password }}"
    purge_keys: true

- name: Remove one key and keep the others
  community.workload_credentials.static_secret:
    path: prod/db/app
    secret:
      old_password: null

- name: Restore the values of the first version
  community.workload_credentials.static_secret:
    path: prod/db/app
    version: 1

- name: Delete the secret; it can be restored later
  community.workload_credentials.static_secret:
    path: prod/db/app
    state: absent
"""

RETURN = r"""
static_secret:
  description: >-
    The secret after the task, or as predicted in check mode, without its values. It has no C(metadata) if the token may
    not read it.
  returned: state is present
  type: dict
  sample:
    path: prod/db/app
    type: static
    metadata:
      id: b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b
      tags:
        env: prod
      version: 3
      created_at: '2026-05-12T14:00:00-06:00'
changed_keys:
  description: Names of the top-level keys that were added, changed or removed, or in check mode would be.
  returned: state is present
  type: list
  elements: str
  sample:
    - password
"""

from ..module_utils._resources.static_secret import STATIC_SECRET
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(STATIC_SECRET)


if __name__ == "__main__":
    main()
