# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.benchmarks [--runs N] [--only a,b]``: what the collection costs, as ratios from one run."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import yaml
from workload_credentials_emulator.server import DEMO_SITE

from tests.benchmarks.measures import MEASURES, Bench
from tests.benchmarks.table import Row, table
from tests.benchmarks.timing import NotMeasured, PlayFailed
from tests.benchmarks.vault import BothApis
from tests.support.definitions import populate
from tests.support.plays import Plays
from tests.support.site import TOKEN, Site


def main() -> int:
    """Return 0 when every target was reached, 1 when one was missed, 2 when something could not be measured."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--runs", type=int, default=3, help="of each playbook; the median counts")
    parser.add_argument("--only", default=",".join(MEASURES), help="parts, such as a,c")
    options = parser.parse_args()
    parts = options.only.split(",")
    unknown = sorted(set(parts) - set(MEASURES))
    if unknown or options.runs < 1:
        parser.error(f"parts are {', '.join(MEASURES)}, and there is at least one run")
    try:
        return _measure(parts, options.runs)
    except PlayFailed as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _measure(parts: list[str], runs: int) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="workload-credentials-bench-") as name,
        BothApis(sites=[DEMO_SITE], tokens=[TOKEN]) as server,
    ):
        site = Site(server, DEMO_SITE)
        populate(site)
        # As after an installation: nothing is compiled in each run, and nothing is written into the checkout.
        compiled = {"PYTHONPYCACHEPREFIX": str(Path(name, "compiled")), "PYTHONDONTWRITEBYTECODE": None}
        plays = Plays(Path(name), {**site.environment, **server.vault_environment, **compiled})
        bench = Bench(plays, site, runs)
        # Others who use the machine make every figure worse, and unlike ones: a reader must know.
        before = os.getloadavg()[0]
        rows: list[Row] = []
        missing: list[str] = []
        for part in parts:
            print(f"{part}: {(MEASURES[part].__doc__ or '').splitlines()[0]}", file=sys.stderr, flush=True)
            try:
                rows.extend(MEASURES[part](bench))
            except NotMeasured as problem:
                missing.append(str(problem))
    busy = f"load average {before:.1f} before, {os.getloadavg()[0]:.1f} after"
    print(f"\n{_machine()}; {busy}; medians, runs: {runs}\n{_versions()}\n\n{table(rows)}")
    for sentence in missing:
        print(sentence, file=sys.stderr)
    if missing:
        return 2
    return 0 if all(row.reached is not False for row in rows) else 1


def _machine() -> str:
    names = [line.split(":", 1)[1].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, {platform.system()}"


def _versions() -> str:
    collections = Path(os.environ["ANSIBLE_COLLECTIONS_PATH"], "ansible_collections")
    peers = []
    for name in ("community.hashi_vault", "kubernetes.core"):
        manifest = (collections / name.replace(".", "/") / "MANIFEST.json").read_text(encoding="utf-8")
        peers.append(f"{name} {yaml.safe_load(manifest)['collection_info']['version']}")
    packages = [f"{name} {version(name)}" for name in ("ansible-core", "requests", "hvac", "kubernetes")]
    return ", ".join((f"Python {platform.python_version()}", *packages, *peers))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


if __name__ == "__main__":
    sys.exit(main())
