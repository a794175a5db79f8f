# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the annotations with which a Secret says what lease it holds."""

from __future__ import annotations

DOMAIN = "workload-credentials.ansible.com"
PREFIX = f"{DOMAIN}/"
# The lease's ID, its times, what else the role notes of it, and where it is of: what the Secrets API minted has none of
# the last two.
_LEASE = ("lease-id", "expiration", "minted-at", "definition", "keys", "lease-kind", "lease-site")
LEASE_MARKS = tuple(PREFIX + name for name in _LEASE)
# The ExternalSecret that is to take a pushed Secret over, and has not done so yet.
MOVING = PREFIX + "moving-to"
# What External Secrets Operator notes of its own lease, while a Secret that was pushed may still hold the role's notes.
OPERATED_MARKS = tuple(f"{PREFIX}operated-{name}" for name in _LEASE[:3])
