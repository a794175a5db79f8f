# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Started by ``workload-credentials-client``: finds this very collection, as Ansible would, and asks it."""

from __future__ import annotations

import os
import sys

from ansible.plugins.loader import init_plugin_loader


def main() -> int:
    """Return the exit code."""
    # Whatever else is said on the way must not become a part of the password.
    password, sys.stdout = sys.stdout.buffer, sys.stderr
    # This file is in ansible_collections/community/workload_credentials/extensions/vault, below a collections path.
    init_plugin_loader([os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 5))])
    try:
        from ansible_collections.community.workload_credentials.plugins.plugin_utils._vault_client import run
    except ImportError as error:
        print(f"Install the collection with ansible-galaxy, and requests: {error}", file=sys.stderr)
        return 1
    return run(sys.argv[1:], password)


if __name__ == "__main__":
    sys.exit(main())
