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
      - Taken from the environment variable E(K8S_AUTH_KUBECONFIG) when not set. Without any other connection option,
        the service account of the pod is used (in-cluster), or else C(~/.kube/config).
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
      - Bearer token for authentication. It is hidden from all output.
      - Taken from the environment variable E(K8S_AUTH_API_KEY) when not set.
    type: str
  username:
    description:
      - User name, for clusters with HTTP basic authentication.
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
      - Path of a file with the certificate authorities that signed the API server's certificate.
      - Taken from the environment variable E(K8S_AUTH_SSL_CA_CERT) when not set.
    type: path
    aliases: [ssl_ca_cert]
  validate_certs:
    description:
      - Whether to verify the API server's certificate. Disable this for tests only.
      - Taken from the environment variable E(K8S_AUTH_VERIFY_SSL) when not set.
    type: bool
    aliases: [verify_ssl]
  proxy:
    description:
      - Address of the HTTP proxy to the cluster.
      - Taken from the environment variable E(K8S_AUTH_PROXY) when not set; not from E(HTTPS_PROXY).
    type: str
  no_proxy:
    description:
      - Host names and networks, separated by commas, to connect to without the proxy.
      - Taken from the environment variable E(K8S_AUTH_NO_PROXY) when not set.
    type: str
  proxy_headers:
    description:
      - Headers for the proxy.
    type: dict
    suboptions:
      proxy_basic_auth:
        description:
          - User and password for the proxy, separated by a colon.
        type: str
      basic_auth:
        description:
          - User and password for the server behind the proxy, separated by a colon.
        type: str
      user_agent:
        description:
          - The user agent to send.
        type: str
  persist_config:
    description:
      - Whether to store refreshed tokens in the kubeconfig.
      - Taken from the environment variable E(K8S_AUTH_PERSIST_CONFIG) when not set.
    type: bool
  impersonate_user:
    description:
      - User to impersonate. The identity needs permission to impersonate.
      - Taken from the environment variable E(K8S_AUTH_IMPERSONATE_USER) when not set.
    type: str
  impersonate_groups:
    description:
      - Groups to impersonate.
      - Taken from the environment variable E(K8S_AUTH_IMPERSONATE_GROUPS) when not set.
    type: list
    elements: str
requirements:
  - python >= 3.9
  - kubernetes >= 24.2.0
  - The collection kubernetes.core, 6.6.0 or later, whose code this plugin uses to connect.
notes:
  - Connects as the modules of the collection kubernetes.core do with the same options and environment variables.
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
  - On the controller (connection local, without C(become), C(async) or another Python interpreter) the task runs inside
    Ansible's worker process, in a few milliseconds. Otherwise it runs as a module process on the target, such as a jump
    host (C(delegate_to)). Paths such as O(kubeconfig) are paths on the host where the task runs. Both give the same
    results.
"""

    TOKEN = r"""
options:
  credential_type:
    description:
      - V(static) uses an existing service account. V(dynamic) creates one for this lease only.
    type: str
    choices: [static, dynamic]
    default: static
  service_account:
    description:
      - Name of the service account, with O(credential_type=static). Default is the name of the lease.
    type: str
  role:
    description:
      - The role of a V(dynamic) service account. Either this or O(rules) is required.
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
      - Permissions of a V(dynamic) service account, as the rules of a role. A role with these rules is created in each
        of the O(namespaces), and removed with the lease.
    type: list
    elements: dict
    suboptions:
      api_groups:
        description:
          - API groups of the resources; an empty string is the core group.
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
          - Limit the rule to resources with these names.
        type: list
        elements: str
        aliases: [resourceNames]
      non_resource_urls:
        description:
          - Paths that are not resources, such as V(/metrics). They require O(cluster_wide=true).
        type: list
        elements: str
        aliases: [nonResourceURLs]
      verbs:
        description:
          - Allowed verbs, such as V(get).
        type: list
        elements: str
        required: true
  namespaces:
    description:
      - Namespaces in which a V(dynamic) service account gets its role. Default is its own namespace.
    type: list
    elements: str
  cluster_wide:
    description:
      - Give a V(dynamic) service account its role in the whole cluster.
    type: bool
    default: false
  name_template:
    description:
      - Name of a V(dynamic) service account. It may contain C({name}), C({namespace}) and C({random}). Default is
        C({name}-{random}).
    type: str
  ttl:
    description:
      - Requested lifetime of the token, in seconds or as V(15m), V(1h) or V(1h30m).
      - Less than 600 seconds fails before anything is created, since API servers do not issue such tokens. The API
        server may grant less than requested; the task then warns. The returned expiration is the actual one.
    type: str
    default: 1h
  max_ttl:
    description:
      - A longer O(ttl) fails before anything is created.
    type: str
  audiences:
    description:
      - Audiences of the token. Default is the API server.
    type: list
    elements: str
  labels:
    description:
      - Labels for all objects created for the lease.
    type: dict
  annotations:
    description:
      - Annotations for all objects created for the lease.
    type: dict
"""
