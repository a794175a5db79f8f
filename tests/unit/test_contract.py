# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation, spec, action group and routing say the same: what ansible-test sanity does not compare."""

from __future__ import annotations

import importlib
import itertools
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._host_files import INFO_OPTIONS
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.options import AUTH, SECRET_VARIABLES
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import MODULES, spec_of
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import ENTRY
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.spec import OPTIONS
from ansible_collections.community.workload_credentials.plugins.plugin_utils._hosts.spec import OPTIONS as FILE
from ansible_collections.kubernetes.core.plugins.module_utils import args_common

from tests.support.documentation import COLLECTION, LOOKUPS, ON_HOSTS, ON_THE_CONTROLLER, documented

PACKAGE = "ansible_collections.community.workload_credentials.plugins"
ROOT = Path(__file__).parents[2]
ROLE = ROOT / "roles" / "cluster_credentials"
SECRETS = {
    "access_token",
    "admin_access_token",
    "api_key",
    "client_secret",
    "documents",
    "password",
    "secret",
    "secrets",
}
# Those of a tree hold values and client secrets; of a module's own results they are names.
SECRETS |= {"documents", "integrations", "static_secrets"}
# Mentioned in the connection's descriptions without being an option's own.
OTHER_VARIABLES = {"REQUESTS_CA_BUNDLE"}


def lookup(name: str) -> Any:
    """A lookup plugin's class."""
    return importlib.import_module(f"{PACKAGE}.lookup.{name}").LookupModule


