#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: credentials_file
short_description: Write short-lived credentials to a file on a host, and renew them when they are due
version_added: 1.0.0
description:
  - The controller requests the credentials and the host gets a file. The file changes only when its lease is due, so
    handlers restart a service only then. The lookups mint a new lease in each run, and change the file each time.
  - A note beside the file, C(.<name>.workload-credentials) with the same owner and mode, names the source, the lease
    and its times. It holds no value.
  - A lease is due when no more than a quarter of its life is left, when it has expired, or when it was revoked. The
    file also gets a new lease when it is missing, when somebody has changed it, or when the task now describes other
    content.
  - The host needs Python 3.9 or later, and nothing else. It needs no token, and does not have to reach the service.
  - Credentials pass through the worker's memory and the connection's own stream, to a file of mode 0600 beside the
    target, which then gets the target's name. No temporary file of Ansible holds them. A connection, or a become
    method, without pipelining cannot do that and is refused, see O(allow_temporary_files).
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.connection
attributes:
  action_group:
    description:
      - Use C(group/community.workload_credentials.workload_credentials) in C(module_defaults) to set the connection
        once.
    support: full
    membership:
      - community.workload_credentials.workload_credentials
  check_mode:
    description: Predicts from the note whether a lease would be minted, mints nothing and changes nothing.
    support: full
  diff_mode:
    description: Shows permissions, names of keys and the lease. It never shows a value or a digest of one.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
