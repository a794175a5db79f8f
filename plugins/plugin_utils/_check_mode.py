# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lookup can know of its task's check mode.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean


def in_check_mode(variables: Mapping[str, Any], templar: Any) -> bool:
    """Whether the task that evaluates a lookup runs in check mode, whatever the run's own flag says.

    Ansible tells a lookup the run's flag only. But a task runs in a worker process of its own, which knows it, with all
    that it inherits. Outside of tasks, as in the name of a play, the run's flag counts.

    :arg templar: the lookup's, for a task that says it with a template.
    """
    wanted = getattr(getattr(multiprocessing.current_process(), "_task", None), "check_mode", None)
    if wanted is None:
        wanted = variables.get("ansible_check_mode")
    if not isinstance(wanted, str):
        return bool(wanted)
    try:
        return bool(boolean(templar.template(wanted)))
    except TypeError:
        # Ansible refuses such a task itself; until then nothing is minted.
        return True
