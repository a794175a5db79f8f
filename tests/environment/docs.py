# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation as a web site: every plugin's page and every guide, with warnings as errors.

``python -m tests.environment.docs [FOLDER]``: without a folder it is built, and not kept.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tests.environment.collection_tree import CHECKOUT

_COLLECTION = "community.workload_credentials"
_SITE = CHECKOUT / "docs" / "site"
_CONTENTS = re.compile(r"^\.\. contents::\n( +:.*\n)*", re.MULTILINE)
_REFERENCE = "Modules, plugins and roles"
_ANSIBLE = "https://docs.ansible.com/projects/ansible/latest"
# What pages refer to in Ansible's own documentation. The build needs no network, so each has a place that leads there.
_ELSEWHERE = {
    "action_plugins": f"{_ANSIBLE}/plugins/action.html",
    "ansible_configuration_settings": f"{_ANSIBLE}/reference_appendices/config.html",
    "callback_plugins": f"{_ANSIBLE}/plugins/callback.html",
    "common_return_values": f"{_ANSIBLE}/reference_appendices/common_return_values.html",
}


def main(arguments: list[str]) -> int:
    """Build it; returns the exit status of what failed first."""
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder) / "source", Path(folder) / "built"
        source.mkdir()
        pages = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", str(source), _COLLECTION]
        status = _run("antsibull-docs", "collection", *pages) or _complete(source)
        status = status or _run("sphinx-build", "-q", "-W", "--keep-going", "-E", "-b", "html", str(source), str(built))
        if status == 0 and arguments:
            shutil.rmtree(arguments[0], ignore_errors=True)
            shutil.copytree(built, arguments[0], ignore=shutil.ignore_patterns(".doctrees", ".buildinfo"))
            sys.stdout.write(f"Open {Path(arguments[0]).resolve() / 'index.html'}\n")
        return status


def _complete(source: Path) -> int:
    """Add to the generated pages what makes them a site: a front page, settings, style; returns 0."""
    generated = (source / "index.rst").read_text(encoding="utf-8")
    (source / "reference.rst").write_text(_reference(generated), encoding="utf-8")
    front = (_SITE / "index.rst").read_text(encoding="utf-8")
    (source / "index.rst").write_text(front + _contents(), encoding="utf-8")
    (source / "elsewhere.rst").write_text(_elsewhere(), encoding="utf-8")
    changelog = source / "changelog.rst"
    text = changelog.read_text(encoding="utf-8")
    if "====" not in text:
        # Before the first release it has no title, which Sphinx wants.
        changelog.write_text(f"Changelog\n=========\n\n{text}", encoding="utf-8")
    for page in source.glob("*.rst"):
        # The theme has a list of contents beside each page, and calls a second one an error.
        page.write_text(_CONTENTS.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copy(_SITE / "conf.py", source)
    (source / "_static").mkdir()
    shutil.copy(_SITE / "site.css", source / "_static")
    return 0


def _reference(generated: str) -> str:
    """The collection's own page without its list of guides, which the front page has."""
    before, _mark, rest = generated.partition(".. _changelog_section_for_")
    _guides, mark, index = rest.partition(".. _plugin_index_for_")
    return re.sub(r"\nCommunity\.\w+\n=+\n", f"\n{_REFERENCE}\n{'=' * len(_REFERENCE)}\n", before) + mark + index


def _contents() -> str:
    """The guides in their groups, as extra-docs.yml has them, and what is generated."""
    extra = yaml.safe_load((CHECKOUT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))
    groups = {section["title"]: [f"docsite/{guide}" for guide in section["toctree"]] for section in extra["sections"]}
    groups["Reference"] = ["reference", "environment_variables", "changelog"]
    return "".join(
        f".. toctree::\n    :caption: {title}\n    :maxdepth: 1\n\n    " + "\n    ".join(pages) + "\n\n"
        for title, pages in groups.items()
    )


def _elsewhere() -> str:
    places = "".join(
        f".. _{label}:\n\n{label}\n{'-' * len(label)}\n\n`In Ansible's own documentation <{address}>`__\n\n"
        for label, address in _ELSEWHERE.items()
    )
    return f":orphan:\n\nElsewhere\n=========\n\n{places}"


def _run(program: str, *arguments: str) -> int:
    return subprocess.run([str(Path(sys.executable).with_name(program)), *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
