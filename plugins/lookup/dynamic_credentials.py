# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dynamic_credentials
short_description: Generate credentials on read
version_added: 1.0.0
description:
  - Mints short-lived credentials from dynamic secrets at the moment of use.
  - Within a run, a host gets the same credentials until they are about to expire, so all uses of a variable with this
    lookup get values of the same lease.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.connection
  - community.workload_credentials.connection.plugins
  - community.workload_credentials.generate
  - community.workload_credentials.generate.leases
options:
  _terms:
    description: Paths of dynamic secrets, such as V(prod/aws/app). Several are processed at the same time.
    type: list
    elements: str
    required: true
  key:
    description:
      - Return one field of the chosen O(format) instead of a dictionary.
      - V(seconds_left), with O(format=raw), is the number of whole seconds until the expiration, by the clock of this
        machine. It is V(0) if the credentials have expired, and null if the expiration is not known.
    type: str
  format:
    description:
      - V(raw) has the API's own keys, which are also those that External Secrets Operator writes.
        Its C(expiration) is in UTC, such as V(2026-05-10T21:00:00Z).
      - V(aws_env) and V(azure_env) are the environment variables for the providers' tools.
      - V(azcollection_env) are the environment variables for the modules of C(azure.azcollection), V(arm_env) those for
        Terraform's provider C(azurerm). Both also need a subscription, which the service does not know; set
        E(AZURE_SUBSCRIPTION_ID) or E(ARM_SUBSCRIPTION_ID) too.
      - V(aws_credentials) is the text of an AWS credentials file with the profile C(default).
    type: str
    choices: [raw, aws_env, azure_env, azcollection_env, arm_env, aws_credentials]
    default: raw
    env:
      - name: WORKLOAD_CREDENTIALS_FORMAT
    ini:
      - section: workload_credentials
        key: format
    vars:
      - name: workload_credentials_format
seealso:
  - module: community.workload_credentials.lease
  - plugin: community.workload_credentials.leases
    plugin_type: callback
  - module: community.workload_credentials.dynamic_credentials
  - module: community.workload_credentials.dynamic_secret
notes:
  - Generating requires the permission C(GenerateDynamicCredential). The role Owner of the dynamic secret may not
    include it, so grant it explicitly. The authentication guide lists the permissions that each task requires.
  - In check mode, O(check_mode=placeholder) reads the dynamic secret. If it does not exist, the lookup warns, assumes
    that an earlier task creates it, and O(format=raw) has the keys of all providers.
  - The credentials of a run are stored in its own temporary folder, readable by its user only, encrypted with a key
    derived from the access token. They are removed at the end of the run.
"""

EXAMPLES = r"""
- name: Run a command with short-lived credentials
  ansible.builtin.command: aws s3 ls
  environment: "{{ lookup('community.workload_credentials.dynamic_credentials', 'prod/aws/app', format='aws_env') }}"
  changed_when: false

- name: Use a variable in several places; all values are of the same lease
  ansible.builtin.command: /usr/local/bin/report
  vars:
    creds: "{{ lookup('community.workload_credentials.dynamic_credentials', 'prod/aws/app') }}"
  environment:
    KEY_ID: "{{ creds.accessKeyId }}"
    SECRET: "{{ creds.secretAccessKey }}"
  changed_when: false

- name: Write an AWS profile
  ansible.builtin.copy:
    content: "{{ lookup('community.workload_credentials.dynamic_credentials', path, format='aws_credentials') }}"
    dest: ~/.aws/credentials
    mode: "0600"
  vars:
    path: prod/aws/app
"""

RETURN = r"""
_raw:
  description: The credentials of each term in the chosen format, or their field O(key).
  type: list
  elements: raw
  sample:
    - accessKeyId: ASIAIOSFODNN7EXAMPLE
      secretAccessKey: example
      sessionToken: example
      leaseId: b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b
      expiration: '2026-05-10T21:00:00Z'
"""

from collections.abc import Mapping
from typing import Any

import ansible_collections.community.workload_credentials.plugins.plugin_utils._bytecode  # noqa: F401  # pylint: disable=unused-import

from ..module_utils._api.client import Client
from ..module_utils._api.paths import parse_path
from ..module_utils._credentials.dynamic_secret import DynamicSecret
from ..module_utils._credentials.formats import DYNAMIC_SECRETS
from ..module_utils._credentials.source import origin_of
from ..plugin_utils._leases.generate import generate_on_read, options_for
from ..plugin_utils._lookup_base import WorkloadCredentialsLookup


class LookupModule(WorkloadCredentialsLookup):
    """The lookup's entry point."""

    own = options_for(DYNAMIC_SECRETS, "WORKLOAD_CREDENTIALS_FORMAT")

    def read(self, client: Client, terms: list[str], variables: Mapping[str, Any]) -> list[Any]:
        """Credentials for the terms, in their order."""
        sources = [DynamicSecret(client, parse_path(term, "_terms")) for term in terms]
        origin, options = origin_of(client.settings), self.generating(variables)
        return generate_on_read(sources, origin, DYNAMIC_SECRETS, options, variables, self.warn)
