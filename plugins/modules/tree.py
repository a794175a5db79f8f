#!/usr/bin/python
# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tree
short_description: Manage a site or a folder of it as one declarative tree
version_added: 1.0.0
description:
  - Brings folders, static secrets, integrations, dynamic secrets and access policies to the state that one tree
    describes. There is no state file; the service itself is compared.
  - The whole difference is known before the first write. What cannot work is refused before anything is written, with
    all problems in one message, each with its path, and with O(src) its file and line.
  - Folders above an object are implied. Objects are compared, restored and changed as by the modules for one of them.
  - A failure of one object does not stop those that do not depend on it. The task fails at the end, names each
    failure and what was done, and the next run goes on from there.
  - The guide R(A site as code,ansible_collections.community.workload_credentials.docsite.guide_site_as_code) has a
    layout for a repository, reviews of pull requests, and the import of a site.
author:
  - community.workload_credentials contributors (@ansible-collections)
extends_documentation_fragment:
  - community.workload_credentials.attributes
  - community.workload_credentials.connection
options:
  root:
    description:
      - The folder that this tree owns, such as V(prod). Paths in the tree are relative to it. An empty text is the
        whole site, which is the default without O(prune).
      - A file of O(src) may name it instead, as C(root).
    type: str
  folders:
    description:
      - Folders by their path, each with the option C(tags) of M(community.workload_credentials.folder), or with
        nothing. Folders above other objects need not be named.
    type: dict
  static_secrets:
    description:
      - Static secrets by their path, each with the options C(secret) and C(tags) of
        M(community.workload_credentials.static_secret). Without C(secret) the values are left alone, and need not be
        readable.
    type: dict
  integrations:
    description:
      - Integrations of the site by type and name, such as C(aws/main), each with the options of
        M(community.workload_credentials.integration) for that type.
    type: dict
  dynamic_secrets:
    description:
      - Dynamic secrets by their path, each with the options of M(community.workload_credentials.dynamic_secret).
        C(type) is required. The integration may be one of the same tree.
    type: dict
  policies:
    description:
      - Access policies of this site by name, each with C(principal), C(actions) or C(grant), and C(resource) as in
        M(community.workload_credentials.iam_policy), or with C(cedar). The paths of folders and secrets in C(resource)
        are relative to O(root).
      - They need O(admin_site_id) and a token for it. The task does not wait until they are in force.
    type: dict
  src:
    description:
      - A YAML file on the controller, or a folder whose files with the suffixes C(.yml) and C(.yaml) are read, also
        those in folders below it. Files may be vaulted, and values in them too. A relative path is searched as by
        C(ansible.builtin.copy).
      - A file has the sections of this module as keys, such as C(static_secrets). All files and the options of the task
        are one tree. An object that is named twice is an error, with both places.
      - Files are not templates, so that a proposed file cannot run anything on the machine that reviews it. For values
        from elsewhere use the options of the task.
    type: path
  documents:
    description:
      - What the files of O(src) hold. O(src) sets it; there is no need to set it yourself.
    type: list
    elements: dict
  prune:
    description:
      - Kinds of which everything below O(root) is deleted that the tree does not name. Nothing else is ever deleted.
      - V(integrations) only with an empty O(root), since they belong to the whole site. Those that are in use are
        kept, with a warning.
      - A folder with objects of kinds that are not pruned is kept, with a warning.
      - With a dynamic secret that has active leases the tree is refused, unless O(revoke_leases=true) can revoke them.
      - Of V(policies), those of this site for O(root) and paths below it. Policies for an integration or the whole
        product are never deleted.
      - Name O(root) when you prune.
    type: list
    elements: str
    choices: [folders, static_secrets, integrations, dynamic_secrets, policies]
    default: []
  prune_limit:
    description:
      - Percentage of the objects of the pruned kinds below O(root) that one run may delete. A tree that would delete
        more is refused, so that a lost file does not empty a site.
    type: int
    default: 50
  permanent:
    description:
      - Delete what is pruned permanently, instead of in a way that can be restored. What was deleted before stays as
        it is.
    type: bool
    default: false
  on_deleted:
    description:
      - What to do when an object of the tree exists in deleted form.
      - V(restore) brings it back and then updates it, a folder with all that it held; V(replace) removes it permanently
        and creates a new one; V(fail) refuses the tree.
    type: str
    choices: [restore, replace, fail]
    default: restore
  purge_keys:
    description:
      - Remove keys of static secrets that C(secret) does not name.
    type: bool
    default: false
  purge_tags:
    description:
      - Remove tags that the C(tags) of an object do not name.
    type: bool
    default: false
  update_secret:
    description:
      - When to send the client secrets of integrations, which the service never returns. V(on_create) sends them with
        new integrations only, V(always) in each run, which is then always a change.
    type: str
    choices: [on_create, always]
    default: on_create
  revoke_leases:
    description:
      - Revoke the active leases of dynamic secrets that are pruned, if the provider can do that.
    type: bool
    default: false
  concurrency:
    description:
      - How many requests are sent at the same time, from 1 to 64.
    type: int
    default: 8
