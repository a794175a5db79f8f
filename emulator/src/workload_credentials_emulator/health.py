# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m workload_credentials_emulator.health``: whether the emulator on this machine answers, for containers."""

from __future__ import annotations

import ssl
import sys
import urllib.request

_PORT = 8443
_SECONDS = 3


def main(arguments: list[str]) -> int:
    """Return 0 if it does, over TLS or without; the port may be given."""
    port = arguments[0] if arguments else _PORT
    return 0 if any(_answers(f"{scheme}://127.0.0.1:{port}/healthz") for scheme in ("https", "http")) else 1


def _answers(url: str) -> bool:
    # Whoever answers here is asked for nothing but a sign of life.
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting))
    try:
        with opener.open(url, timeout=_SECONDS) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
