# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: static_secret
short_description: Read static secrets
version_added: 1.0.0
description:
  - Reads the values of static secrets at the moment of use.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.connection
  - community.workload_credentials.connection.plugins
options:
  _terms:
    description: Paths of static secrets, such as V(prod/db/password). Several are read at the same time.
    type: list
    elements: str
    required: true
  key:
    description:
      - Return the value of this key instead of a dictionary of all values.
    type: str
  version:
    description:
      - Read this version instead of the newest.
    type: int
  default:
    description:
      - The value to return for a secret, or a key, that does not exist.
      - With C(default=omit), the module option with the lookup is omitted.
    type: raw
  on_missing:
    description:
      - What to do if a secret, or the O(key) in it, does not exist and no O(default) is set.
      - V(error) fails, V(warn) skips the term with a warning, V(skip) skips it silently.
      - In check mode, the lookup assumes that an earlier task creates what is missing. V(error) then warns, and returns
        a placeholder for the O(key), or an empty dictionary without one.
    type: str
    choices: [error, warn, skip]
    default: error
    env:
      - name: WORKLOAD_CREDENTIALS_ON_MISSING
    ini:
      - section: workload_credentials
        key: on_missing
    vars:
      - name: workload_credentials_on_missing
  on_denied:
    description:
      - What to do if the token may not read a secret, with the same choices.
    type: str
    choices: [error, warn, skip]
    default: error
    env:
      - name: WORKLOAD_CREDENTIALS_ON_DENIED
    ini:
      - section: workload_credentials
        key: on_denied
    vars:
      - name: workload_credentials_on_denied
  concurrency:
    description:
      - Maximum number of terms to read at the same time, from 1 to 64.
    type: int
    default: 8
    env:
      - name: WORKLOAD_CREDENTIALS_CONCURRENCY
    ini:
      - section: workload_credentials
        key: concurrency
    vars:
      - name: workload_credentials_concurrency
seealso:
  - module: community.workload_credentials.static_secret_info
  - module: community.workload_credentials.static_secret
notes:
  - Nothing is cached. Each evaluation reads each term again, with one request per term.
"""

EXAMPLES = r"""
- name: Use one value where it is needed
  ansible.builtin.uri:
    url: https://app.example.com/login
    url_username: app
    url_password: "{{ lookup('community.workload_credentials.static_secret', 'prod/db/app', key='password') }}"

- name: Write all values of a secret to a file
  ansible.builtin.copy:
    content: "{{ lookup('community.workload_credentials.static_secret', 'prod/db/app') | to_nice_json }}"
    dest: /etc/app/secret.json
    mode: "0600"

- name: Use a default if a secret does not exist
  ansible.builtin.set_fact:
    smtp: "{{ lookup('community.workload_credentials.static_secret', 'prod/smtp', default={}) }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description: For each term, the dictionary of the secret's values, or the value of O(key).
  type: list
  elements: raw
  sample:
    - username: app
      password: example
"""

from collections.abc import Mapping
from typing import Any

import ansible_collections.community.workload_credentials.plugins.plugin_utils._bytecode  # noqa: F401  # pylint: disable=unused-import

from ..module_utils._api.client import Client
from ..plugin_utils._lookup_base import WorkloadCredentialsLookup
from ..plugin_utils._static_secrets import OPTIONS, read_secrets


class LookupModule(WorkloadCredentialsLookup):
    """The lookup's entry point."""

    own = OPTIONS

    def read(self, client: Client, terms: list[str], variables: Mapping[str, Any]) -> list[Any]:
        """Values for the terms, in their order."""
        options = {name: self.get_option(name) for name in self.own}
        return read_secrets(client, terms, {**options, "in_check_mode": self.in_check_mode(variables)}, self.warn)
