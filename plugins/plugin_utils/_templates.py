# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates, rendered as Ansible's own ``template`` does, in this worker's memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible import template
from ansible.plugins.loader import lookup_loader
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._api.errors import OptionError

# Before 2.19 the lookup would turn a text that looks like data into that data.
_TEXT = {} if hasattr(template, "trust_as_template") else {"convert_data": False}


def renderer(action: Any, variables: Mapping[str, Any], option: str) -> Callable[[Path, Mapping[str, Any]], str]:
    """Return a function that renders a template with variables of its own beside those of the task.

    :arg action: the action plugin, for its loader and templar.
    :arg option: names the template, for messages.
    """
    lookup = lookup_loader.get("ansible.builtin.template", loader=action._loader, templar=action._templar)

    def render(path: Path, given: Mapping[str, Any]) -> str:
        try:
            # Ansible must not render what these values happen to say.
            (text,) = lookup.run([str(path)], variables, template_vars=wrap_var(dict(given)), **_TEXT)
        except Exception as error:
            # A template is a program, which can fail with any exception.
            raise OptionError(option, f"{path} cannot be rendered: {_cause(error)}") from None
        return str(text)

    return render


def _cause(error: BaseException) -> str:
    """Return what the template did wrong: a name and a line, and no value."""
    while error.__cause__ is not None:
        error = error.__cause__
    line = getattr(error, "lineno", None)
    # Only Jinja's own messages quote nothing but the template.
    of_jinja = getattr(error, "message", None) if type(error).__module__.startswith("jinja2.") else None
    text = str(of_jinja or type(error).__name__).splitlines()[0]
    return f"{text}{f' (line {line})' if line else ''}."
