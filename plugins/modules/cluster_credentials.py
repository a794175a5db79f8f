#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_credentials
short_description: Deliver credentials into a Kubernetes cluster as Secrets
version_added: 1.0.0
description:
  - Creates a Secret for each entry, either pushed by Ansible or refreshed by External Secrets Operator in the cluster.
    The role C(community.workload_credentials.cluster_credentials) runs this module; its variables are these options.
  - A pushed Secret with dynamic credentials gets a new lease only if at most a quarter of the lifetime is left, or if
    the Secret is missing, was changed by someone else, or its entry has changed.
  - Checks all entries before it mints anything, and reports all problems in one message. If the cluster then rejects an
    entry, only this entry stops; the task continues with the others, and fails at its end with a list of these entries.
  - Runs on the controller. If the task's host is local, it connects to the cluster from there, otherwise through the
    modules of kubernetes.core on that host, such as a jump host.
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
    description: Predicts with the cluster's dry run, and mints nothing.
    support: full
  diff_mode:
    description: Shows keys, labels and annotations, and the operator's objects in full, but no secret value.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
options:
  entries:
    description: The Secrets to deliver, one for each entry.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the Secret.
        type: str
        required: true
      namespace:
        description: Namespace of the Secret.
        type: str
        required: true
      dynamic_secret:
        description: Path of the dynamic secret to generate credentials from. Exactly one source is required.
        type: str
      static_secret:
        description: Path of the static secret to read.
        type: str
      sts_session_token:
        description:
          - A session of AWS' Security Token Service. The delivery V(push) supports all authentication methods, with the
            options of the lookup sts_session_token and of the operator's manifests. External Secrets Operator itself
            supports only long-term keys of an IAM user, and only C(secret_ref) and the options after it.
        type: dict
        suboptions:
          region:
            description: AWS' region. Required for External Secrets Operator.
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
              - A code of the MFA device, six digits in quotes. It is valid for one session, so each rotation requires
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
              - A service account that the role trusts. The cluster of the Secret issues its token for this call only.
            type: dict
            suboptions:
              namespace:
                description: Namespace of the service account. Default is that of the entry.
                type: str
              name:
                description: Its name.
                type: str
                required: true
              audience:
                description: Audience of its token. Default is C(sts.amazonaws.com).
                type: str
          secret_ref:
            description: Secret with the long-term keys of the IAM user. Default are the controller's own credentials.
            type: dict
            aliases: [secretRef]
            suboptions: &secret_ref
              access_key_id:
                description: The Secret in the entry's namespace, and its key, with the access key ID.
                type: dict
                required: true
                aliases: [accessKeyIDSecretRef]
                suboptions: &reference
                  name:
                    description: Name of the Secret.
                    type: str
                    required: true
                  key:
                    description: Key in the Secret or ConfigMap.
                    type: str
                    required: true
              secret_access_key:
                description: The same for the secret access key.
                type: dict
                required: true
                aliases: [secretAccessKeySecretRef]
                suboptions: *reference
              session_token:
                description: The same for the session token. Not supported by the operator.
                type: dict
                aliases: [sessionTokenSecretRef]
                suboptions: *reference
          jwt:
            description: A web identity for the role, with V(push) only. The operator accepts it and fails at run time.
            type: dict
            suboptions: &jwt
              service_account_ref:
                description: A service account.
                type: dict
                aliases: [serviceAccountRef]
                suboptions:
                  name:
                    description: Its name.
                    type: str
                    required: true
                  namespace:
                    description: Its namespace.
                    type: str
                  audiences:
                    description: Audiences of its token.
                    type: list
                    elements: str
          auth:
            description: Same as the two options above, in the form of the operator's manifests.
            type: dict
            suboptions:
              secret_ref:
                description: Secret with the long-term keys of the IAM user.
                type: dict
                aliases: [secretRef]
                suboptions: *secret_ref
              jwt:
                description:
                  - A web identity for the role, with V(push) only. The operator accepts it and fails at run time.
                type: dict
                suboptions: *jwt
          role:
            description: The role to assume, with V(push) only. The operator accepts it, but AWS rejects its request.
            type: str
          request_parameters:
            description: Parameters of the request to AWS.
            type: dict
            aliases: [requestParameters]
            suboptions:
              session_duration:
                description: Lifetime of a session, from 900 to 129600 seconds. AWS' own default is 12 hours.
                type: int
                aliases: [sessionDuration]
              serial_number:
                description: The MFA device of the IAM user. Requires a code.
                type: str
                aliases: [serialNumber]
              token_code:
                description:
                  - A code of the MFA device, six digits in quotes. It is valid once, and therefore requires
                    O(entries[].refresh_policy=CreatedOnce).
                type: str
                aliases: [tokenCode]
      service_account_token:
        description:
          - A short-lived token of a Kubernetes service account, with the delivery V(push). Its lease is revoked when
            the token is replaced or the entry removed.
        type: dict
        suboptions:
          name:
            description: Name of the lease. Default is the name of the entry.
            type: str
          namespace:
            description: Namespace of the service account and the lease's record. Default is the namespace of the entry.
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
              - Lifetime of the token, such as C(15m), or in seconds. The API server may grant less, and requires at
                least 10 minutes.
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
              - Kubeconfig of another cluster that issues the token, as a path or a dictionary. Default is the cluster
                of the Secret.
            type: raw
          context:
            description: Context in the kubeconfig.
            type: str
          host:
            description: Address of the other cluster's API server.
            type: str
          api_key:
            description: Bearer token for the other cluster.
            type: str
          ca_cert:
            description: File with the certificate authority of the other cluster.
            type: path
          validate_certs:
            description: Whether to verify its certificate.
            type: bool
          proxy:
            description: Proxy to the other cluster.
            type: str
      delivery:
        description:
          - Whether Ansible pushes the Secret, or External Secrets Operator creates it. Default is O(delivery).
          - V(push) ignores options for the operator, with a warning.
        type: str
        choices: [push, external_secret]
      keys:
        description:
          - Keys of the Secret, each with the source's key for its value. Default is all keys.
        type: dict
      format:
        description: Format of the credentials as in lookups, instead of O(entries[].keys).
        type: str
        choices: [raw, aws_env, azure_env, azcollection_env, arm_env, aws_credentials, token, kubeconfig]
      template:
        description:
          - The Secret's data as the operator's template, instead of keys and format. Sources that generate may only use
            templates that cannot fail.
        type: dict
      type:
        description: Type of the Secret.
        type: str
        default: Opaque
      labels:
        description: Labels of the Secret and of its ExternalSecret, besides the role's own.
        type: dict
      annotations:
        description: Annotations of the Secret and of its ExternalSecret, besides the role's own.
        type: dict
      external_secret_name:
        description: Name of the ExternalSecret. Default is the name of the Secret.
        type: str
      generator_name:
        description:
          - Name of the generator. Default is the name of the Secret, and with O(scope=cluster) one generator for each
            source. Entries with the same source may use the same generator; each gets its own lease.
        type: str
      refresh_policy:
        description:
          - When the operator refreshes the Secret. V(Periodic), the default, is after each
            O(entries[].refresh_interval), V(OnChange) only when its ExternalSecret changes, and V(CreatedOnce) never.
            With the last two, credentials expire.
        type: str
        choices: [Periodic, CreatedOnce, OnChange]
      refresh_interval:
        description:
          - Time after which the operator generates or reads again, such as V(45m). Default is V(auto), three quarters
            of the credentials' lifetime, and V(1h) for static secrets.
        type: str
      creation_policy:
        description: The operator's creation policy for the Secret. Default is V(Owner).
        type: str
        choices: [Owner, Orphan, Merge, CreateOrMerge]
      deletion_policy:
        description: What the operator does if the source no longer exists. Default is V(Retain).
        type: str
        choices: [Retain, Delete, Merge]
  state:
    description:
      - V(present) delivers. V(absent) removes everything of O(owner) with the role's label in the namespaces of the
        entries, and revokes the leases of pushed Secrets if possible.
      - V(rendered) writes the operator's manifests to O(render_dir), without connecting to a cluster.
      - V(verified) fails, with the reason, if an entry is not ready, differs from the cluster, or its lease has
        expired.
      - V(refreshed) is V(present) with O(renew=true) and without O(prune), for entries of your choice.
    type: str
    choices: [present, absent, rendered, verified, refreshed]
    default: present
  delivery:
    description: Delivery of entries without O(entries[].delivery).
    type: str
    choices: [push, external_secret]
    default: push
  create_namespaces:
    description: Create missing namespaces. Otherwise, a missing namespace fails the task before anything is minted.
    type: bool
    default: false
  prune:
    description:
      - Remove all objects of O(owner) in the cluster that are no longer in any entry, and revoke their leases. Use it
        only if one list of entries is all that this owner has in the cluster.
    type: bool
    default: false
  renew:
    description:
      - Mint new credentials for every entry, even if they are not due, such as after a leak. Makes the operator
        generate too, and revokes the replaced leases if possible.
    type: bool
    default: false
  wait:
    description: Wait until the operator has synchronized every entry.
    type: bool
    default: true
  wait_timeout:
    description: Time to wait for the operator, and for removed objects to be gone, in seconds.
    type: int
    default: 120
  render_dir:
    description:
      - Folder on the controller to write the operator's manifests to, one file for each namespace, without secret
        values. Default is to write none.
    type: str
  operator_token:
    description:
      - The operator's token, which is stored in a Secret in each namespace. Default is the token of the connection; use
        one that may only read and generate.
    type: str
  operator_token_secret:
    description:
      - Your own Secret with the operator's token, instead of O(operator_token). The role does not create or change it.
        Azure's generators read it only if it has the label C(external-secrets.io/type=webhook).
    type: dict
    default: {}
    suboptions:
      name:
        description: Name of the Secret.
        type: str
      key:
        description: Key in the Secret or ConfigMap.
        type: str
        default: token
      namespace:
        description:
          - Its namespace for a ClusterSecretStore, with O(scope=cluster) only. Default is O(operator_namespace).
            Everything else reads it in the namespace of the entry.
        type: str
  ca:
    description:
      - The certificate authority of the Secrets API for the operator, as a file or PEM text. Default is O(ca_cert).
    type: str
  ca_secret:
    description:
      - Your own Secret or ConfigMap with the certificate authority, instead of O(ca). The role does not create or
        change it.
    type: dict
    default: {}
    suboptions:
      kind:
        description: Kind of the object.
        type: str
        choices: [Secret, ConfigMap]
        default: Secret
      name:
        description: Name of the Secret or ConfigMap.
        type: str
      key:
        description: Key in the Secret or ConfigMap.
        type: str
        default: ca.crt
      namespace:
        description:
          - Its namespace for a ClusterSecretStore, with O(scope=cluster) only. Default is O(operator_namespace).
            Everything else reads it in the namespace of the entry.
        type: str
  ca_inline:
    description: Write the certificate authority to the manifests (C(caBundle)) instead of a Secret.
    type: bool
    default: false
  scope:
    description:
      - Whether to create the operator's generators and stores in each namespace, or once for the V(cluster) as
        ClusterGenerator and ClusterSecretStore. A ClusterSecretStore is limited to the namespaces of its entries.
    type: str
    choices: [namespace, cluster]
    default: namespace
  operator_namespace:
    description: Namespace of the token and the CA for a ClusterSecretStore, usually the operator's own.
    type: str
    default: external-secrets
  operator_controller:
    description:
      - Class of the operator for the stores and the generators for AWS, if several run in the cluster (their option
        C(--controller-class)). Default is any.
      - Generators for STS and webhooks have no such field, so all operators that watch the namespace process them.
    type: str
  templates_dir:
    description: Folder with templates that replace the role's own of the same name.
    type: str
  owner:
    description:
      - Owner of this list of entries, written as the label C(workload-credentials.ansible.com/owner) to all objects
        created for it. Objects of other owners are never changed or removed. Objects of the owner V(default) have no
        such label.
    type: str
    default: default
  concurrency:
    description: Maximum number of requests at the same time, from 1 to 64.
    type: int
    default: 8
