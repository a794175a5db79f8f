# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's templates: the role's own, or the user's of the same name.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import template
from ansible.plugins.loader import lookup_loader
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Template

# Where the lookup would take a text for data, it is told not to.
_TEXT = {} if hasattr(template, "trust_as_template") else {"convert_data": False}
_OWN = Path(__file__).parents[3] / "roles" / "cluster_credentials" / "templates"


def templates(action: Any, variables: Mapping[str, Any], folder: str | None) -> Template:
    """Renders templates as Ansible's own ``template`` does.

    :arg action: the action plugin, for its loader and templar.
    :arg folder: the user's; what is not in it is taken from the role.
    """
    own = Path(os.path.expanduser(folder)) if folder else None
    if own is not None and not own.is_dir():
        raise OptionError("templates_dir", f"{own} is not a folder.")
    lookup = lookup_loader.get("ansible.builtin.template", loader=action._loader, templar=action._templar)

    def render(name: str, given: Mapping[str, Any]) -> tuple[str, str]:
        path = _OWN / f"{name if '.' in name else f'{name}.yml'}.j2"
        if own is not None and (own / path.name).is_file():
            path = own / path.name
        try:
            # What users wrote in the operator's language is not Ansible's to render.
            (text,) = lookup.run([str(path)], variables, template_vars=wrap_var(dict(given)), **_TEXT)
        except Exception as error:
            # A template is a program: it can break off with anything.
            raise OptionError("templates_dir", f"{path} cannot be rendered: {_cause(error)}") from None
        return str(text), str(path)

    return render


def _cause(error: BaseException) -> str:
    """What the template did wrong: a name and a line, and no value."""
    while error.__cause__ is not None:
        error = error.__cause__
    line = getattr(error, "lineno", None)
    # Only Jinja's own texts are of the template alone.
    of_jinja = getattr(error, "message", None) if type(error).__module__.startswith("jinja2.") else None
    text = str(of_jinja or type(error).__name__).splitlines()[0]
    return f"{text}{f' (line {line})' if line else ''}."
