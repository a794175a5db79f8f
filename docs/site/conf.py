# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site that ``make docs`` builds; its pages are made by antsibull-docs, and the guides are beside."""

project = "community.workload_credentials"
copyright = "2026, community.workload_credentials contributors"
html_title = "Workload credentials"
extensions = ["sphinx_antsibull_ext"]
highlight_language = "yaml+jinja"
default_role = "any"
# A reference that leads nowhere is an error: the build turns warnings into errors.
nitpicky = True
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_use_index = False