notes:
  - The connection to the cluster is that of kubernetes.core, from C(K8S_AUTH_*), C(module_defaults) for its modules or
    their group, or the play's environment.
  - On a host that is not local, secret values are in the files of kubernetes.core's modules while these run, readable
    by the user who runs them.
seealso:
  - module: community.workload_credentials.lease
"""

EXAMPLES = r"""
- name: Push credentials, and replace them in the last quarter of their lifetime
  community.workload_credentials.cluster_credentials:
    create_namespaces: true
    entries:
      - name: aws
        namespace: web
        dynamic_secret: prod/aws/app
        format: aws_env
      - name: database
        namespace: web
        static_secret: prod/db/app

- name: Let External Secrets Operator refresh them
  community.workload_credentials.cluster_credentials:
    delivery: external_secret
    entries:
      - name: azure
        namespace: batch
        dynamic_secret: prod/azure/app

- name: Remove everything again
  community.workload_credentials.cluster_credentials:
    state: absent
    entries:
      - name: aws
        namespace: web
        dynamic_secret: prod/aws/app
"""

RETURN = r"""
report:
  description:
    - An item for each entry, and for each removed Secret, without secret values. With O(state=verified), it has
      C(ready), C(problem) and C(line) instead of action, reason and keys.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the Secret.
      type: str
      sample: aws
    namespace:
      description: Its namespace.
      type: str
      sample: web
    delivery:
      description: How it was delivered.
      type: str
      sample: push
    action:
      description: V(created), V(renewed), V(updated), V(kept), V(removed), or V(failed).
      type: str
      sample: created
    reason:
      description: Reason for the action.
      type: str
      sample: there is no Secret
    keys:
      description: The keys of the Secret.
      type: list
      elements: str
      sample: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN]
    lease_id:
      description:
        - ID of the Secret's lease; null if it has none, and in check mode if one would be minted.
      type: str
      sample: 5f8d3c1e-6b7a-4c2d-9e0f-1a2b3c4d5e6f
    expiration:
      description: When the lease expires, in UTC.
      type: str
      sample: '2026-11-23T18:00:00Z'
"""
