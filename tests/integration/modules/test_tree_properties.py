# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random trees, and random drifts between them: check mode predicts each run, and the second run does nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.definitions import ROLE, do
from tests.support.site import Site

pytestmark = pytest.mark.one_core
# The fixture makes a site for each example.
UNHURRIED: Any = {
    "deadline": None,
    "derandomize": True,
    # Each example takes a second, and shrinking one takes hundreds.
    "phases": (Phase.explicit, Phase.generate),
    "print_blob": False,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
FOLDERS = ("a", "a/b", "c")
NAMES = ("x", "a/x", "a/b/x", "a/b/y", "c/x")
DEFINITIONS = ("a/aws", "c/aws", "aws")
TAGS = st.dictionaries(st.sampled_from(["env", "Team"]), st.sampled_from(["1", "2"]), max_size=2)
SECRET = st.dictionaries(st.sampled_from(["k", "l"]), st.sampled_from(["v", "w", 1, None]), max_size=2)
STATIC = st.fixed_dictionaries({}, optional={"secret": SECRET, "tags": TAGS})
DYNAMIC = st.fixed_dictionaries(
    {
        "type": st.just("aws"),
        "integration_name": st.just("main"),
        "role_arn": st.just(ROLE),
        "ttl": st.integers(900, 901),
    },
    optional={"tags": TAGS},
)
# Another spelling of a path means the same.
SPELLED = st.sampled_from(["{}", "/{}", "{}/"])


def section(paths: tuple[str, ...], objects: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects by some of the paths."""
    chosen = st.dictionaries(st.sampled_from(paths), st.tuples(SPELLED, objects), max_size=3)
    return chosen.map(lambda found: {spelled.format(path): one for path, (spelled, one) in found.items()})


TREE = st.fixed_dictionaries(
    {
        "folders": section(FOLDERS, st.fixed_dictionaries({}, optional={"tags": TAGS})),
        "static_secrets": section(NAMES, STATIC),
        "dynamic_secrets": section(DEFINITIONS, DYNAMIC),
        "integrations": st.just({"aws/main": {"role_arn": ROLE}}),
        "prune": st.lists(st.sampled_from(["folders", "static_secrets", "dynamic_secrets"]), unique=True),
        "prune_limit": st.just(100),
        "permanent": st.booleans(),
        "purge_keys": st.booleans(),
        "purge_tags": st.booleans(),
        "on_deleted": st.sampled_from(["restore", "restore", "restore", "replace", "fail"]),
    }
)
GONE = {"state": "absent"}
DRIFT = st.one_of(
    st.tuples(st.just("static_secret"), st.sampled_from(NAMES), st.sampled_from([GONE, {**GONE, "permanent": True}])),
    st.tuples(st.just("static_secret"), st.sampled_from(NAMES), SECRET.map(lambda secret: {"secret": secret})),
    st.tuples(st.just("static_secret"), st.sampled_from(NAMES), TAGS.map(lambda tags: {"tags": tags})),
    st.tuples(st.just("folder"), st.sampled_from(FOLDERS), st.just({**GONE, "recursive": True})),
    st.tuples(st.just("folder"), st.sampled_from(FOLDERS), TAGS.map(lambda tags: {"tags": tags})),
    st.tuples(st.just("dynamic_secret"), st.sampled_from(DEFINITIONS), st.just(GONE)),
    st.tuples(st.just("dynamic_secret"), st.sampled_from(DEFINITIONS), st.just({"type": "aws", "ttl": 1000})),
)
STEPS = st.lists(st.tuples(TREE, st.lists(DRIFT, max_size=4)), min_size=1, max_size=3)


@pytest.fixture
def new_site(emulator: Any, unused_sites: Iterator[str], world: str) -> Callable[[], Site]:
    """A function that returns an empty site; reads do not lag, which is another test's subject and takes its time."""

    def make() -> Site:
        site = Site(emulator, next(unused_sites))
        if world == "living":
            site.behave(living=True, read_lag=0.0)
        return site

    return make


def attempted(site: Site, module: str, **arguments: Any) -> dict[str, Any]:
    """What the module returns, or its message."""
    try:
        return do(site, module, **arguments)
    except WorkloadCredentialsError as error:
        return {"message": str(error)}


def drift(site: Site, root: str, drifts: list[Any]) -> None:
    """Somebody changes things by hand, as far as that is possible."""
    for module, path, wanted in drifts:
        attempted(site, module, path=f"{root}/{path}" if root else path, **wanted)


def check(site: Site, tree: dict[str, Any]) -> None:
    """One tree: predicted, made, made again, and read and given back."""
    site.forget()
    predicted = attempted(site, "tree", check_mode=True, **tree)
    assert site.writes() == []
    real = attempted(site, "tree", **tree)
    assert predicted == real
    if "message" in real:
        assert site.writes() == []
        return
    assert real["changed"] == bool(site.writes())
    site.forget()
    again = do(site, "tree", **tree)
    assert (again["changes"], site.writes()) == ([], [])
    read = attempted(site, "tree_info", root=tree["root"], values=True)
    if "message" in read:
        # A tree without objects makes no root.
        assert "there is no folder" in read["message"]
        return
    found = read["tree"]
    prune = ["folders", "static_secrets", "dynamic_secrets"]
    back = do(site, "tree", **{"root": tree["root"], **found}, prune=prune, purge_keys=True, purge_tags=True)
    assert (back["changes"], site.writes()) == ([], [])


def run(new_site: Callable[[], Site], root: str, steps: list[Any]) -> None:
    site = new_site()
    for tree, drifts in steps:
        check(site, {"root": root, **tree})
        drift(site, root, drifts)


@settings(max_examples=12, **UNHURRIED)
@given(root=st.sampled_from(["", "r", "r/s"]), steps=STEPS)
def test_trees(new_site: Callable[[], Site], root: str, steps: list[Any]) -> None:
    run(new_site, root, steps)


@pytest.mark.thorough
@settings(max_examples=120, **UNHURRIED)
@given(root=st.sampled_from(["", "r", "r/s"]), steps=STEPS)
def test_more_trees(new_site: Callable[[], Site], root: str, steps: list[Any]) -> None:
    run(new_site, root, steps)
