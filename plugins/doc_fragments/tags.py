# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags, said once."""

from __future__ import annotations


class ModuleDocFragment:
    """Absent means untouched, and nothing unnamed is removed without being asked."""

    DOCUMENTATION = r"""
options:
  tags:
    description:
      - Tags that the resource should have, at most 50, with values of at most 256 characters.
      - Tags that are not named stay, unless O(purge_tags=true). A value of V(null) removes that tag.
      - Keys are compared without case, and the spelling that exists stays. Values are text; quote V("true") and the
        like.
      - When not set, tags are left alone, and need not be readable.
    type: dict
  purge_tags:
    description:
      - Remove tags that O(tags) does not name. With O(tags={}) all are removed.
    type: bool
    default: false
"""
