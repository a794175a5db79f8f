# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a value, in words of ours: validators have theirs, which speak of Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# By the validator's name for the problem; the braces are what it knows about the value that it wanted.
_SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "literal_error": "must be {expected}",
    "union_tag_invalid": "must have one of these in {discriminator}: {expected_tags}",
    "union_tag_not_found": "must have {discriminator}",
    "string_pattern_mismatch": "must fit the pattern {pattern}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a finite number",
    "value_error": "{error}",
    "timezone_aware": "must have an offset, such as Z",
    "json_invalid": "must be JSON",
    "invalid-json-value": "must be what JSON can hold",
}
# By the first word of that name.
_KINDS = {
    "string": "must be text",
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "dict": "must be an object",
    "model": "must be an object",
    "dataclass": "must be an object",
    "mapping": "must be an object",
    "list": "must be a list",
    "frozen": "must be a list",
    "uuid": "must be a UUID",
    "datetime": "must be a time, such as 2026-05-01T12:00:00Z",
    "date": "must be a time, such as 2026-05-01T12:00:00Z",
    "none": "must be null",
}


def what_is_wrong(problem: Mapping[str, Any]) -> str:
    """The end of a sentence that begins with the name of the field; never the value, which may be secret."""
    kind = problem["type"]
    context = {name: str(value) for name, value in problem.get("ctx", {}).items()}
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(**context)
    return _KINDS.get(kind.partition("_")[0], "does not have the form that it must have")


def place(problem: Mapping[str, Any]) -> str:
    """Where it is wrong, as in ``body.tags.env``."""
    # The validator's word for a key that is wrong itself, which stands before it.
    return ".".join(str(step) for step in problem["loc"] if step != "[key]")
