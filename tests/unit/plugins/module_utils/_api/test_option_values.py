# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.option_values import (
    Given,
    from_environment,
    is_set,
    typed,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION
from ansible_collections.community.workload_credentials.plugins.plugin_utils._options import (
    ADMIN_TOKEN_OPTIONS,
    TOKEN_OPTIONS,
    arguments,
    environment,
    play_variables,
    resolve,
)
from hypothesis import given
from hypothesis import strategies as st

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
CLEAR = ["yes", "no", "on", "off", "true", "false", "y", "n", "t", "f", "0", "1", 0, 1, True, False, 0.0, 1.0]
NOTHING = ["", " ", "\t\n", "\ufeff", None, "__omit_place_holder__0123"]


@given(ANYTHING | st.sampled_from(CLEAR).map(lambda one: one.upper() if isinstance(one, str) else one))
def test_a_switch_is_what_ansible_surely_understands_or_an_error(value: Any) -> None:
    try:
        understood: bool | None = boolean(value, strict=True)
    except TypeError:
        understood = None
    if understood is None:
        with pytest.raises(OptionError, match=r"^validate_certs: .* is neither yes nor no \(from x\)\.$"):
            typed("validate_certs", CONNECTION["validate_certs"], Given(value, "x"))
    else:
        assert typed("validate_certs", CONNECTION["validate_certs"], Given(value, "x")) is understood


@given(ANYTHING)
def test_any_other_value_becomes_its_type_or_an_error(value: Any) -> None:
    kinds = {"str": str, "path": str, "int": int, "bool": bool}
    for option, entry in CONNECTION.items():
        text = ""
        try:
            found = typed(option, entry, Given(value, "x"))
            # To Python a bool is an int, too.
            assert isinstance(found, kinds[entry["type"]])
            assert isinstance(found, bool) is (entry["type"] == "bool")
        except OptionError as error:
            text = str(error)
        assert not text or re.fullmatch(rf"{option}: .* \(from x\)\.", text)


@pytest.mark.parametrize(
    ("value", "number"), [("30", 30), (" 7 ", 7), ("30.0", 30), (2.0, 2), ("-1", -1), ("1e3", None), ("٣", None)]
)
def test_whole_numbers(value: Any, number: int | None) -> None:
    if number is None:
        with pytest.raises(OptionError, match="not a whole number"):
            typed("timeout", {"type": "int"}, Given(value, "x"))
    else:
        assert typed("timeout", {"type": "int"}, Given(value, "x")) == number


@pytest.mark.parametrize("nothing", NOTHING)
def test_nothing_is_not_set(nothing: Any) -> None:
    assert not is_set(nothing)


@pytest.mark.parametrize(("said", "counts"), [("1", False), ("no", True), ("", None), (" ", None)])
def test_the_vendors_variable_means_the_opposite(said: str, counts: bool | None) -> None:
    found = from_environment("validate_certs", CONNECTION["validate_certs"], {"BEYONDTRUST_INSECURE": said})
    assert (found and found.value) == counts


SAID = st.lists(st.sampled_from([*NOTHING, "value"]), min_size=3, max_size=3)
FREE = [name for name, entry in CONNECTION.items() if entry["type"] in ("str", "path") and "choices" not in entry]


@given(st.fixed_dictionaries(dict.fromkeys(FREE, SAID)))
def test_each_option_is_the_nearest_that_is_not_empty(said: dict[str, list[Any]]) -> None:
    places = ("argument", "variable", "environment")
    values = [
        {name: f"{name} {place}" if one[number] == "value" else one[number] for name, one in said.items()}
        for number, place in enumerate(places)
    ]
    sources = [
        arguments(values[0], "the task"),
        play_variables({f"workload_credentials_{name}": value for name, value in values[1].items()}, None),
        environment({CONNECTION[name]["env"][0]: value for name, value in values[2].items() if value is not None}),
    ]
    resolved = resolve(CONNECTION, sources)
    for name, one in said.items():
        # The two tokens of a site count together.
        group = next((tokens for tokens in (TOKEN_OPTIONS, ADMIN_TOKEN_OPTIONS) if name in tokens), (name,))
        together = [said[token] for token in group]
        nearest = next((number for number in range(3) if any(each[number] == "value" for each in together)), None)
        counts = nearest is not None and one[nearest] == "value"
        assert resolved.values.get(name) == (f"{name} {places[nearest]}" if counts else None)
        assert (name in resolved.origins) == counts
