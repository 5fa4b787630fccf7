"""A short run of scripts/soak."""

from __future__ import annotations

import subprocess

from support import ROOT


def test_many_calls_at_once_end_right_and_leave_nothing() -> None:
    run = subprocess.run(
        [ROOT / "scripts" / "soak", "--calls", "600", "--seconds", "20"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    counts = dict(line.rsplit(maxsplit=1) for line in run.stdout.splitlines())
    assert counts["right outcomes"] == counts["calls"] == "600"
    assert counts["wrong outcomes"] == counts["leaked connections"] == "0"
    assert counts["leaked descriptors"] == "0"
