# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a Kubernetes cluster is reached, and what modules that work with one support, said once."""

from __future__ import annotations


class ModuleDocFragment:
    """DOCUMENTATION is kubernetes.core's options, which a test compares; TOKEN what a token is asked for."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig, or its content as a dictionary. Several paths are separated as in E(KUBECONFIG).
      - Taken from the environment variable E(K8S_AUTH_KUBECONFIG) when not set. Where nothing else says how the
        cluster is reached, the account of the pod that this runs in counts (in-cluster), and then C(~/.kube/config).
    type: raw
  context:
    description:
      - Name of a context of the kubeconfig.
      - Taken from the environment variable E(K8S_AUTH_CONTEXT) when not set.
    type: str
  host:
    description:
      - Address of the API server.
      - Taken from the environment variable E(K8S_AUTH_HOST) when not set.
    type: str
  api_key:
    description:
      - Token with which to authenticate. It is hidden from all output.
      - Taken from the environment variable E(K8S_AUTH_API_KEY) when not set.
    type: str
  username:
    description:
      - User name, for clusters that know HTTP Basic authentication.
      - Taken from the environment variable E(K8S_AUTH_USERNAME) when not set.
    type: str
  password:
    description:
      - Password for O(username). It is hidden from all output.
      - Taken from the environment variable E(K8S_AUTH_PASSWORD) when not set.
    type: str
  client_cert:
    description:
      - Path of a client certificate.
      - Taken from the environment variable E(K8S_AUTH_CERT_FILE) when not set.
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - Path of the client certificate's key.
      - Taken from the environment variable E(K8S_AUTH_KEY_FILE) when not set.
    type: path
    aliases: [key_file]
  ca_cert:
    description:
      - Path of the certificate authorities that vouch for the API server.
      - Taken from the environment variable E(K8S_AUTH_SSL_CA_CERT) when not set.
    type: path
    aliases: [ssl_ca_cert]
  validate_certs:
    description:
      - Whether the API server's certificate must be trusted. Turn it off for tests only.
      - Taken from the environment variable E(K8S_AUTH_VERIFY_SSL) when not set.
    type: bool
    aliases: [verify_ssl]
  proxy:
    description:
      - Address of an HTTP proxy through which the cluster is reached.
      - Taken from the environment variable E(K8S_AUTH_PROXY) when not set; not from E(HTTPS_PROXY).
    type: str
  no_proxy:
    description:
      - Names and networks, separated by commas, that are reached without the proxy.
      - Taken from the environment variable E(K8S_AUTH_NO_PROXY) when not set.
    type: str
  proxy_headers:
    description:
      - What the proxy wants to be told.
    type: dict
    suboptions:
      proxy_basic_auth:
        description:
          - User and password for the proxy, with a colon between them.
        type: str
      basic_auth:
        description:
          - User and password for what is behind it, with a colon between them.
        type: str
      user_agent:
        description:
          - How the client names itself.
        type: str
  persist_config:
    description:
      - Whether to keep renewed tokens in the kubeconfig.
      - Taken from the environment variable E(K8S_AUTH_PERSIST_CONFIG) when not set.
    type: bool
  impersonate_user:
    description:
      - User in whose name to work, where the identity may do so.
      - Taken from the environment variable E(K8S_AUTH_IMPERSONATE_USER) when not set.
    type: str
  impersonate_groups:
    description:
      - Groups in whose name to work.
      - Taken from the environment variable E(K8S_AUTH_IMPERSONATE_GROUPS) when not set.
    type: list
    elements: str
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
  - The collection kubernetes.core, 6.6.0 or later, whose code makes the connection.
notes:
  - The connection is the one that the modules of the collection kubernetes.core have with the same options and
    environment variables.
"""

    MODULES = r"""
options: {}
attributes:
  action_group:
    description:
      - Use C(group/community.workload_credentials.service_accounts) in C(module_defaults) to set the connection to
        the cluster once.
    support: full
    membership:
      - community.workload_credentials.service_accounts
  check_mode:
    description: Can run in C(check_mode) and predict the result without changing anything.
    support: full
  diff_mode:
    description: Shows what changes, or would change, in diff mode.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: full
notes:
  - On the controller (connection local, without C(become), C(async) or another Python interpreter) the task runs
    inside Ansible's worker process, in a few milliseconds; otherwise as a usual module process on the target, which
    may be a jump host (C(delegate_to)). Paths such as O(kubeconfig) are those of the host where it runs. Both give
    the same results.
"""

    TOKEN = r"""
options:
  credential_type:
    description:
      - V(static) is for a service account that exists, V(dynamic) makes one for this lease alone.
    type: str
    choices: [static, dynamic]
    default: static
  service_account:
    description:
      - Name of the service account with O(credential_type=static). Without it, that of the lease is meant.
    type: str
  role:
    description:
      - The role of a V(dynamic) service account. Either this or O(rules) is needed.
    type: dict
    suboptions:
      kind:
        description:
          - A C(Role) must exist in each of the O(namespaces).
        type: str
        choices: [ClusterRole, Role]
        default: ClusterRole
      name:
        description:
          - The role's name.
        type: str
        required: true
  rules:
    description:
      - What a V(dynamic) service account may do, as the rules of a role. A role with them is made in each of the
        O(namespaces), and goes with the lease.
    type: list
    elements: dict
    suboptions:
      api_groups:
        description:
          - API groups of the resources; an empty text is the core group.
        type: list
        elements: str
        aliases: [apiGroups]
      resources:
        description:
          - Resources, such as V(configmaps).
        type: list
        elements: str
      resource_names:
        description:
          - Only the resources of these names.
        type: list
        elements: str
        aliases: [resourceNames]
      non_resource_urls:
        description:
          - Paths that are no resources, such as V(/metrics). They need O(cluster_wide=true).
        type: list
        elements: str
        aliases: [nonResourceURLs]
      verbs:
        description:
          - What may be done, such as V(get).
        type: list
        elements: str
        required: true
  namespaces:
    description:
      - Namespaces in which a V(dynamic) service account may do what its role says. Without it, only its own one.
    type: list
    elements: str
  cluster_wide:
    description:
      - Let a V(dynamic) service account do what its role says in the whole cluster.
    type: bool
    default: false
  name_template:
    description:
      - Name of a V(dynamic) service account. It may hold C({name}), C({namespace}) and C({random}). Without it,
        C({name}-{random}) is meant.
    type: str
  ttl:
    description:
      - For how long the token is wanted, in seconds or as V(15m), V(1h) and V(1h30m).
      - Less than 600 seconds is refused before anything is made, since no API server gives it. The API server may give
        less than is asked for, of which there is a warning then. The expiration that is returned is the real one.
    type: str
    default: 1h
  max_ttl:
    description:
      - A O(ttl) over this is refused before anything is made.
    type: str
  audiences:
    description:
      - For whom the token is meant. Without it, it is for the API server.
    type: list
    elements: str
  labels:
    description:
      - Labels for everything that is made for the lease.
    type: dict
  annotations:
    description:
      - Annotations for everything that is made for the lease.
    type: dict
"""
