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
  - Within a run a host gets the same credentials each time, until they are about to expire, so that every use of a
    variable that holds this lookup gives values of one and the same lease.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.connection
  - community.workload_credentials.connection.plugins
options:
  _terms:
    description: Folder paths of dynamic secrets, such as V(prod/aws/app). Several are generated at the same time.
    type: list
    elements: str
    required: true
  key:
    description:
      - Return one field instead of a dictionary. The field is one of the O(format)'s.
    type: str
  format:
    description:
      - V(raw) has the API's own keys, the same that External Secrets Operator writes.
      - V(aws_env) and V(azure_env) are the environment variables that the providers' tools read.
      - V(aws_credentials) is the text of an AWS credentials file with the profile C(default).
    type: str
    choices: [raw, aws_env, azure_env, aws_credentials]
    default: raw
    env:
      - name: WORKLOAD_CREDENTIALS_FORMAT
    ini:
      - section: workload_credentials
        key: format
    vars:
      - name: workload_credentials_format
  reuse:
    description:
      - V(host) mints one lease for each dynamic secret, identity and inventory host in a run.
      - V(run) shares it between the hosts of a run.
      - V(never) mints at each evaluation. A lazy variable then gives another lease each time it is used.
    type: str
    choices: [host, run, never]
    default: host
    env:
      - name: WORKLOAD_CREDENTIALS_REUSE
    ini:
      - section: workload_credentials
        key: reuse
    vars:
      - name: workload_credentials_reuse
  outlives_run:
    description:
      - Leave the lease alone when M(community.workload_credentials.lease) ends those of the run, because its
        credentials are kept where they are used longer. Needs O(reuse=never).
    type: bool
    default: false
  min_ttl:
    description:
      - Mint anew when a stored lease has less than this left, in seconds. Leases whose whole life is shorter than
        twice this are kept for half of it.
    type: int
    default: 300
    env:
      - name: WORKLOAD_CREDENTIALS_MIN_TTL
    ini:
      - section: workload_credentials
        key: min_ttl
    vars:
      - name: workload_credentials_min_ttl
  check_mode:
    description:
      - What to do in check mode. V(placeholder) gives the right keys with obviously fake values and mints nothing;
        V(generate) mints all the same; V(error) fails.
      - The task's own C(check_mode) counts, with what it inherits from its block, role and play. In a run with
        C(--check) a task with C(check_mode=false) gets real credentials, and in any other run a task with
        C(check_mode=true) gets none. Outside of tasks, such as in the name of a play, C(--check) counts.
      - V(placeholder) reads the definition. Where there is none yet, an earlier task is taken to have made it. Then
        there is a warning, and V(raw) has the keys of every provider.
    type: str
    choices: [placeholder, generate, error]
    default: placeholder
    env:
      - name: WORKLOAD_CREDENTIALS_CHECK_MODE
    ini:
      - section: workload_credentials
        key: check_mode
    vars:
      - name: workload_credentials_check_mode
  concurrency:
    description:
      - How many terms are generated at the same time at most, from 1 to 64.
    type: int
    default: 8
    env:
      - name: WORKLOAD_CREDENTIALS_CONCURRENCY
    ini:
      - section: workload_credentials
        key: concurrency
    vars:
      - name: workload_credentials_concurrency
  journal_dir:
    description:
      - Folder in which each run keeps the notes of its leases in a folder of its own, sealed with a key made from the
        access token. Set it where the run's temporary folder does not outlive the machine, as in containers, to one
        that does, so that a later run finds what a killed one left.
      - Without it the notes lie in the run's temporary folder, which Ansible removes when the run ends by itself.
      - Modules, the role and the callback plugin P(community.workload_credentials.leases#callback) take it from the
        same environment variable, ini entry and variable; the callback plugin knows no variables.
    type: path
    env:
      - name: WORKLOAD_CREDENTIALS_JOURNAL_DIR
    ini:
      - section: workload_credentials
        key: journal_dir
    vars:
      - name: workload_credentials_journal_dir
seealso:
  - module: community.workload_credentials.lease
  - plugin: community.workload_credentials.leases
    plugin_type: callback
  - module: community.workload_credentials.dynamic_credentials
  - module: community.workload_credentials.dynamic_secret
notes:
  - The credentials of a run are kept in its own temporary folder, readable by its user only, encrypted with a key made
    from the access token. They go with the run.
"""

EXAMPLES = r"""
- name: Run a command with credentials that live as long as they must
  ansible.builtin.command: aws s3 ls
  environment: "{{ lookup('community.workload_credentials.dynamic_credentials', 'prod/aws/app', format='aws_env') }}"
  changed_when: false

- name: Use a variable in several places; both halves are of one lease
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
  description: For each term the credentials in the chosen format, or the field O(key) of them.
  type: list
  elements: raw
  sample:
    - accessKeyId: ASIAIOSFODNN7EXAMPLE
      secretAccessKey: example
      sessionToken: example
      leaseId: b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b
      expiration: '2026-05-10T15:00:00-06:00'
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.dynamic_secret import (
    DynamicSecret,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.formats import DYNAMIC_SECRETS
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import origin_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._lookup_base import (
    WorkloadCredentialsLookup,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.generate import (
    generate_on_read,
    options_for,
)


class LookupModule(WorkloadCredentialsLookup):
    """The lookup's entry point."""

    own = options_for(DYNAMIC_SECRETS, "WORKLOAD_CREDENTIALS_FORMAT")

    def read(self, client: Client, terms: list[str], variables: Mapping[str, Any]) -> list[Any]:
        """Credentials for the terms, in their order."""
        sources = [DynamicSecret(client, parse_path(term, "_terms")) for term in terms]
        options = {name: self.get_option(name) for name in self.own}
        if not self.in_check_mode(variables):
            options["check_mode"] = "generate"
        return generate_on_read(sources, origin_of(client.settings), DYNAMIC_SECRETS, options, variables, self.warn)
