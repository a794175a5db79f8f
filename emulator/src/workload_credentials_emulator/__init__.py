# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An emulator of the Secrets API (version 2026-04-28): complete, strict, over TLS, in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .behaviour import Behaviour
    from .control_client import Control
    from .errors import StartError
    from .server import DEMO_ADMIN_SITE, DEMO_ADMIN_TOKEN, DEMO_SITE, DEMO_TOKEN, Emulator

__all__ = [
    "DEMO_ADMIN_SITE",
    "DEMO_ADMIN_TOKEN",
    "DEMO_SITE",
    "DEMO_TOKEN",
    "Behaviour",
    "Control",
    "Emulator",
    "StartError",
]


def __getattr__(name: str) -> Any:
    """Import at first use, so that the command line can say which package is missing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .packages import require_packages

    require_packages()
    from . import server

    return getattr(server, name)
