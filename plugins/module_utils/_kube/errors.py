# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends all work with a cluster: no connection, no permission to read, no usable answer.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    WorkloadCredentialsError,
)


class ClusterError(WorkloadCredentialsError):
    """The cluster cannot be worked with; the text says why and what to do."""


class ForbiddenError(ClusterError):
    """The identity may not read this."""


class NoClusterError(ClusterError):
    """No answer came from the cluster.

    :arg problem: what happened, as a sentence.
    :arg sent: the request may have been acted upon all the same.
    """

    def __init__(self, problem: str, *, sent: bool) -> None:
        super().__init__(problem)
        self.sent = sent
