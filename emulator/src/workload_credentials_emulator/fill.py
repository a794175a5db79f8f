# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What sites hold at first: the content of a file, or of a dictionary of the same form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NotRequired, cast

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, PrivateAttr, ValidationError, with_config
from typing_extensions import TypedDict

from .bodies import AwsIntegration, AzureIntegration, DynamicCreate
from .errors import ApiError, StartError
from .items import Folder, StaticSecret
from .making import new_dynamic, new_integration
from .names import FolderPath, IntegrationName, folder_path, parent_of
from .new_token import NewToken
from .sentences import place, what_is_wrong
from .site import Site
from .tokens import Token

_CLOSED = ConfigDict(extra="forbid")


def _full_path(text: str) -> str:
    # The same path in two forms would be one, and the last of them would win.
    if not text or text != text.strip("/"):
        raise ValueError("must be a full path without a slash at either end")
    return folder_path(text)


FullPath = Annotated[FolderPath, AfterValidator(_full_path)]


@with_config(_CLOSED)
class Integrations(TypedDict):
    """By provider and name."""

    aws: NotRequired[dict[IntegrationName, AwsIntegration]]
    azure: NotRequired[dict[IntegrationName, AzureIntegration]]


class SiteContent(BaseModel):
    """What one site holds, by full path; the folders that a path needs are made."""

    model_config = _CLOSED

    folders: list[FullPath] = Field(default_factory=list)
    static: dict[FullPath, dict[str, JsonValue]] = Field(default_factory=dict)
    integrations: Integrations = Field(default_factory=Integrations)
    dynamic: dict[FullPath, DynamicCreate] = Field(default_factory=dict)


class Content(SiteContent):
    """What all sites hold, what some hold besides, and tokens."""

    sites: dict[str, SiteContent] = Field(default_factory=dict)
    tokens: list[NewToken] = Field(default_factory=list)

    _source: str = PrivateAttr(default="fill")

    def add_to(self, site: Site) -> None:
        """Add what the site holds of it.

        :raises StartError: something is there already, or needs what is not.
        """
        for id, part in (("", self), *self.sites.items()):
            if id.lower() in ("", site.id):
                with self._place(*(["sites", id] if id else [])):
                    _fill(site, part)

    def all_tokens(self, sites: Sequence[str]) -> dict[str, Token]:
        """The tokens by their value.

        :arg sites: those that there are.
        :raises StartError: another one is named.
        """
        named = [*self.sites, *(site for token in self.tokens for site in token.sites or ())]
        unknown = [site for site in named if site.lower() not in sites]
        if unknown:
            raise StartError(f"{self._source}: {unknown[0]} is none of the sites that are served.")
        return {token.token: token.made(sites) for token in self.tokens}

    @contextmanager
    def _place(self, *steps: str) -> Iterator[None]:
        try:
            yield
        except _Refusal as refusal:
            raise StartError(f"{self._source}: {'.'.join([*steps, *refusal.steps])}: {refusal.reason}") from None


class _Refusal(Exception):
    """What cannot be added, and why."""

    def __init__(self, steps: Sequence[str], reason: str) -> None:
        super().__init__(reason)
        self.steps = steps
        self.reason = reason


def read_content(source: Path | str | Mapping[str, Any]) -> Content:
    """The content of a YAML or JSON file, or of a dictionary.

    :raises StartError: it cannot be read, or holds what cannot be; the message names the place.
    """
    name = "fill" if isinstance(source, Mapping) else str(source)
    try:
        given = source if isinstance(source, Mapping) else _parsed(Path(source))
        content = Content.model_validate(given or {})
    except ValidationError as error:
        problem = error.errors()[0]
        raise StartError(f"{name}: {place(problem) or 'it'} {what_is_wrong(problem)}.") from None
    except ApiError as error:
        raise StartError(f"{name}: {error.message}") from None
    content._source = name
    return content


def _fill(site: Site, content: SiteContent) -> None:
    now = site.clock.now()
    for path in content.folders:
        _make_folders(site, path)
    for path, value in content.static.items():
        with _step("static", path):
            _make_folders(site, parent_of(path))
            secret = site.static.add(StaticSecret(path, now, leading_slash=site.leading_slash))
        secret.add(value, now)
    for type, named in content.integrations.items():
        for name, body in cast("dict[str, dict[str, Any]]", named).items():
            with _step("integrations", type, name):
                site.add_integration(new_integration(type, name, body, now))
    for path, definition in content.dynamic.items():
        with _step("dynamic", path):
            _make_folders(site, parent_of(path))
            site.dynamic.add(new_dynamic(site, path, definition))


@contextmanager
def _step(*steps: str) -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        raise _Refusal(steps, error.message) from None


def _make_folders(site: Site, path: str) -> None:
    if path and not site.folders.has(path):
        _make_folders(site, parent_of(path))
        site.folders.add(Folder(path, site.clock.now()))


class _Loader(yaml.SafeLoader):
    """YAML in which no name is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Make the dictionary of a mapping."""
        seen: set[str] = set()
        for key, _value in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, "a name is there twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _parsed(file: Path) -> Any:
    try:
        return _Loader(file.read_text(encoding="utf-8")).get_single_data()
    except yaml.MarkedYAMLError as error:
        # Not the error itself, which shows the line, and so perhaps a secret.
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise StartError(f"{file}{line}: {error.problem}.") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise StartError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no YAML'}.") from None
