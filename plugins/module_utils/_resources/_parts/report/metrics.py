# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lease report as metrics in Prometheus' text format.

Labels hold dynamic secrets and identities, at most so many of each as the caller allows, and never a lease or a Secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...._api.times import parse_time
from .totals import ENDED_EARLY, ENDS_SOON, EXPIRED, HELD_THOUGH_ENDED, LIVING, UNHELD, Row

# No dynamic secret can have these names, since paths have no parentheses.
OTHER, UNKNOWN = "(other)", "(unknown)"
Sample = tuple[Mapping[str, str], int]


@dataclass(frozen=True)
class Metric:
    """A gauge, with its samples."""

    name: str
    text: str
    samples: Sequence[Sample]

    def lines(self, common: Mapping[str, str]) -> Iterator[str]:
        """Yield its lines; a metric without samples has none.

        :arg common: labels of every sample.
        """
        if not self.samples:
            return
        yield f"# HELP workload_credentials_{self.name} {self.text}"
        yield f"# TYPE workload_credentials_{self.name} gauge"
        for labels, value in self.samples:
            pairs = ",".join(f'{name}="{_escaped(text)}"' for name, text in {**common, **labels}.items())
            yield f"workload_credentials_{self.name}{{{pairs}}} {value}"


def metrics_of(report: Mapping[str, Any], limit: int) -> str:
    """Return the metrics of a report.

    :arg limit: the number of dynamic secrets, and of identities, with samples of their own. The rest is one more.
    """
    common = {"site_id": str(report["site_id"]), "folder": str(report["folder"])}
    lines: list[str] = []
    for metric in _metrics(report, limit):
        lines += metric.lines(common)
    return "\n".join(lines) + "\n"


def _metrics(report: Mapping[str, Any], limit: int) -> Iterator[Metric]:
    secrets = _labelled(report["by_dynamic_secret"], ("dynamic_secret_path",), limit)
    identities = _labelled(report["by_identity"], ("created_by_name", "created_by"), limit)
    yield Metric(
        "lease_report_timestamp_seconds", "When the report was created.", [({}, _seconds(report["generated"]))]
    )
    yield Metric("dynamic_secrets", "Dynamic secrets.", [({}, report["summary"]["dynamic_secrets"])])
    yield Metric("leases_active", "Active leases.", _counts(secrets, "dynamic_secret", LIVING))
    yield Metric(
        "leases_expiring_soon",
        "Active leases with at most the margin of the report left.",
        _counts(secrets, "dynamic_secret", ENDS_SOON),
    )
    if report["looked_for_holders"]:
        text = "Active leases that no checked Secret uses, without those that are declared to be used elsewhere."
        yield Metric("leases_orphaned", text, _counts(secrets, "dynamic_secret", UNHELD))
        text = "Leases that have ended and are still in a Secret."
        yield Metric("leases_ended_in_secret", text, _counts(secrets, "dynamic_secret", HELD_THOUGH_ENDED))
    yield Metric(
        "leases_next_expiration_timestamp_seconds",
        "When the next active lease expires.",
        _next_expirations(secrets),
    )
    yield Metric("identity_leases_active", "Active leases by identity.", _counts(identities, "identity", LIVING))
    yield Metric(
        "leases_since_previous_report",
        "Leases that are new, expired or revoked since the previous report.",
        _since(report["since_previous"]),
    )


def _labelled(totals: Sequence[Row], names: Sequence[str], limit: int) -> dict[str, list[Row]]:
    """Return the totals by their label, sorted; those after the limit share one.

    :arg names: the keys that may hold the label, the best first.
    """
    # Two identities can have the same name.
    grouped: dict[str, list[Row]] = {}
    for one in totals:
        label = next((str(one[name]) for name in names if one[name]), UNKNOWN)
        grouped.setdefault(label if label in grouped or len(grouped) < limit else OTHER, []).append(one)
    return dict(sorted(grouped.items()))


def _counts(grouped: Mapping[str, Sequence[Row]], name: str, word: str) -> list[Sample]:
    samples: list[Sample] = []
    for label, totals in grouped.items():
        samples.append(({name: label}, sum(one[word] for one in totals)))
    return samples


def _next_expirations(grouped: Mapping[str, Sequence[Row]]) -> list[Sample]:
    found: list[Sample] = []
    for label, totals in grouped.items():
        times = [one["next_expiration"] for one in totals if one["next_expiration"]]
        if times:
            found.append(({"dynamic_secret": label}, _seconds(min(times))))
    return found


def _since(changes: Mapping[str, Any] | None) -> list[Sample]:
    if changes is None:
        return []
    words = {"new": "new", EXPIRED: "expired", ENDED_EARLY: "revoked"}
    return [({"change": shown}, len(changes[name])) for name, shown in words.items()]


def _seconds(text: str) -> int:
    moment = parse_time(text)
    return int(moment.timestamp()) if moment else 0


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
