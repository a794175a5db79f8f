# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make pictures``: the pictures of the documentation, each of a real run on this machine."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from workload_credentials_emulator import Emulator

from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.errors import ControlPlaneError
from tests.pictures.browser import BrowserError, find_browser, photograph
from tests.pictures.report import CONTENT, make_report
from tests.pictures.runs import run
from tests.pictures.terminal import svg_of

IMAGES = Path(__file__).parents[2] / "docs" / "docsite" / "rst" / "images"
_HELLO = ("ansible-playbook", "community.workload_credentials.hello")
_HELLO_WORDS = (
    "The playbook creates a folder and a definition, runs two commands with credentials, and prints a table of its two "
    "leases: one was revoked, of the other it says when it expires."
)


def main() -> int:
    """Make them all; return 2 where something for them is missing."""
    try:
        IMAGES.mkdir(exist_ok=True)
        browser = find_browser()
        _hello(IMAGES / "hello.svg")
        _lease_report(browser, IMAGES / "lease_report.png")
    except (BrowserError, ControlPlaneError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _hello(file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, Emulator(example=True) as service:
        output = run(_HELLO, service, Path(folder), ANSIBLE_FORCE_COLOR="True")
    file.write_text(svg_of(" ".join(_HELLO), output, "A first run in a terminal", _HELLO_WORDS), encoding="utf-8")
    _tell(file)


def _lease_report(browser: str, file: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, Emulator(fill=CONTENT) as service, ControlPlane() as cluster:
        page = make_report(service, cluster.kubeconfig, Path(folder))
        photograph(browser, page, file)
    _tell(file)


def _tell(file: Path) -> None:
    print(f"{file.name}: {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    sys.exit(main())
