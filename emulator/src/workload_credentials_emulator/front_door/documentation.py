# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API's operations as a page, from its OpenAPI description, and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..admission import API_VERSION, VERSION_HEADER
from .html import Html, element
from .layout import cell, page, section, table


def documentation_page(description: dict[str, Any], *, with_ca: bool) -> str:
    """Return the page of an OpenAPI description."""
    groups: dict[str, list[Html]] = {}
    for path, operations in description["paths"].items():
        group = path.split("/")[1]
        groups.setdefault(group, []).extend(_operation(method, path, one) for method, one in operations.items())
    server = description["servers"][0]["url"]
    return page(
        f"{description['info']['title']} {description['info']['version']}",
        "Every operation that the emulator answers.",
        section("Address", element("p", element("code", server)), element("p", _FOR_ALL)),
        *(section(group, *operations) for group, operations in groups.items()),
        with_ca=with_ca,
    )


_FOR_ALL = (
    f"Requests need the headers Authorization: Bearer, with an access token, and {VERSION_HEADER}: {API_VERSION}. "
    "openapi.json has the schemas of bodies and answers."
)


def _operation(method: str, path: str, operation: dict[str, Any]) -> Html:
    rows = [
        [
            cell("Parameter", one["name"], kind="code"),
            cell("Where", one["in"], kind="short"),
            cell("Need", "required" if one.get("required") else "optional", kind="short"),
            cell("Values", ", ".join(_values(one["schema"]))),
        ]
        for one in operation["parameters"]
        if one["name"] != VERSION_HEADER
    ]
    return element(
        "details",
        element(
            "summary",
            element("code", element("span", method.upper(), class_="method"), " ", path),
            " ",
            element("span", operation.get("description", ""), class_="soft"),
        ),
        table(("Parameter", "Where", "Need", "Values"), rows) if rows else "",
        element("p", f"Body: {', '.join(_bodies(operation)) or 'none'}. Answers: {', '.join(operation['responses'])}."),
    )


def _values(schema: dict[str, Any]) -> Iterator[str]:
    """Return what a parameter may be, in the words of its schema."""
    if "enum" in schema:
        yield from map(str, schema["enum"])
    elif "const" in schema:
        yield str(schema["const"])
    elif "anyOf" in schema:
        for one in schema["anyOf"]:
            yield from _values(one)
    elif schema.get("type") != "null":
        yield schema.get("type", "any")


def _bodies(operation: dict[str, Any]) -> Iterator[str]:
    """Return the names of what the body may be."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schemas = content["schema"].get("oneOf") or content["schema"].get("anyOf") or [content["schema"]]
        yield from (one.get("$ref", one.get("type", "any")).rpartition("/")[2] for one in schemas)
