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
      - V(present) creates or updates, V(absent) deletes. What is gone already counts as deleted.
      - What the token does not see counts as absent. With V(absent) deleting it is tried all the same; where the
        service does not tell whether there was anything, the task is C(ok), with a warning.
    type: str
    choices: [present, absent]
    default: present
  permanent:
    description:
      - With O(state=absent), delete for good instead of in a way that can be restored. It also removes for good
        what was deleted before.
    type: bool
    default: false
  on_deleted:
    description:
      - What to do with O(state=present) when a deleted resource of this path exists.
      - V(restore) brings it back and then updates it; V(replace) removes it for good and creates a new one; V(fail)
        fails and changes nothing.
    type: str
    choices: [restore, replace, fail]
    default: restore
"""
