# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation's own order: each guide in one group, links that lead somewhere, no internals among pages."""

from __future__ import annotations

import ast
import io
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.doc_fragments.connection import ModuleDocFragment

from tests.environment.docs_links import SITE

pytestmark = pytest.mark.one_core
ROOT = Path(__file__).parents[2]
DOCSITE = ROOT / "docs" / "docsite"
TEXTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md"), *ROOT.glob(".github/**/*.md")]
GUIDES = sorted(DOCSITE.glob("rst/*.rst"))
PICTURES = sorted(DOCSITE.glob("rst/images/*.svg"))
# Addresses that people have, one a line: guide#anchor. New ones are added when a title changes; none goes.
FORMER_ANCHORS = Path(__file__).with_name("former_anchors.txt")
# What people type into the site's search is the title of a page.
SEARCHED = {
    "Ansible Vault passwords from a secret",
    "Authentication",
    "Contributing",
    "Data at rest",
    "Event-driven renewal",
    "External Secrets Operator reference mapping",
    "Getting started",
    "Lease lifecycle and clean-up",
    "Lease report",
    "Performance",
    "Troubleshooting",
}
# Phrases that read as translated, and "he" for a person: the field says request, check, report, own, revoke, expire.
# Code and quoted messages are left out.
REFUSED = (
    r"all the same",
    r"anew",
    r"be(comes?|came) of (it|them|each|those)",
    r"(end|ends|ended|ending) (a|the|its|their|those|these|every|each) leases?",
    r"for good",
    r"give(s|n)? away",
    r"he|him|his|himself",
    r"holds? (a|no|the) leases?",
    r"it is (looked|told|asked)",
    r"living (leases?|service)",
    r"looked at",
    r"makes do",
    r"no more than an",
    r"nobody (holds|knows)",
    r"now and then",
    r"so it is with",
    r"(tell|tells|told|telling) of",
    r"What (went wrong|becomes what|it costs|nobody)",
    r"where (nothing is said|none is)",
    r"who (may|asks?|holds?|mints?|minted) (not|it|them)",
    r"whoever",
)
# On pages that are generated, which are short descriptions, these too.
REFUSED_ON_PAGES = (
    r"(be|is|are) (asked|looked) for",
    r"(is|are) (gone|meant|made|kept) (already|for|of|with)",
    r"[Ff]or whom",
    r"[Ll]ook(s|ed)? (at|for|whether)",
    r"[Nn]obody",
    r"[Ss]omebody who",
    r"[Ww]hat it is( for)?\.",
    r"[Ww]here (it|there) (is|are) (no|none)",
    r"[Ww]ho (asks|has|uses)",
    r"[Ee]nds? (it|them|those|that|all|what|every)",
    r"is (taken|tried) to",
    r"it cannot do without",
    r"live on",
    r"makes? (none|no difference)",
    r"one lease more",
    r"what (is|was) (gone|made|there)",
    r"where nothing is said",
    r"whose leases to",
)
# Kinds of plugins that get pages; action plugins and fragments are shown with what they are for.
WITH_PAGES = {"callback", "lookup", "modules"}
WITHOUT_PAGES = {"action", "doc_fragments", "module_utils", "plugin_utils"}


