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
      - Other tags stay, unless O(purge_tags=true). V(null) removes a tag.
      - Keys are compared without case, and keep their existing spelling. Values are strings; quote V("true") and
        similar values.
      - When not set, tags stay as they are, and no permission to read them is needed.
    type: dict
  purge_tags:
    description:
      - Remove tags that are not in O(tags). O(tags={}) removes all.
    type: bool
    default: false
"""
