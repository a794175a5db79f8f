# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.demo``: the main job twice, an interrupted run, a token of a service account, a file on a host."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from workload_credentials_emulator.behaviour import Behaviour
from workload_credentials_emulator.server import DEMO_SITE, DEMO_TOKEN, Emulator

from tests.demo.hosts import is_as_expected, show_a_file, write_a_file
from tests.demo.interrupted import NUMBER, Interrupted, interrupt_a_run, show_interrupted
from tests.demo.playbook import ACCOUNT, PLAYBOOK, Run, run_playbook
from tests.demo.report import (
    show_account,
    show_cluster,
    show_files,
    show_leases,
    show_manifests,
    show_run,
    show_service,
)
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.errors import ControlPlaneError


def main() -> int:
    """Return 0 when the job was done, the second run did nothing, and the interrupted one left no lease."""
    try:
        with tempfile.TemporaryDirectory(prefix="workload-credentials-demo-") as folder:
            return _demo(Path(folder))
    except ControlPlaneError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped; both servers are gone.", file=sys.stderr)
        return 130


def _demo(folder: Path) -> int:
    print("Starting a Secrets API over TLS and a Kubernetes control plane on this machine ...", flush=True)
    living = Behaviour.living()
    with Emulator([DEMO_SITE], [DEMO_TOKEN], behaviour=living) as service, ControlPlane() as cluster:
        print(f"  Secrets API          {service.url}")
        print(f"  Kubernetes {cluster.version:9} {cluster.server}")
        print(f"\nRunning {PLAYBOOK.relative_to(Path.cwd()) if PLAYBOOK.is_relative_to(Path.cwd()) else PLAYBOOK}\n")
        first = run_playbook(service, cluster, folder)
        minted = service.control.leases()["minted"]
        if first.status != 0:
            print(first.output)
            print("The first run failed; see above.", file=sys.stderr)
            return 1
        show_run("First run", first, minted)
        show_service(service)
        show_files(folder)
        show_cluster(cluster)
        show_manifests(folder / "manifests")
        show_leases(service)
        second = run_playbook(service, cluster, folder)
        minted_again = service.control.leases()["minted"] - minted
        show_run("Second run", second, minted_again)
        interrupted = interrupt_a_run(service, folder)
        show_interrupted(interrupted)
        account = run_playbook(service, cluster, folder, ACCOUNT)
        if account.status != 0:
            print(account.output)
            print("The token of a service account should have been minted, used, revoked and refused.", file=sys.stderr)
            return 1
        show_account(account)
        files = write_a_file(service, cluster, folder)
        show_a_file(files)
        if not is_as_expected(files):
            print("\n".join(run.output for run in files))
            print(
                "The file should have been written, left alone and renewed, its former lease revoked.", file=sys.stderr
            )
            return 1
        return _verdict(second, minted_again, interrupted)


def _verdict(second: Run, minted_again: int, interrupted: Interrupted) -> int:
    if interrupted.left or interrupted.minted < NUMBER:
        print("The third run should have been interrupted with its leases, and have left none.", file=sys.stderr)
        return 1
    if second.status != 0 or second.changed or minted_again:
        print(second.output)
        print("The second run should have changed nothing and minted nothing.", file=sys.stderr)
        return 1
    print("\nThe second run changed nothing and minted no lease, and the third left none.")
    print("Both servers and all files are gone now.")
    print("To copy: playbooks/main_job.yml and playbooks/service_account.yml. To try your own plays: make emulator.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
