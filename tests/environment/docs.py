# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation as a web site: every plugin's page and every guide, with warnings as errors.

``python -m tests.environment.docs [FOLDER [--development]]``: without a folder it is built, and not kept.
``--development``: the site says on each page that it is not of a release.
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
from tests.environment.docs_event_source import event_source_page
from tests.environment.docs_links import dead_links, within_the_site

_COLLECTION = "community.workload_credentials"
_SITE = CHECKOUT / "docs" / "site"
_GUIDES = CHECKOUT / "docs" / "docsite" / "rst"
_EVENT_SOURCES = CHECKOUT / "extensions" / "eda" / "plugins" / "event_source"
# What is published beside the pages, under its own name.
_EXTRA = (CHECKOUT / "roles" / "cluster_credentials" / "files" / "entries.schema.json",)
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
    folders = [argument for argument in arguments if argument != "--development"]
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder) / "source", Path(folder) / "built"
        source.mkdir()
        pages = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", str(source), _COLLECTION]
        status = _run("antsibull-docs", "collection", *pages) or _complete(source)
        release = _version() + (" (development)" if "--development" in arguments else "")
        settings = ["-D", f"version={_version()}", "-D", f"release={release}"]
        strict = ["-q", "-W", "--keep-going", "-E", *settings]
        status = status or _run("sphinx-build", *strict, "-b", "html", str(source), str(built)) or _check(built)
        if status == 0 and folders:
            shutil.rmtree(folders[0], ignore_errors=True)
            shutil.copytree(built, folders[0], ignore=shutil.ignore_patterns(".doctrees", ".buildinfo"))
            sys.stdout.write(f"Open {Path(folders[0]).resolve() / 'index.html'}\n")
        return status


def _version() -> str:
    galaxy = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))
    return str(galaxy["version"])


def _check(built: Path) -> int:
    """Name the links that lead nowhere; returns 1 if there is one."""
    dead = dead_links(built)
    sys.stderr.write("".join(f"dead link: {link}\n" for link in dead))
    return 1 if dead else 0


def _complete(source: Path) -> int:
    """Add to the generated pages what makes them a site: a front page, settings, style; returns 0."""
    generated = (source / "index.rst").read_text(encoding="utf-8")
    (source / "reference.rst").write_text(_reference(generated), encoding="utf-8")
    front = (_SITE / "index.rst").read_text(encoding="utf-8")
    (source / "index.rst").write_text(front + _contents(), encoding="utf-8")
    (source / "elsewhere.rst").write_text(_elsewhere(), encoding="utf-8")
    for path in _EVENT_SOURCES.glob("*.py"):
        page = event_source_page(path.stem, path)
        (source / f"{path.stem}_event_source.rst").write_text(page, encoding="utf-8")
    changelog = source / "changelog.rst"
    text = changelog.read_text(encoding="utf-8")
    if "====" not in text:
        # Before the first release it has no title, which Sphinx wants.
        changelog.write_text(f"Changelog\n=========\n\n{text}", encoding="utf-8")
    for path in source.rglob("*.rst"):
        # The theme has a list of contents beside each page, and calls a second one an error.
        text = _CONTENTS.sub("", path.read_text(encoding="utf-8"))
        path.write_text(within_the_site(text, path.parent.relative_to(source).as_posix()), encoding="utf-8")
    shutil.copytree(_GUIDES / "images", source / "docsite" / "images")
    shutil.copy(_SITE / "conf.py", source)
    shutil.copytree(_SITE / "templates", source / "templates")
    for name, files in (("_static", (_SITE / "site.css",)), ("extra", _EXTRA)):
        (source / name).mkdir()
        for file in files:
            shutil.copy(file, source / name)
    return 0


def _reference(generated: str) -> str:
    """The collection's own page without its list of guides, which the front page has, and with the event sources."""
    before, _mark, rest = generated.partition(".. _changelog_section_for_")
    _guides, mark, index = rest.partition(".. _plugin_index_for_")
    titled = re.sub(r"\nCommunity\.\w+\n=+\n", f"\n{_REFERENCE}\n{'=' * len(_REFERENCE)}\n", before)
    names = "".join(f"* :doc:`{path.stem}_event_source`\n" for path in sorted(_EVENT_SOURCES.glob("*.py")))
    sources = f"\n\nEvent sources\n{'~' * 13}\n\n{names}"
    return titled + mark + index + sources


def _contents() -> str:
    """The guides in their groups, as extra-docs.yml has them, and what is generated."""
    extra = yaml.safe_load((CHECKOUT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))
    groups = {section["title"]: [f"docsite/{guide}" for guide in section["toctree"]] for section in extra["sections"]}
    sources = [f"{path.stem} event source <{path.stem}_event_source>" for path in sorted(_EVENT_SOURCES.glob("*.py"))]
    groups["Reference"] = ["reference", *sources, "environment_variables", "changelog"]
    return "".join(
        f".. toctree::\n    :caption: {title}\n    :hidden:\n\n    " + "\n    ".join(pages) + "\n\n"
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
