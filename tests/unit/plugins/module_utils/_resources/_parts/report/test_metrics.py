# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics of a lease report, read by a strict parser, and the alert rules that use them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.report.metrics import (
    metrics_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.report.totals import (
    by_dynamic_secret,
    by_identity,
    counted,
)

from tests.unit.plugins.module_utils._resources._parts.report.test_totals import ROWS, row

ROOT = Path(__file__).parents[7]
RULES = ROOT / "roles" / "lease_report" / "files" / "lease-report-alerts.yml"
GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_lease_report.rst"
PREFIX = "workload_credentials_"
HEAD = {"site_id": "s", "folder": "/"}
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parsed(text: str) -> Samples:
    """The samples of a text that keeps every rule of the format: help and type once, then the metric's samples."""
    assert text.endswith("\n")
    samples: Samples = {}
    described: list[str] = []
    lines = iter(text.split("\n")[:-1])
    for line in lines:
        if line.startswith("# HELP "):
            name = re.fullmatch(r"# HELP ([a-z_]+) \S.*", line)[1]  # type: ignore[index]
            assert next(lines) == f"# TYPE {name} gauge"
            assert name not in described
            described.append(name)
            continue
        found = re.fullmatch(r'([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\} (\d+)', line)
        assert found, line
        assert found[1] == described[-1]
        pairs = re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', found[2])
        labels = {key: re.sub(r"\\(.)", lambda one: {"n": "\n"}.get(one[1], one[1]), value) for key, value in pairs}
        assert len(labels) == len(pairs)
        series = (found[1].removeprefix(PREFIX), frozenset(labels.items()))
        assert series not in samples
        samples[series] = float(found[3])
    return samples


def report(rows: list[dict[str, Any]], types: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {
        **HEAD,
        "generated": "1970-01-01T01:00:00Z",
        "looked_for_holders": True,
        "summary": {**counted(rows), "dynamic_secrets": len(types or {})},
        "by_dynamic_secret": by_dynamic_secret(rows, types or {}),
        "by_identity": by_identity(rows),
        "since_previous": {"generated": "1970-01-01T00:00:00Z", "new": ["1"], "expired": [], "ended_early": ["7", "8"]},
        **more,
    }


def found(samples: Samples, name: str) -> dict[Any, float]:
    """The values of a metric by its own labels; each sample has the site and the folder."""
    result = {}
    for (metric, labels), value in samples.items():
        if metric == name:
            assert HEAD.items() <= dict(labels).items()
            result[" ".join(sorted(value for _name, value in labels - HEAD.items()))] = value
    return result


def test_metrics_are_the_totals() -> None:
    samples = parsed(metrics_of(report(ROWS, {"prod/a": "aws", "prod/unused": "aws"}), 10))
    assert found(samples, "lease_report_timestamp_seconds") == {"": 3600}
    assert found(samples, "dynamic_secrets") == {"": 2}
    paths = {"(unknown)": 0, "prod/a": 1, "prod/b": 2, "prod/unused": 0}
    assert found(samples, "leases_active") == paths
    assert found(samples, "leases_expiring_soon") == {**dict.fromkeys(paths, 0), "prod/a": 1}
    assert found(samples, "leases_orphaned") == dict.fromkeys(paths, 0)
    assert found(samples, "leases_ended_in_secret") == {**dict.fromkeys(paths, 0), "(unknown)": 1}
    assert found(samples, "leases_next_expiration_timestamp_seconds").keys() == {"prod/a", "prod/b"}
    assert found(samples, "identity_leases_active") == {"(unknown)": 1, "x": 1, "y": 1}
    assert found(samples, "leases_since_previous_report") == {"new": 1, "expired": 0, "revoked": 2}


def test_what_is_not_known_has_no_samples() -> None:
    text = metrics_of(report(ROWS, looked_for_holders=False, since_previous=None), 10)
    assert {name for name, _labels in parsed(text)}.isdisjoint(
        {"leases_orphaned", "leases_ended_in_secret", "leases_since_previous_report"}
    )
    assert "orphaned" not in text


def test_series_are_limited_and_nothing_is_lost() -> None:
    rows = [row(str(number), path=f"prod/{number % 40}", by=f"id-{number % 30}") for number in range(500)]
    rows += [row(f"more-{number}", path="prod/39", by="id-29") for number in range(9)]
    samples = parsed(metrics_of(report(rows), 5))
    for name, most in (("leases_active", "prod/39"), ("identity_leases_active", "id-29")):
        values = found(samples, name)
        assert (len(values), sum(values.values())) == (6, 509)
        assert {most, "(other)"} <= values.keys()
    assert found(parsed(metrics_of(report(rows), 0)), "leases_active") == {"(other)": 509}


def test_identities_with_one_name_are_one_series() -> None:
    rows = [{**row("1", by="x"), "created_by_name": "AWX"}, {**row("2", by="y"), "created_by_name": "AWX"}]
    assert found(parsed(metrics_of(report(rows), 5)), "identity_leases_active") == {"AWX": 2}


def test_a_hostile_name_stays_a_label() -> None:
    name = 'a"} 1\n# TYPE evil gauge\nevil{x="\\\\'
    rows = [{**row("1"), "created_by_name": name}]
    assert found(parsed(metrics_of(report(rows), 5)), "identity_leases_active") == {name: 1}


def metrics_in(text: str) -> set[str]:
    return {*re.findall(rf"\b{PREFIX}([a-z_]+)", text)}


def test_every_metric_is_documented_and_rules_use_only_these() -> None:
    written = {name for name, _labels in parsed(metrics_of(report(ROWS, {"prod/a": "aws"}), 10))}
    assert metrics_in(GUIDE.read_text(encoding="utf-8")) == written
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"][0]["rules"]
    assert metrics_in(" ".join(rule["expr"] for rule in rules)) <= written
    for rule in rules:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert {"summary", "description"} <= rule["annotations"].keys()
        labels = re.findall(r"\$labels\.([a-z_]+)", str(rule["annotations"]))
        metric = metrics_in(rule["expr"]).pop()
        samples = parsed(metrics_of(report(ROWS, {"prod/a": "aws"}), 10))
        assert all({*labels} <= {name for name, _value in own} for one, own in samples if one == metric)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("what", ["metrics", "rules"])
def test_promtool_accepts_the_metrics_and_the_rules(what: str) -> None:
    command = ["promtool", "check", what, *([str(RULES)] if what == "rules" else [])]
    text = metrics_of(report(ROWS, {"prod/a": "aws"}), 10)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
