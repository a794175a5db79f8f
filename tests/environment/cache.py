# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where slow results are kept, under a key of what they were made from."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def cache_folder(name: str, *key_parts: str) -> Path:
    """Return the folder for a result made from the key parts; it need not exist."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "workload-credentials"
    digest = hashlib.sha256()
    for part in key_parts:
        digest.update(f"{len(part)}:{part}".encode())
    return root / f"{name}-{digest.hexdigest()[:16]}"
