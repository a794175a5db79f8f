# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page as a picture, by the Chromium of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_WIDTH, _HEIGHT = 1480, 1190
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    # It is to look for nothing on the network.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)


class BrowserError(Exception):
    """There is no browser, or it takes no picture."""


def find_browser() -> str:
    """Return the path of a Chromium.

    :raises BrowserError: there is none.
    """
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    raise BrowserError("The picture of the lease report needs Chromium or Chrome: install one, or keep the picture.")


def photograph(browser: str, page: Path, file: Path) -> None:
    """Write the upper part of a page as PNG.

    :raises BrowserError: there is no picture.
    """
    # Root may start it only without its sandbox; the page is our own.
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with tempfile.TemporaryDirectory() as profile:
        command = [
            *(browser, *_OPTIONS, *sandbox),
            f"--user-data-dir={profile}",
            f"--window-size={_WIDTH},{_HEIGHT}",
            f"--screenshot={file}",
            page.as_uri(),
        ]
        file.unlink(missing_ok=True)
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode or not file.exists():
        raise BrowserError(f"{browser} took no picture: {done.stdout.strip()[-400:]}")
