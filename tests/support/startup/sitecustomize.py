# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read by each Python that a test's run starts: it looks for garbage seldom, which Ansible makes little of."""

import gc

gc.set_threshold(100_000)
