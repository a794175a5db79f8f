# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes values that a play registered to a file, hidden ones too, without a module process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible.module_utils.common.json import AnsibleJSONEncoder


def record(values: Any, path: str) -> bool:
    """Keep what a test wants to look at."""
    Path(path).write_text(json.dumps(values, cls=AnsibleJSONEncoder, vault_to_text=True), encoding="utf-8")
    return True


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function of each."""
        return {"record": record}
