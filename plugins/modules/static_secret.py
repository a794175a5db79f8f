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
  - Creates, updates, deletes and restores static secrets, whose values are kept in versions.
  - Values are compared key by key, and only what differs is sent. The module returns no values.
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
      - Path of the secret, such as V(prod/db/app). A leading slash makes no difference.
      - Names hold letters, digits and C(- _ @ ~ * ^ %), at most 100 characters each and 500 in all.
    type: str
    required: true
  secret:
    description:
      - The values by key. They may be anything that JSON can hold.
      - Keys that are not named stay, unless O(purge_keys=true); this goes for nested dictionaries too. V(null)
        removes a key. A list is replaced as a whole.
      - There is a warning for a value that becomes empty and was not, since that is what an unset variable does.
      - When not set, existing values are left alone, and a new secret is empty.
    type: dict
  purge_keys:
    description:
      - Remove keys that O(secret) does not name, in nested dictionaries too. Without O(secret) it has no effect.
    type: bool
    default: false
  version:
    description:
      - Go back to exactly the values of this version of the secret, as a new version. Tags stay as they are.
      - Mutually exclusive with O(secret).
    type: int
seealso:
  - module: community.workload_credentials.static_secret_info
  - plugin: community.workload_credentials.static_secret
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: A secret with two values
  community.workload_credentials.static_secret:
    path: prod/db/app
    secret:
      username: app
      password: "{{ app_password }}"
    tags:
      env: prod

- name: Exactly these keys, and no other
  community.workload_credentials.static_secret:
    path: prod/db/app
    secret:
      username: app
      password: "{{ app_password }}"
    purge_keys: true

- name: Remove one key and leave the others alone
  community.workload_credentials.static_secret:
    path: prod/db/app
    secret:
      old_password: null

- name: Go back to the values of the first version
  community.workload_credentials.static_secret:
    path: prod/db/app
    version: 1

- name: Delete it; the same path can be restored later
  community.workload_credentials.static_secret:
    path: prod/db/app
    state: absent
"""

RETURN = r"""
static_secret:
  description: >-
    The secret as it is at the end, or as it would be in check mode, without its values. It has no C(metadata) where
    the token may not read that.
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
  description: Names of the keys, at the top level, that were added, changed or removed, or would be in check mode.
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
