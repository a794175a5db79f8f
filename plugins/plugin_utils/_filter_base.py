# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge of the collection's filters: plain values in, and errors as Ansible expects them.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import functools
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import plain


def as_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as a filter."""

    @functools.wraps(function)
    def filtered(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*map(plain, arguments), **{name: plain(value) for name, value in options.items()})
        except WorkloadCredentialsError as error:
            raise AnsibleFilterError(str(error)) from None

    return filtered
