# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation as a web site would have it: every plugin's page and every guide, with warnings as errors."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

_COLLECTION = "community.workload_credentials"
_CONFIGURATION = """
project = "community.workload_credentials"
extensions = ["sphinx_antsibull_ext"]
highlight_language = "yaml+jinja"
html_theme = "basic"
nitpicky = True
default_role = "any"
"""
# What pages refer to in Ansible's own documentation, which is elsewhere: the build needs no network.
_ELSEWHERE = ("action_plugins", "ansible_configuration_settings", "callback_plugins", "common_return_values")


def main() -> int:
    """Build it in a temporary folder; returns the exit status of what failed first."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.mkdir()
        pages = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", str(source), _COLLECTION]
        status = _run("antsibull-docs", "collection", *pages)
        (source / "conf.py").write_text(_CONFIGURATION, encoding="utf-8")
        labels = "".join(f".. _{label}:\n\n{label}\n{'-' * len(label)}\n\n" for label in _ELSEWHERE)
        (source / "elsewhere.rst").write_text(f":orphan:\n\nElsewhere\n=========\n\n{labels}", encoding="utf-8")
        built = str(Path(folder) / "built")
        return status or _run("sphinx-build", "-q", "-W", "--keep-going", "-E", "-b", "html", str(source), built)


def _run(program: str, *arguments: str) -> int:
    return subprocess.run([str(Path(sys.executable).with_name(program)), *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