def test_each_guide_is_in_one_group() -> None:
    sections = yaml.safe_load((DOCSITE / "extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    named = Counter(guide for section in sections for guide in section["toctree"])
    assert named == Counter(path.stem for path in DOCSITE.glob("rst/*.rst"))


def test_the_front_page_has_each_guide_on_one_card() -> None:
    cards = (ROOT / "docs" / "site" / "index.rst").read_text(encoding="utf-8")
    assert Counter(re.findall(r":doc:`/docsite/(\w+)`", cards)) == Counter(path.stem for path in GUIDES)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8"))
    inner = [link.partition("#")[0] for link in links if not re.match(r"(https?:|mailto:|#)", link)]
    assert [link for link in inner if not (path.parent / link).exists()] == []


def test_the_readme_links_to_addresses_since_galaxy_shows_it_too() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    repository = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
    links = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"|^\[[^]]+\]: (\S+)", text, re.MULTILINE)
    addresses = ["".join(found) for found in links]
    assert len(addresses) > 20
    assert [address for address in addresses if not address.startswith("https://")] == []
    raw = repository.replace("https://github.com/", "https://raw.githubusercontent.com/")
    for prefix in (f"{repository}/blob/main/", f"{repository}/tree/main/", f"{raw}/main/"):
        files = [address.removeprefix(prefix) for address in addresses if address.startswith(prefix)]
        assert files, prefix
        assert [file for file in files if not (ROOT / file).exists()] == []
    guides = [re.search(r"/docsite/(guide_\w+)\.html", address) for address in addresses]
    named = {found[1] for found in guides if found}
    assert named
    assert named <= {path.stem for path in GUIDES}


def test_pictures_are_small_and_make_pictures_remakes_them() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[.+?\]\(https://raw.githubusercontent.com/[^)]*?/main/([^)]+)\)", text)
    assert len(pictures) == 2
    makers = (ROOT / "tests" / "pictures" / "__main__.py").read_text(encoding="utf-8")
    assert [path for path in pictures if f'"{Path(path).name}"' not in makers] == []
    assert [path for path in pictures if (ROOT / path).stat().st_size > 300_000] == []


def test_pages_are_of_what_users_call() -> None:
    kinds = {path.name for path in (ROOT / "plugins").iterdir() if any(path.glob("*.py")) or any(path.glob("*/*.py"))}
    assert kinds <= WITH_PAGES | WITHOUT_PAGES
    assert [path for kind in WITH_PAGES for path in (ROOT / "plugins" / kind).glob("_[!_]*.py")] == []


def test_a_connection_option_names_every_source_on_the_pages_of_modules_too() -> None:
    for name, option in yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"].items():
        text = " ".join(option["description"])
        assert f"C(workload_credentials_{name})" in text, name
        assert f"C({name}) in the ini file" in text, name


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_pictures_have_words_for_who_cannot_see_them_and_fetch_nothing(path: Path) -> None:
    picture = path.read_text(encoding="utf-8")
    labels = re.search(r'role="img" aria-labelledby="(\S+) (\S+)"', picture)
    assert labels
    told = zip(("title", "desc"), labels.groups(), strict=True)
    assert all(f'<{tag} id="{name}">' in picture for tag, name in told)
    assert not re.search(r"href|url\(|@import|<script", picture)


def test_each_picture_is_in_a_guide_and_each_guide_has_its_pictures() -> None:
    """Pictures are named relative to the guide, so that a code forge shows them too, and have an alternative text."""
    shown = [
        (path, picture)
        for path in GUIDES
        for picture in re.findall(
            r"^ *\.\. (?:figure|image):: (\S+)\n +:alt: \S", path.read_text(encoding="utf-8"), re.M
        )
    ]
    assert {(path.parent / picture).resolve() for path, picture in shown} == set(PICTURES)
    directives = sum(len(re.findall(r"\.\. (?:figure|image)::", path.read_text(encoding="utf-8"))) for path in GUIDES)
    assert directives == len(shown)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_a_code_forge_shows_guides_as_they_are_meant(path: Path) -> None:
    """Forges know docutils' own mark-up: no roles and directives of Sphinx, and nothing raw."""
    # Comes with Sphinx, which only the newest ansible-core's environment has.
    from docutils.core import publish_doctree

    text = path.read_text(encoding="utf-8")
    told = io.StringIO()
    settings = {
        "report_level": 1,
        "halt_level": 5,
        "raw_enabled": False,
        "warning_stream": told,
        "input_encoding": "unicode",
    }
    publish_doctree(text, source_path=str(path), settings_overrides=settings)
    assert [line for line in told.getvalue().splitlines() if "(INFO/1)" not in line] == []


def test_guides_have_titles_that_people_search_for() -> None:
    titles = {re.search(r"\n([^\n]+)\n=+\n", path.read_text(encoding="utf-8"))[1] for path in GUIDES}
    assert titles >= SEARCHED


@pytest.mark.parametrize("path", [*GUIDES, *TEXTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_the_site_lead_to_its_pages(path: Path) -> None:
    pages = set(re.findall(rf"{SITE}/latest/([\w/]+)\.html", path.read_text(encoding="utf-8")))
    guides = {f"docsite/{guide.stem}" for guide in GUIDES}
    modules = {f"{file.stem}_module" for file in (ROOT / "plugins" / "modules").glob("*.py")}
    lookups = {f"{file.stem}_lookup" for file in (ROOT / "plugins" / "lookup").glob("*.py")}
    roles = {f"{folder.name}_role" for folder in (ROOT / "roles").iterdir()}
    others = {
        "index",
        "reference",
        "changelog",
        "environment_variables",
        "leases_callback",
        "lease_expiry_event_source",
    }
    assert pages <= guides | modules | lookups | roles | others


def test_the_files_that_the_architecture_names_exist() -> None:
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    names = {name for quoted in re.findall(r"`([^`\s<>]+)`", text) for name in _spelled_out(quoted)}
    files = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if ".git" not in path.parts}
    paths = {name.strip("/") for name in names if name.endswith((".py", ".yml", ".rst", "/"))}
    assert len(paths) > 40
    assert [path for path in sorted(paths) if not any(f"/{file}".endswith(f"/{path}") for file in files)] == []


def _spelled_out(name: str) -> list[str]:
    """``a/{b,c}.py`` is two names."""
    alternatives = re.fullmatch(r"(.*)\{(.*)\}(.*)", name)
    if alternatives is None:
        return [name]
    before, names, after = alternatives.groups()
    return [f"{before}{one}{after}" for one in names.split(",")]


@pytest.mark.parametrize("path", [*TEXTS, *GUIDES], ids=lambda path: str(path.relative_to(ROOT)))
def test_texts_are_in_the_words_of_the_field(path: Path) -> None:
    pattern = re.compile(rf"\b({'|'.join(REFUSED)})\b".replace(" ", r"\s+"))
    text = _prose(path.read_text(encoding="utf-8"))
    assert [" ".join(found[0].split()) for found in pattern.finditer(text)] == []


PAGES = [
    *(path for kind in (*sorted(WITH_PAGES), "doc_fragments") for path in (ROOT / "plugins" / kind).glob("*.py")),
    *(ROOT / "extensions").glob("eda/plugins/*/*.py"),
    *(ROOT / "roles").glob("*/meta/*.yml"),
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_generated_pages_are_in_the_words_of_the_field(path: Path) -> None:
    pattern = re.compile(rf"\b({'|'.join((*REFUSED, *REFUSED_ON_PAGES))})\b".replace(" ", r"\s+"))
    text = path.read_text(encoding="utf-8")
    shown = _documentation(text) if path.suffix == ".py" else _prose(text)
    assert shown
    assert [" ".join(found[0].split()) for found in pattern.finditer(shown)] == []


def _documentation(source: str) -> str:
    """The texts that ansible-doc shows of a plugin or of a fragment."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assign)]
    values = [node.value for node in nodes if isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()]
    return "\n".join(str(ast.literal_eval(one)) for one in values if isinstance(one, ast.Constant))


def test_anchors_of_former_titles_stay_where_they_were() -> None:
    """Two spaces keep them apart from labels in references, which need a prefix."""
    targets = {
        path.stem: Counter(re.findall(r"^\.\.  _([a-z0-9-]+):$", path.read_text(encoding="utf-8"), re.MULTILINE))
        for path in GUIDES
    }
    anchors = [line.split("#") for line in FORMER_ANCHORS.read_text(encoding="utf-8").split() if line]
    assert len(anchors) > 80
    assert [f"{guide}#{anchor}" for guide, anchor in anchors if targets[guide][anchor] != 1] == []
    every = Counter(anchor for names in targets.values() for anchor in names.elements())
    assert [anchor for anchor, times in every.items() if times > 1] == []


def test_before_the_first_release_nothing_is_fixed_or_removed_that_nobody_had() -> None:
    changelogs = ROOT / "changelogs"
    released = yaml.safe_load((changelogs / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    fragments = {
        path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (changelogs / "fragments").glob("*.yml")
    }
    sections = {(name, section) for name, fragment in fragments.items() for section in fragment}
    summaries = [name for name, section in sections if section == "release_summary"]
    assert len(summaries) <= 1
    if not released:
        allowed = {"release_summary", "major_changes", "minor_changes", "known_issues", "trivial"}
        assert {name for name, section in sections if section not in allowed} == set()


def _prose(text: str) -> str:
    """A text without code, quoted messages, comments and targets."""
    text = re.sub(r"```.*?```|``.+?``", "", text, flags=re.DOTALL)
    text = re.sub(r"^( *)\.\. (code-block|raw)::.*\n(?:\1 +.*\n|\n)*", "", text, flags=re.MULTILINE)
    return re.sub(r"`[^`]*`_?|^ *\.\. .*$|\]\([^)]*\)", "", text, flags=re.MULTILINE)
