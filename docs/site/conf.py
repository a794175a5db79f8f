# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site that ``make docs`` builds; its pages are made by antsibull-docs, and the guides are beside.

tests/environment/docs.py gives ``version`` and ``release`` on the command line.
"""

import re

from sphinx.search import en, languages

REPOSITORY = "https://github.com/ansible-collections/community.workload_credentials"
# Pages that nobody edits: they are made of several files, or of none.
_MADE = {"changelog", "elsewhere", "environment_variables", "genindex", "reference", "search"}
_FOLDERS = {"module": "plugins/modules", "lookup": "plugins/lookup", "callback": "plugins/callback"}

project = "community.workload_credentials"
copyright = "2026, community.workload_credentials contributors"
html_title = "Workload credentials"
extensions = ["sphinx_antsibull_ext", "sphinx_copybutton"]
highlight_language = "yaml+jinja"
default_role = "any"
# A reference that leads nowhere is an error: the build turns warnings into errors.
nitpicky = True
html_theme = "furo"
html_theme_options = {"top_of_page_buttons": ["edit"]}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["extra"]
templates_path = ["templates"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = False


def edited_file(page):
    """Return the file in the repository that a page is made from; "" if there is none to edit."""
    if page in _MADE:
        return ""
    if page == "index":
        return "docs/site/index.rst"
    if page.startswith("docsite/"):
        return "docs/docsite/rst/{}.rst".format(page.partition("/")[2])
    name, kind = re.fullmatch(r"(\w+?)_(module|lookup|callback|role|event_source)", page).groups()
    if kind == "role":
        return f"roles/{name}/meta/argument_specs.yml"
    if kind == "event_source":
        return f"extensions/eda/plugins/event_source/{name}.py"
    return f"{_FOLDERS[kind]}/{name}.py"


def _add_edit_link(app, page, template, context, doctree):
    file = edited_file(page)
    context["edit_link"] = f"{REPOSITORY}/edit/main/{file}" if file else ""


class StatusSearch(en.SearchEnglish):
    """Search for English words and HTTP statuses.

    Sphinx ignores numbers in its index and in its script, so that "403" finds nothing. Both get another word for it.
    """

    js_splitter_code = r"""
var splitQuery = (query) =>
  query
    .split(/[^\p{Letter}\p{Number}_\p{Emoji_Presentation}]+/gu)
    .filter((term) => term)
    .map((term) => (/^[45]\d\d$/.test(term) ? "status" + term : term));
"""

    def split(self, input):
        """Return the words of a text."""
        return [f"status{word}" if re.fullmatch(r"[45]\d\d", word) else word for word in super().split(input)]


def setup(app):
    """Give each page the address at which its file is edited, and let readers search for HTTP statuses."""
    languages["en"] = StatusSearch
    if "development" in app.config.release:
        latest = "https://ansible-collections.github.io/community.workload_credentials/latest/"
        notice = f'Development version. See the <a href="{latest}">latest release</a>.'
        app.config.html_theme_options["announcement"] = notice
    app.connect("html-page-context", _add_edit_link)
