# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: service_account_token
short_description: Tokens of Kubernetes service accounts on read
version_added: 1.0.0
description:
  - Mints short-lived tokens of service accounts at the moment of use, of accounts that exist (V(static)) or that are
    made for it (V(dynamic)).
  - Within a run a host gets the same token each time, until it is about to expire, so that every use of a variable
    that holds this lookup gives values of one and the same lease.
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
      - For each token the namespace of the service account and what the lease is for, such as V(apps/deployer).
        Several are minted at the same time.
    type: list
    elements: str
    required: true
  key:
    description:
      - Return one field of O(format=raw) instead of a dictionary.
      - V(seconds_left) gives the whole seconds until the expiration by this machine's clock, V(0) when that is past.
    type: str
  format:
    description:
      - V(raw) is a dictionary, V(token) the token alone, V(kubeconfig) the text of a complete file for the API server
        and the token.
    type: str
    choices: [raw, token, kubeconfig]
    default: raw
notes:
  - In check mode O(check_mode=placeholder) tries what is made for a O(credential_type=dynamic) one with the cluster's
    dry run, so that missing permissions show.
  - The tokens of a run are kept in its own temporary folder, in files that only its user can read, and go with the
    run. They are encrypted with a key made from the token with which the cluster is reached, or from the content of
    the client certificate's key. Where there is neither that stays the same, as with an exec plugin, it is a random
    key, which lies in the same folder in a file of mode 0600. Then the permissions of the folder alone protect the
    tokens.
seealso:
  - module: community.workload_credentials.service_account_token
  - module: community.workload_credentials.service_account_lease
  - plugin: community.workload_credentials.leases
    plugin_type: callback
"""

EXAMPLES = r"""
- name: Run a command with a token that lives as long as it must
  ansible.builtin.command: /usr/local/bin/deploy
  environment:
    TOKEN: "{{ lookup('community.workload_credentials.service_account_token', 'apps/deployer', format='token') }}"
  changed_when: false

- name: Look at the cluster as somebody who may only look
  kubernetes.core.k8s_info:
    host: "{{ viewer.server }}"
    api_key: "{{ viewer.token }}"
    ca_cert: /etc/kubernetes/ca.crt
    kind: Pod
    namespace: apps
  # At -vvv that module shows its options.
  no_log: true
  # In check mode there is no token with which the cluster could be asked.
  when: not ansible_check_mode
  vars:
    viewer: >-
      {{ lookup('community.workload_credentials.service_account_token', 'apps/viewer', credential_type='dynamic',
                role={'name': 'view'}, ttl='15m') }}

- name: Give a CI system a kubeconfig that outlives this run
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
  description: For each term the token in the chosen format, or the field O(key) of it.
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
