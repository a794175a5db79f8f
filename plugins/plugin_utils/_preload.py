# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load what lookups need, once, in the process that all workers are forked from.

Ansible evaluates a lookup in the worker of its task, and each worker would load all this for itself. It relies on
workers being forked, and on Python finding in ``sys.modules`` what their parent has imported. That holds for whatever
lies in ``module_utils`` and ``plugin_utils``; Ansible loads a lookup's own file under a name of its own, so that one is
loaded in each worker all the same. Nothing here opens a connection or starts a thread, which no worker could share.
Private to this collection: it may change at any time.
"""

from __future__ import annotations

# What Python and Ansible load at a worker's first request otherwise.
import ansible_collections.community.workload_credentials.plugins.module_utils._credentials.dynamic_secret
import ansible_collections.community.workload_credentials.plugins.plugin_utils._run.generate
import ansible_collections.community.workload_credentials.plugins.plugin_utils._run.introduced
import ansible_collections.community.workload_credentials.plugins.plugin_utils._static_secrets  # noqa: F401
