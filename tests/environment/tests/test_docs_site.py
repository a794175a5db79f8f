# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation's site: links within a version, links that lead nowhere, pages of event sources, edit links."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tests.environment.collection_tree import CHECKOUT
from tests.environment.docs_event_source import event_source_page
from tests.environment.docs_links import SITE, dead_links, within_the_site


@pytest.mark.parametrize(
    ("source", "folder", "expected"),
    [
        (
            f"see `Some\nwords <{SITE}/latest/docsite/guide_x.html>`__.",
            "docsite",
            "see :doc:`Some\nwords </docsite/guide_x>`.",
        ),
        (f"`a <{SITE}/latest/docsite/guide_x.html#b>`__", "docsite", "`a <guide_x.html#b>`__"),
        (f"`a <{SITE}/latest/docsite/guide_x.html#b>`__", ".", "`a <docsite/guide_x.html#b>`__"),
        (f"``code`` and `a <{SITE}/latest/x_module.html>`__", "docsite", "``code`` and :doc:`a </x_module>`"),
        (f"`a <{SITE}/versions.html>`__", "docsite", f"`a <{SITE}/versions.html>`__"),
    ],
)
def test_links_to_the_latest_site_lead_to_the_same_version(source: str, folder: str, expected: str) -> None:
    assert within_the_site(source, folder) == expected


def test_links_to_no_file_and_no_place_are_named(tmp_path: Path) -> None:
    (tmp_path / "docsite").mkdir()
    (tmp_path / "docsite" / "a.html").write_text('<h1 id="here"></h1><a href="../index.html#top">', encoding="utf-8")
    good = '<a href="#top"><a href="docsite/a.html#here"><a href="https://example.com/none"><a id="top">'
    bad = '<a href="docsite/b.html"><a href="docsite/a.html#there"><img src="x.svg">'
    (tmp_path / "index.html").write_text(good + bad, encoding="utf-8")
    expected = ["docsite/a.html#there", "docsite/b.html", "x.svg"]
    assert dead_links(tmp_path) == [f"index.html: {link}" for link in expected]


def test_an_event_source_has_a_page_with_each_of_its_options() -> None:
    path = CHECKOUT / "extensions" / "eda" / "plugins" / "event_source" / "lease_expiry.py"
    page = event_source_page("lease_expiry", path)
    options = re.findall(r"^``(\w+)`` \((?:str|int|path|list of dict)(?:, default \d+)?\)$", page, re.MULTILINE)
    assert options == ["folder", "clusters", "margin", "interval", "state_file"]
    assert "run_playbook" in page
    assert not re.search(r"\b[CVO]\(", page)


@pytest.mark.parametrize(
    "page",
    [
        "index",
        "docsite/guide_sts",
        "dynamic_secret_module",
        "static_secret_lookup",
        "leases_callback",
        "lease_report_role",
        "lease_expiry_event_source",
    ],
)
def test_an_edit_link_names_the_file_that_the_page_is_made_from(page: str) -> None:
    file = runpy.run_path(str(CHECKOUT / "docs" / "site" / "conf.py"))["edited_file"](page)
    assert (CHECKOUT / file).is_file()
