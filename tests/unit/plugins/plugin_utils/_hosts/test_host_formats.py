# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a value is, the programs that read a file get it, or the file is not written."""

from __future__ import annotations

import configparser
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.formats import (
    DYNAMIC_SECRETS,
    SERVICE_ACCOUNTS,
    STATIC_SECRETS,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._hosts.formats import content_of, names_of
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.env_files import by_docker, by_shell, by_systemd, by_systemd_itself, library_of_systemd

# What readers disagree about occurs often.
AWKWARD = st.text(st.one_of(st.sampled_from(" \t\n\r\"'\\$`#;!%&=~*?(){}[]<>|^\x7f\x01"), st.characters(codec="utf-8")))
VALUES = st.dictionaries(st.from_regex("[A-Z_][A-Z0-9_]{0,5}", fullmatch=True), AWKWARD, min_size=1, max_size=4)
AWS = {"accessKeyId": "ASIA", "secretAccessKey": "s/+", "sessionToken": "t==", "leaseId": "l", "expiration": "e"}


def text_of(values: dict[str, Any], name: str, keys: dict[str, str] | None = None) -> str:
    return content_of(values, STATIC_SECRETS, name, keys, "prod/app")[0]


def written(values: dict[str, str], name: str) -> str | None:
    """The text of a format; None: it was refused, with the name of a key and with no value."""
    text, refusal = tried(values, name)
    if text is not None:
        return text
    assert re.match(f"format: {name} cannot express the value of [A-Z0-9_]+: ", refusal)
    # A value may be a word of the sentence by chance.
    marked = tried({key: f"{value[:1]}canary{value[1:]}" for key, value in values.items()}, name)[1]
    assert "canary" not in marked
    return None


def tried(values: dict[str, str], name: str) -> tuple[str | None, str]:
    """The text of a format, or why there is none."""
    try:
        return text_of(values, name), ""
    except OptionError as error:
        return None, str(error)


@given(VALUES)
@example({"A": "back\\slash", "B": 'a"b$c`d'})
@example({"A": "two\nlines", "B": "ends with \\"})
@example({"A": "", "B": " "})
@settings(max_examples=300, deadline=None)
def test_dotenv_is_the_value_to_systemd_or_is_refused(values: dict[str, str]) -> None:
    text = written(values, "dotenv")
    has_control = re.search("[\x00-\x08\x0b-\x1f\x7f]", "".join(values.values())) is not None
    assert (text is None) == has_control
    if text is not None:
        assert by_systemd(text) == values


@pytest.mark.parametrize("shell", ["sh", "bash", "dash"])
@given(values=VALUES)
@example(values={"A": "!!", "B": "$(id)`id`${HOME}$HOME"})
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_dotenv_is_the_value_to_a_shell(values: dict[str, str], shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    # A shell has variables of its own.
    values = {f"X{name}": value for name, value in values.items()}
    text = written(values, "dotenv")
    if text is None:
        return
    file = tmp_path / "env"
    file.write_bytes(text.encode())
    assert by_shell(shell, file, list(values)) == values


@given(VALUES)
@example({"A": "a b$c#d'e\"f;g", "B": "# no comment", "C": ""})
@settings(max_examples=300, deadline=None)
def test_env_file_is_the_value_to_systemd_and_to_docker_or_is_refused(values: dict[str, str]) -> None:
    text = written(values, "env_file")
    if text is not None:
        assert by_systemd(text) == by_docker(text) == values


@pytest.mark.parametrize("name", ["env_file", "dotenv"])
@given(values=VALUES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_systemds_own_code_reads_it_so(values: dict[str, str], name: str, tmp_path: Path) -> None:
    library = library_of_systemd()
    if library is None:
        pytest.skip("systemd is not installed")
    text = written(values, name)
    if text is None:
        return
    file = tmp_path / "env"
    file.write_bytes(text.encode())
    assert by_systemd_itself(library, file) == values


@given(text=st.text(st.sampled_from("AB=\"'\\ \t\n#;$`x"), max_size=30))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_rules_of_these_tests_are_systemds(text: str, tmp_path: Path) -> None:
    library = library_of_systemd()
    if library is None:
        pytest.skip("systemd is not installed")
    file = tmp_path / "env"
    file.write_bytes(text.encode())
    itself = by_systemd_itself(library, file)
    # A service does not get variables with other names either.
    assert {name: value for name, value in itself.items() if re.fullmatch("[A-Za-z_]\\w*", name)} == by_systemd(text)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_ini_is_the_value_to_a_parser_or_is_refused(values: dict[str, str]) -> None:
    text = written(values, "ini")
    if text is None:
        return
    parser = configparser.RawConfigParser(default_section="none")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    assert dict(parser["default"]) == values


@given(st.dictionaries(st.text(), st.one_of(AWKWARD, st.integers(), st.none(), st.lists(AWKWARD)), min_size=1))
@settings(max_examples=150, deadline=None)
def test_json_and_yaml_are_the_values(values: dict[str, Any]) -> None:
    assert json.loads(text_of(values, "json")) == values
    assert yaml.safe_load(text_of(values, "yaml")) == values


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a\nb", "several lines"),
        ("a\\b", "backslash"),
        ("'a'", "quote"),
        (" a", "spaces"),
        ("a\x01", "control character"),
    ],
)
def test_what_env_file_cannot_express_is_refused_with_the_key_and_without_the_value(value: str, words: str) -> None:
    with pytest.raises(OptionError, match=f"the value of PASSWORD: .*{words}"):
        text_of({"PASSWORD": value}, "env_file")


def test_a_name_that_is_no_variable_is_refused_with_advice() -> None:
    with pytest.raises(OptionError, match="'my-key': give it a name with keys"):
        text_of({"my-key": "x"}, "env_file")
    assert text_of({"my-key": "x"}, "env_file", {"KEY": "my-key"}) == "KEY=x\n"


def test_half_a_character_is_refused() -> None:
    for name in ("json", "yaml", "dotenv", "token"):
        with pytest.raises(OptionError, match="format"):
            text_of({"token": "\ud800"}, name)


def test_variables_are_those_of_the_providers_tools() -> None:
    names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    for name in ("env_file", "dotenv", "aws_env"):
        assert content_of(AWS, DYNAMIC_SECRETS, name, None, "prod/aws")[1] == names
    assert content_of(AWS, DYNAMIC_SECRETS, "aws_credentials", None, "prod/aws")[0].startswith("[default]\naws_access_")
    assert content_of(AWS, DYNAMIC_SECRETS, "json", {"id": "accessKeyId"}, "prod/aws") == (
        '{\n  "id": "ASIA"\n}\n',
        ["id"],
    )


def test_one_text_stands_alone() -> None:
    values = {"token": "eyJ", "kubeconfig": "apiVersion: v1\n", "expiration": "e"}
    assert content_of(values, SERVICE_ACCOUNTS, "token", None, "apps/x") == ("eyJ", ["token"])
    assert content_of(values, SERVICE_ACCOUNTS, "kubeconfig", None, "apps/x")[0] == "apiVersion: v1\n"
    assert "kubeconfig" not in json.loads(content_of(values, SERVICE_ACCOUNTS, "json", None, "apps/x")[0])
    assert text_of({"password": "pw"}, "token", {"x": "password"}) == "pw"
    with pytest.raises(OptionError, match="names one key"):
        text_of({"a": "1", "b": "2"}, "token", {"a": "a", "b": "b"})
    with pytest.raises(OptionError, match="have no 'token'; they have a"):
        text_of({"a": "1"}, "token")


def test_numbers_and_dictionaries_are_written_as_json() -> None:
    assert text_of({"PORT": 5432, "ON": True}, "env_file") == "PORT=5432\nON=true\n"


def test_the_formats_of_a_source_are_formats_of_a_file() -> None:
    assert set(DYNAMIC_SECRETS.names) < set(names_of(DYNAMIC_SECRETS))
