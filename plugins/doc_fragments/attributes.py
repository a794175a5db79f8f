# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module supports, said once."""

from __future__ import annotations


class ModuleDocFragment:
    """DOCUMENTATION is for every module, the others for some.

    INFO is for those that only read, VALUES for those that return secret values, ADMINISTRATION for those of the
    administration site. Of what two fragments say about an attribute, ansible-doc keeps the first: a module names the
    others before DOCUMENTATION.
    """

    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description:
      - Use C(group/community.workload_credentials.workload_credentials) in C(module_defaults) to set the connection
        once.
    support: full
    membership:
      - community.workload_credentials.workload_credentials
  check_mode:
    description: Can run in C(check_mode) and predict the result without changing anything.
    support: full
    details:
      - The prediction is the plan that a real run applies.
      - If something is missing that an earlier task may create, such as a folder, an integration or a dynamic secret,
        check mode warns and assumes that it exists. A real run fails.
  diff_mode:
    description: Shows what changes, or would change, in diff mode.
    support: full
    details:
      - Names of keys are shown, never a secret value.
  async:
    description: Supports being used with the C(async) keyword.
    support: full
notes:
  - On the controller (connection local, without C(become), C(async) or another Python interpreter) the task runs inside
    Ansible's worker process, in a few milliseconds. Otherwise it runs as a module process on the target. Both give the
    same results.
"""

    ADMINISTRATION = r"""
options: {}
attributes:
  action_group:
    description:
      - Use C(group/community.workload_credentials.administration) in C(module_defaults) to set the connection once.
    support: full
    membership:
      - community.workload_credentials.administration
  diff_mode:
    description: Shows what changes, or would change, in diff mode.
    support: full
    details:
      - Policies and identities hold no secrets, so both states are shown as they are.
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This action does not modify state.
      - If the folder or dynamic secret to read is missing, but an earlier task may create it, check mode warns and
        returns an empty list. A real run fails.
  diff_mode:
    support: N/A
    details:
      - This action does not modify state.
"""

    VALUES = r"""
options: {}
attributes:
  async:
    support: partial
    details:
      - The job's result file and C(async_status) show secret values. With C(async), a task that returns secret values
        fails unless it sets C(no_log=true). Set it on C(async_status) too.
notes:
  - A task that returns secret values hides its result from all output; C(register) still has the values. Failures stay
    visible; their messages contain no secret value.
"""