options:
  path:
    description: The file on the host. Its folder must exist.
    type: str
    required: true
  state:
    description: V(absent) removes the file and its note, and revokes the leases that can be revoked.
    type: str
    choices: [present, absent]
    default: present
  dynamic_secret:
    description: Path of the dynamic secret whose credentials the file holds. Exactly one source is needed.
    type: str
  static_secret:
    description:
      - Path of the static secret whose values the file holds. It has no lease; the file is written when a value
        differs.
    type: str
  sts_session_token:
    description:
      - A session of AWS' Security Token Service, with the options of the lookup
        P(community.workload_credentials.sts_session_token#lookup). The controller requests it. It cannot be
        revoked early.
    type: dict
    suboptions:
      region:
        description: AWS' region.
        type: str
      profile:
        description: Profile to authenticate with, in the AWS configuration of the controller.
        type: str
      access_key:
        description: ID of the access key to authenticate with. Default is what AWS' tools find on the controller.
        type: str
      secret_key:
        description: The secret access key.
        type: str
      session_token:
        description: The session token of temporary keys.
        type: str
      endpoint_url:
        description: Address of the STS, if not AWS' own.
        type: str
      duration_seconds:
        description: Lifetime of the session in seconds, from 900 to 129600, or to 43200 for a role.
        type: int
      serial_number:
        description: The MFA device of the code.
        type: str
      token_code:
        description:
          - A code of the MFA device, six digits in quotes. It is valid for one session, so each renewal requires
            another.
        type: str
      role_arn:
        description: The role to assume.
        type: str
      role_session_name:
        description: Name of a role's session in AWS' logs. Default is C(workload-credentials).
        type: str
      external_id:
        description: The external ID that the role requires.
        type: str
      policy:
        description:
          - An IAM policy that limits the permissions of a role's session, as JSON or a dictionary.
        type: raw
      policy_arns:
        description: ARNs of IAM policies that do the same.
        type: list
        elements: str
      web_identity_token_file:
        description: File on the controller with the token that the role trusts.
        type: path
      service_account:
        description:
          - A service account that the role trusts. The cluster of the controller's environment issues its token.
        type: dict
        suboptions:
          namespace:
            description: Namespace of the service account. Required.
            type: str
          name:
            description: Its name.
            type: str
            required: true
          audience:
            description: Audience of its token. Default is C(sts.amazonaws.com).
            type: str
  service_account_token:
    description:
      - A short-lived token of a Kubernetes service account. The controller requests it, from the cluster of its own
        environment or from the one that these options name.
    type: dict
    suboptions:
      name:
        description: Name of the lease. Required.
        type: str
      namespace:
        description: Namespace of the service account and the lease's record. Required.
        type: str
      credential_type:
        description: V(static) uses an existing service account, V(dynamic) a temporary one.
        type: str
        choices: [static, dynamic]
        default: static
      service_account:
        description: The service account, for V(static). Default is the name.
        type: str
      role:
        description: The role of a temporary service account.
        type: dict
        suboptions:
          kind:
            description: Kind of the role.
            type: str
            choices: [ClusterRole, Role]
            default: ClusterRole
          name:
            description: Name of the role.
            type: str
            required: true
      rules:
        description: Permissions of a temporary service account, for which a role is created.
        type: list
        elements: dict
        suboptions:
          api_groups:
            description: API groups of the resources; an empty string is the core group.
            type: list
            elements: str
            aliases: [apiGroups]
          resources:
            description: Resources, such as C(configmaps).
            type: list
            elements: str
          resource_names:
            description: Limit the rule to resources with these names. Default is any.
            type: list
            elements: str
            aliases: [resourceNames]
          non_resource_urls:
            description: Paths of the API server that are not resources.
            type: list
            elements: str
            aliases: [nonResourceURLs]
          verbs:
            description: Allowed verbs, such as C(get).
            type: list
            elements: str
            required: true
      namespaces:
        description:
          - Namespaces in which a temporary service account has these permissions. Default is its own namespace.
        type: list
        elements: str
      cluster_wide:
        description: Whether it has these permissions in the whole cluster.
        type: bool
        default: false
      name_template:
        description:
          - Name of a temporary service account, which may contain C({name}), C({namespace}) and C({random}).
        type: str
      ttl:
        description:
          - Lifetime of the token, such as C(15m), or in seconds. The API server may grant less, and requires at least
            10 minutes.
        type: str
        default: 1h
      max_ttl:
        description: The longest lifetime that may be requested.
        type: str
      audiences:
        description: Audiences of the token. Default is the API server itself.
        type: list
        elements: str
      labels:
        description: Labels for the objects created for the lease.
        type: dict
      annotations:
        description: Annotations for the objects created for the lease.
        type: dict
      kubeconfig:
        description:
          - Kubeconfig, on the controller, of the cluster that issues the token, as a path or a dictionary. Default is
            the cluster of the controller's environment.
        type: raw
      context:
        description: Context in the kubeconfig.
        type: str
      host:
        description: Address of the API server.
        type: str
      api_key:
        description: Bearer token for the cluster.
        type: str
      ca_cert:
        description: File with the certificate authority of the cluster.
        type: path
      validate_certs:
        description: Whether to verify its certificate.
        type: bool
      proxy:
        description: Proxy to the cluster.
        type: str
  format:
    description:
      - What the file looks like. Default is V(json). A value that a format cannot express fails the task, which names
        its key.
      - V(env_file) is for C(docker run --env-file) and for C(EnvironmentFile=) of systemd, which read it alike. It has
        no quotes, so a value must have one line, no backslash, and no quote or space at its beginning.
      - V(dotenv) is for shells (C(source)) and for C(EnvironmentFile=) of systemd. Each value is in double quotes.
        Docker would take the quotes for a part of the value.
      - V(json), V(yaml) and V(ini) hold every key, V(ini) in the section C([default]).
      - V(aws_env), V(azure_env), V(azcollection_env) and V(arm_env) are V(env_file) with the variables that these tools
        read. V(env_file) and V(dotenv) use those of V(aws_env) or V(azure_env), unless O(keys) names others.
      - V(aws_credentials) is the shared credentials file of AWS' tools, with the profile C(default).
      - V(token) and V(kubeconfig) are one text without a line end, which the credentials have under this name, or under
        the one key in O(keys).
      - V(raw) is V(json).
    type: str
    choices:
      - raw
      - aws_env
      - azure_env
      - azcollection_env
      - arm_env
      - aws_credentials
      - token
      - kubeconfig
      - json
      - yaml
      - env_file
      - dotenv
      - ini
  keys:
    description:
      - The key of the credentials for each name in the file, for V(env_file), V(dotenv), V(json), V(yaml) and V(ini).
        Default is all keys.
    type: dict
  template:
    description:
      - A Jinja template on the controller, which finds the credentials as C(credentials). It is searched for as for
        C(ansible.builtin.template), rendered in memory and written nowhere on the controller.
      - A changed template gets a new lease. A changed variable that it uses is not noticed.
    type: str
  renew:
    description:
      - V(due) renews a lease that is due. V(always) mints in each run. V(never) mints only for a file that is missing,
        changed by somebody or described differently by the task.
    type: str
    choices: [due, always, never]
    default: due
  superseded:
    description:
      - What happens to the lease that a new one replaces.
      - V(end_next_run) revokes it in the next run that finds the file in place, so that handlers and services have been
        restarted by then. V(end) revokes it at once. V(keep) lets it expire.
      - Leases of AWS cannot be revoked. They expire.
    type: str
    choices: [end_next_run, end, keep]
    default: end_next_run
  check_lease:
    description:
      - Whether a lease that the Secrets API no longer lists is due. One list for each dynamic secret serves all hosts
        of the task. A token that may not list leases skips this.
    type: bool
    default: true
  force:
    description: Whether to replace, or remove, a file that this module has not written.
    type: bool
    default: false
  allow_temporary_files:
    description:
      - Whether credentials may be in Ansible's temporary files, on the controller and on the host, while the task
        runs, where the connection or the become method has no pipelining.
    type: bool
    default: false
  validate:
    description:
      - A command on the host that checks the new file before it takes its place. C(%s) stands for the new file. Its
        output is not shown.
    type: str
  mode:
    description: Permissions of the file and its note, as for C(ansible.builtin.file).
    type: raw
    default: '0600'
  owner:
    description: Owner of the file and its note.
    type: str
  group:
    description: Group of the file and its note.
    type: str
  seuser:
    description: User of its SELinux context.
    type: str
  serole:
    description: Role of its SELinux context.
    type: str
  setype:
    description: Type of its SELinux context.
    type: str
  selevel:
    description: Level of its SELinux context.
    type: str
  attributes:
    description: Attributes of the file, as for C(ansible.builtin.file).
    type: str
    aliases: [attr]
notes:
  - The controller mints, so options of the connection to the Secrets API, to a cluster and to AWS are those of the
    controller. Only the file is on the host.
seealso:
  - module: community.workload_credentials.credentials_file_info
  - plugin: community.workload_credentials.dynamic_credentials
    plugin_type: lookup
  - module: community.workload_credentials.cluster_credentials
"""

EXAMPLES = r"""
- name: The shared credentials file of AWS' tools, for the user deploy
  community.workload_credentials.credentials_file:
    path: /home/deploy/.aws/credentials
    dynamic_secret: prod/aws/app
    format: aws_credentials
    owner: deploy
    group: deploy

- name: A service reads its credentials from a file, and restarts only when they change
  hosts: web
  become: true
  tasks:
    - name: Credentials of AWS for the service
      community.workload_credentials.credentials_file:
        path: /etc/web/aws.env
        dynamic_secret: prod/aws/app
        format: env_file
      notify: Restart web
  handlers:
    - name: Restart web
      ansible.builtin.service:
        name: web
        state: restarted

- name: The password of a database, and nothing else of the secret
  community.workload_credentials.credentials_file:
    path: /etc/app/database.env
    static_secret: prod/db/app
    format: dotenv
    keys:
      PGUSER: username
      PGPASSWORD: password

- name: A file that is checked before it takes its place
  community.workload_credentials.credentials_file:
    path: /etc/app/cloud.json
    dynamic_secret: prod/azure/app
    format: json
    validate: python3 -m json.tool %s
    mode: '0640'

- name: A file of the application's own form
  hosts: app_servers
  become: true
  tasks:
    - name: Render it with the credentials
      community.workload_credentials.credentials_file:
        path: /etc/app/cloud.conf
        dynamic_secret: prod/azure/app
        template: cloud.conf.j2

- name: A kubeconfig for the runner of CI jobs
  hosts: ci_runners
  become: true
  tasks:
    - name: Write it
      community.workload_credentials.credentials_file:
        path: /home/runner/.kube/config
        service_account_token:
          name: runner
          namespace: ci
          ttl: 12h
        format: kubeconfig
        owner: runner

- name: Remove the file, and revoke its lease
  community.workload_credentials.credentials_file:
    path: /etc/app/cloud.json
    state: absent
"""

RETURN = r"""
path:
  description: The file on the host, as an absolute path.
  returned: always
  type: str
  sample: /etc/web/aws.env
reason:
  description: Why the file was kept or written.
  returned: success
  type: str
  sample: 'kept: 47 minutes left'
lease_id:
  description:
    - The lease that the file holds; null where it has none, and in check mode where one would be minted.
  returned: always
  type: str
  sample: 5f8d3c1e-6b7a-4c2d-9e0f-1a2b3c4d5e6f
expiration:
  description: When the lease expires, in UTC.
  returned: always
  type: str
  sample: '2026-11-23T18:00:00Z'
superseded:
  description: The leases that the file no longer uses.
  returned: always
  type: list
  elements: dict
  contains:
    lease_id:
      description: Its ID.
      type: str
      sample: 0b1c2d3e-4f50-4172-8394-a5b6c7d8e9f0
    expiration:
      description: When it expires, in UTC.
      type: str
      sample: '2026-11-23T16:00:00Z'
    revocable:
      description: Whether it can be revoked before that.
      type: bool
      sample: true
    ended:
      description: Whether it has ended, because this task has revoked it, or it had expired.
      type: bool
      sample: false
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._host_files import part_options, run_part


def main() -> None:
    """Run the host's part, for the action plugin."""
    run_part(AnsibleModule(argument_spec=part_options(), add_file_common_args=True, supports_check_mode=True))


if __name__ == "__main__":
    main()
