"""File descriptors are counted at the start: the soft limit is raised, a hard one that cannot do is named."""

import subprocess
import sys
from pathlib import Path

import pytest

from config import load_config
from console.arguments import DEMO
from console.file_limit import needed_descriptors

ROOT = Path(__file__).parents[2]


def start_with(limit: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = f"ulimit {limit} && exec {sys.executable} {ROOT / 'run.py'} start --for 0.5 --json-logs --json"
    return subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("soft", [40, 64])
def test_the_soft_limit_is_raised(tmp_path: Path, soft: int) -> None:
    done = start_with(f"-Sn {soft}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"event": "file_limit_raised"' in done.stderr
    assert f'"before": {soft}' in done.stderr


def test_a_hard_limit_that_cannot_do_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    done = start_with("-n 64", tmp_path)
    assert done.returncode == 2
    needed = needed_descriptors(load_config(DEMO))
    assert f"2 accounts may need {needed} open files at a time, and this process may have 64" in done.stderr
    assert "ulimit -Hn" in done.stderr
    assert "embedded_exchange_started" not in done.stderr