def test_files_index_group_and_action_plugins_name_the_same_modules() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    groups = runtime["action_groups"]
    # A module without an action plugin would run as a process only, and show secret values that it returns.
    places = {
        "plugins/modules": [path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")],
        "plugins/action": [path.stem for path in (ROOT / "plugins" / "action").glob("*.py")],
        "a group in meta/runtime.yml": list(itertools.chain(*groups.values())),
        "MODULES in _resources/index.py": [*MODULES, ON_THE_CONTROLLER, *ON_HOSTS],
    }
    every = Counter({name: 1 for names in places.values() for name in names})
    wrong = {place: sorted((every - Counter(names)) + (Counter(names) - every)) for place, names in places.items()}
    assert not any(wrong.values()), f"missing or repeated: {wrong}"
    # A group's defaults are for options that each of its modules has.
    assert sorted(groups["service_accounts"]) == [name for name in MODULES if spec_of(name).connect]
    assert sorted(groups["administration"]) == [name for name in MODULES if spec_of(name).administers]


def test_a_clusters_options_are_those_of_kubernetes_core() -> None:
    own = {name: {"type": "str", **entry} for name, entry in args_common.AUTH_ARG_SPEC.items()}
    assert own == AUTH
    assert set(SECRET_VARIABLES.values()) == {name for name, entry in AUTH.items() if entry.get("no_log")}


@pytest.mark.parametrize("name", MODULES)
def test_a_modules_documentation_is_its_spec(name: str) -> None:
    compare(documented("module", name)["doc"]["options"], spec_of(name).options, "suboptions")


def compare(options: Mapping[str, Any], spec: Mapping[str, Any], nested: str) -> None:
    """Every option is documented as it is, as far down as they go.

    :arg nested: the word with which the documentation says what is in an option.
    """
    assert options.keys() == spec.keys()
    for option, entry in spec.items():
        said = options[option]
        for key in ("type", "default", "choices", "elements", "aliases"):
            assert said.get(key) == (
                list(entry[key]) if key in ("choices", "aliases") and key in entry else entry.get(key)
            ), f"{option}: {key}"
        assert said.get("required", False) == entry.get("required", False), option
        compare(said.get(nested, {}), entry.get("options", {}), nested)


def test_the_options_of_the_modules_on_hosts_are_their_specs() -> None:
    for name, spec in zip(ON_HOSTS, (FILE, INFO_OPTIONS), strict=True):
        compare(documented("module", name)["doc"]["options"], spec, "suboptions")


@pytest.mark.parametrize(("name", "options"), [(ON_HOSTS[0], FILE), (ON_HOSTS[1], INFO_OPTIONS)], ids=ON_HOSTS)
def test_the_examples_of_the_modules_on_hosts_use_known_options(name: str, options: Mapping[str, Any]) -> None:
    tasks = list(_tasks(yaml.safe_load(documented("module", name)["examples"])))
    own = [task[f"{COLLECTION}.{name}"] for task in tasks if f"{COLLECTION}.{name}" in task]
    assert len(own) >= 3
    for arguments in own:
        assert arguments.keys() <= options.keys()


def test_the_options_of_the_clusters_module_and_the_roles_variables_are_its_spec() -> None:
    with_entries = {**OPTIONS, "entries": {**OPTIONS["entries"], "options": ENTRY}}
    compare(documented("module", ON_THE_CONTROLLER)["doc"]["options"], with_entries, "suboptions")
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    own = {name: entry for name, entry in OPTIONS.items() if name not in CONNECTION}
    for entry_point, spec in specs.items():
        for variable, said in spec["options"].items():
            option = variable.removeprefix("cluster_credentials_")
            default = own[option].get("default", "") if option != "state" else "present"
            known = {**own[option], "default": default}
            if option == "state":
                known["choices"] = ["present", "absent", "refreshed"]
            if entry_point == "render" and option == "render_dir":
                known = {**known, "required": True}
                known.pop("default")
            compare({variable: said}, {variable: known}, "options")
    assert defaults == {f"cluster_credentials_{name}": own[name].get("default", "") for name in own}
    assert specs["main"]["options"].keys() == defaults.keys()


def test_the_roles_step_hands_over_each_of_its_variables() -> None:
    (block,) = yaml.safe_load((ROLE / "tasks" / "step.yml").read_text(encoding="utf-8"))
    (step,) = [task for task in block["block"] if f"{COLLECTION}.{ON_THE_CONTROLLER}" in task]
    own = {name: f"{{{{ cluster_credentials_{name} }}}}" for name in OPTIONS if name not in CONNECTION}
    own["state"] = "{{ cluster_credentials_wanted_state }}"
    assert step[f"{COLLECTION}.{ON_THE_CONTROLLER}"] == own


@pytest.mark.parametrize("name", MODULES)
def test_the_environment_variables_that_the_documentation_names_are_those_that_count(name: str) -> None:
    options = documented("module", name)["doc"]["options"]
    for option, entry in spec_of(name).options.items():
        text = " ".join(options[option]["description"])
        said = [variable for variable in re.findall(r"E\((\w+)\)", text) if variable not in OTHER_VARIABLES]
        # Those of a cluster's options are kubernetes.core's to read.
        if option not in AUTH or spec_of(name).connect is None:
            assert said == [variable.lstrip("!") for variable in entry.get("env", ())], option


@pytest.mark.parametrize("name", MODULES)
def test_secrets_are_marked_and_nothing_else_hides(name: str) -> None:
    marked = {option for option, entry in spec_of(name).options.items() if entry.get("no_log")}
    assert marked == SECRETS & spec_of(name).options.keys()


@pytest.mark.parametrize("name", MODULES)
def test_examples_use_known_options_and_there_are_three(name: str) -> None:
    tasks = list(_tasks(yaml.safe_load(documented("module", name)["examples"])))
    own = [task for task in tasks if f"{COLLECTION}.{name}" in task]
    assert len(own) >= 3
    for task in tasks:
        for key, arguments in task.items():
            module = key.rpartition(".")[2]
            if key.startswith(COLLECTION) and isinstance(arguments, Mapping):
                known = spec_of(module).options
                aliases = {alias for entry in known.values() for alias in entry.get("aliases", ())}
                assert arguments.keys() <= known.keys() | aliases, task


@pytest.mark.parametrize("name", [name for name in LOOKUPS if lookup(name).connection])
def test_a_lookup_takes_the_same_connection_from_option_environment_ini_and_vars(name: str) -> None:
    assert lookup(name).connection == CONNECTION
    options = documented("lookup", name)["doc"]["options"]
    for option, entry in CONNECTION.items():
        said = options[option]
        assert {key: said.get(key) for key in ("type", "default")} == {
            key: entry.get(key) for key in ("type", "default")
        }
        assert sources(said) == expected_sources(option, entry), option


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookups_own_options_are_its_data(name: str) -> None:
    options = documented("lookup", name)["doc"]["options"]
    own = lookup(name).own
    assert options.keys() == lookup(name).connection.keys() | own.keys() | {"_terms"}
    for option, entry in own.items():
        said = options[option]
        for key in ("type", "default", "choices", "elements", "aliases"):
            assert said.get(key) == entry.get(key), f"{option}: {key}"
        if "options" in entry:
            compare(said["suboptions"], entry["options"], "suboptions")
        assert sources(said) == expected_sources(option, entry), option


def test_the_callback_plugins_own_options_are_its_data() -> None:
    options = documented("callback", "leases")["doc"]["options"]
    own = importlib.import_module(f"{PACKAGE}.plugin_utils._end_of_run").OPTIONS
    assert options.keys() == own.keys()
    for option, entry in own.items():
        assert (options[option]["type"], options[option].get("default")) == (entry["type"], entry.get("default"))
        # Ansible's main process knows no variables of plays.
        assert sources(options[option]) == expected_sources(option, entry)[:-1], option


def sources(said: Mapping[str, Any]) -> list[str]:
    """The environment variables, ini entries and variables that an option's documentation names."""
    ini = [f"[{one['section']}] {one['key']}" for one in said.get("ini", ())]
    return [*(one["name"] for one in said.get("env", ())), *ini, *(one["name"] for one in said.get("vars", ()))]


def expected_sources(option: str, entry: Mapping[str, Any]) -> list[str]:
    """Those that count."""
    if "env" not in entry:
        return []
    # Documentation knows no variable that means the opposite.
    named = [one for one in entry["env"] if not one.startswith("!")]
    return [*named, f"[workload_credentials] {option}", f"workload_credentials_{option}"]


def _tasks(found: Any) -> Any:
    """Every task in a list of tasks or plays."""
    for entry in found or []:
        blocks = [
            entry[key] for key in ("tasks", "block", "rescue", "always", "post_tasks", "handlers") if key in entry
        ]
        if blocks:
            for block in blocks:
                yield from _tasks(block)
        else:
            yield entry