notes:
  - An unchanged object costs no write. Each list is read once and recursively. A static secret with values costs one
    read, since lists show no values and no digest of them.
  - From five seconds on, a line every five seconds says how far the task is, if it runs on the controller.
  - An integration that a dynamic secret names has to exist, or to be in the tree. Check mode refuses the tree too,
    unless an earlier task of the same run would make the integration.
  - Restoring a folder brings back all that it held. What of that the tree does not name is deleted again if its kind is
    pruned, so that it can be restored as before.
seealso:
  - module: community.workload_credentials.tree_info
"""

EXAMPLES = r"""
- name: Everything below prod, as it is described here
  community.workload_credentials.tree:
    root: prod
    folders:
      db:
        tags:
          team: core
    static_secrets:
      db/app:
        secret:
          username: app
          password: "{{ app_password }}"
    integrations:
      aws/main:
        role_arn: arn:aws:iam::123456789012:role/service
    dynamic_secrets:
      aws/deploy:
        type: aws
        integration_name: main
        role_arn: arn:aws:iam::123456789012:role/deploy
        ttl: 3600

- name: Show what would change, and what exists although it is no longer described
  community.workload_credentials.tree:
    root: prod/db
    static_secrets:
      app:
        tags:
          team: core
    prune:
      - static_secrets
  check_mode: true
  diff: true
  register: drift

- name: Delete it
  community.workload_credentials.tree:
    root: prod/db
    static_secrets:
      app:
        tags:
          team: core
    prune:
      - static_secrets
    # At most a tenth of the secrets, and so that they can be restored.
    prune_limit: 10
"""

RETURN = r"""
summary:
  description: How many objects were created, updated, restored and deleted, and how many did not change or failed.
  returned: always, unless the tree was refused
  type: dict
  sample:
    created: 2
    updated: 1
    restored: 0
    deleted: 1
    unchanged: 120
    failed: 0
changes:
  description:
    - What was done to each object, or would be in check mode, by path. It holds no secret value.
    - After a failure these are the objects that were written.
  returned: always, unless the tree was refused
  type: list
  elements: dict
  contains:
    kind:
      description: C(folder), C(static_secret), C(integration), C(dynamic_secret) or C(iam_policy).
      type: str
    path:
      description: Path in the site; of an integration its type and name, of a policy its name.
      type: str
    action:
      description: C(created), C(updated), C(restored) or C(deleted).
      type: str
    changed_keys:
      description: Names of the keys of a static secret, or of the options of a configuration, that change.
      returned: created and updated
      type: list
      elements: str
    changed_tags:
      description: Names of the tags that change.
      returned: created and updated
      type: list
      elements: str
  sample:
    - kind: static_secret
      path: prod/db/app
      action: updated
      changed_keys:
        - password
      changed_tags: []
"""

from ..module_utils._resources.tree import TREE
from ..module_utils._run import run_module


def main() -> None:
    """Run the module."""
    run_module(TREE)


if __name__ == "__main__":
    main()
