# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the annotations that say which lease a Secret holds."""

from __future__ import annotations

DOMAIN = "workload-credentials.ansible.com"
PREFIX = f"{DOMAIN}/"
# A lease's annotations; leases of the Secrets API have no kind and no site.
_LEASE = ("lease-id", "expiration", "minted-at", "definition", "keys", "lease-kind", "lease-site")
LEASE_MARKS = tuple(PREFIX + name for name in _LEASE)
# The ExternalSecret that will adopt a pushed Secret and has not done so yet.
MOVING = PREFIX + "moving-to"
# The lease of External Secrets Operator; a Secret that was pushed may still hold the role's annotations too.
OPERATED_MARKS = tuple(f"{PREFIX}operated-{name}" for name in _LEASE[:3])
