# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting and restoring, said once."""

from __future__ import annotations


class ModuleDocFragment:
    """What folders, static and dynamic secrets share."""

    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) creates or updates, V(absent) deletes. A resource that does not exist counts as deleted.
      - A resource that the token cannot see counts as absent. With V(absent), the task still tries to delete it; if the
        service does not say whether it existed, the task is C(ok), with a warning.
    type: str
    choices: [present, absent]
    default: present
  permanent:
    description:
      - With O(state=absent), delete permanently, so that the resource cannot be restored. This also applies to a
        resource that was deleted before.
    type: bool
    default: false
  on_deleted:
    description:
      - What to do with O(state=present) if a deleted resource exists at this path.
      - V(restore) restores and then updates it. V(replace) deletes it permanently and creates a new one. V(fail) fails
        and changes nothing.
    type: str
    choices: [restore, replace, fail]
    default: restore
"""
