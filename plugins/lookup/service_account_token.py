# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: service_account_token
short_description: Tokens of Kubernetes service accounts on read
version_added: 1.0.0
description:
  - Mints short-lived tokens of service accounts at the moment of use, for existing accounts (V(static)) or temporary
    ones (V(dynamic)).
  - Within a run, a host gets the same token until it is about to expire, so all uses of a variable with this lookup get
    values of the same lease.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.cluster
  - community.workload_credentials.cluster.token
  - community.workload_credentials.generate
  - community.workload_credentials.generate.leases
options:
  _terms:
    description:
      - For each token the namespace of the service account and the name of the lease, such as V(apps/deployer). Several
        are processed at the same time.
    type: list
    elements: str
    required: true
  key:
    description:
      - Return one field of O(format=raw) instead of a dictionary.
      - V(seconds_left) is the number of whole seconds until the expiration, by the clock of this machine. It is V(0) if
        the token has expired.
    type: str
  format:
    description:
      - V(raw) is a dictionary, V(token) the token alone, V(kubeconfig) the text of a complete kubeconfig for the API
        server and the token.
    type: str
    choices: [raw, token, kubeconfig]
    default: raw
notes:
  - In check mode, O(check_mode=placeholder) creates the objects for O(credential_type=dynamic) with the cluster's dry
    run, which shows missing permissions.
  - The tokens of a run are stored in its own temporary folder, readable by its user only, and removed at the end of the
    run. They are encrypted with a key derived from the token or the client certificate's key of the connection to the
    cluster. If neither is constant, as with an exec plugin, the key is random and stored in the same folder with mode
    0600. Then only the permissions of the folder protect the tokens.
seealso:
  - module: community.workload_credentials.service_account_token
  - module: community.workload_credentials.service_account_lease
  - plugin: community.workload_credentials.leases
    plugin_type: callback
"""

EXAMPLES = r"""
- name: Run a command with a short-lived token
  ansible.builtin.command: /usr/local/bin/deploy
  environment:
    TOKEN: "{{ lookup('community.workload_credentials.service_account_token', 'apps/deployer', format='token') }}"
  changed_when: false

- name: Read from the cluster with read-only permissions
  kubernetes.core.k8s_info:
    host: "{{ viewer.server }}"
    api_key: "{{ viewer.token }}"
    ca_cert: /etc/kubernetes/ca.crt
    kind: Pod
    namespace: apps
  # At -vvv that module shows its options.
  no_log: true# In check mode there is no token to authenticate with.
  # In check mode there is no token with which the cluster could be asked.
  when: not ansible_check_mode
  vars:
    viewer: >-
      {{ lookup('community.workload_credentials.service_account_token', 'apps/viewer', credential_type='dynamic',
                role={'name': 'view'}, ttl='15m') }}

- name: Write a kubeconfig for a CI system, which is valid after this run
  ansible.builtin.copy:
    content: >-
      {{ lookup('community.workload_credentials.service_account_token', 'apps/deployer', format='kubeconfig', ttl='8h',
                reuse='never', outlives_run=true) }}
    dest: /etc/app/kubeconfig
    mode: "0600"
  diff: false
"""

RETURN = r"""
_raw:
  description: The token of each term in the chosen format, or its field O(key).
  type: list
  elements: raw
  sample:
    - token: eyJhbGciOiJSUzI1NiIsImtpZCI6ImV4YW1wbGUifQ.e30.example
      expiration: '2026-05-10T15:00:00Z'
      lease_id: apps/deployer-x7k2m9qp4d
      service_account: deployer
      namespace: apps
      audiences:
        - https://kubernetes.default.svc
      server: https://cluster.example.com:6443
"""

from collections.abc import Mapping
from typing import Any

import ansible_collections.community.workload_credentials.plugins.plugin_utils._bytecode  # noqa: F401  # pylint: disable=unused-import

from ..plugin_utils._leases.account_tokens import OPTIONS, tokens_on_read
from ..plugin_utils._lookup_base import CollectionLookup


class LookupModule(CollectionLookup):
    """The lookup's entry point."""

    own = OPTIONS

    def answer(self, terms: list[str], variables: Mapping[str, Any]) -> list[Any]:
        """Tokens for the terms, in their order."""
        return tokens_on_read(terms, self.generating(variables), variables, self.warn)
