"""R12: whatever `run.py` writes anywhere, in good runs and in bad ones, no key and no secret is in it."""

from pathlib import Path

import pytest

from tests.console.programs import exchange, program

WRONG = "0badc0de" * 8


@pytest.mark.timeout(150)  # seven processes, one after the other
def test_no_output_of_any_run_holds_a_key_or_a_secret_r12(tmp_path: Path) -> None:
    for name in ("exchange", "ours"):
        (tmp_path / name).mkdir()
    folder = tmp_path / "ours"
    with exchange(tmp_path / "exchange") as outside:
        assert all(secret in outside.program.out for secret in outside.secrets), "what is looked for can be found"
        live = outside.config(folder, extra='[logging]\nlevel = "debug"\n')
        to_file = folder / "to_file.toml"
        to_file.write_text(Path(live).read_text() + 'file = "whole.log"\n')
        wrong = {"ALPHA_SECRET": WRONG, "BETA_KEY": WRONG}
        runs = [
            (["start", "--config", live, "--for", "0.5"], {}, 0),
            (["start", "--config", live, "--for", "0.5", "--json", "--json-logs"], {}, 0),
            (["start", "--config", str(to_file), "--for", "0.5"], {}, 0),
            (["start", "--config", live], wrong, 4),
            (["check", "--config", live, "--log-level", "debug"], {}, 0),
            (["check", "--config", live, "--log-level", "debug", "--json-logs"], wrong, 4),
            (["history", "--config", live, "--json"], {}, 0),
            (["kill-switch", "engage", "--config", live, "--reason", "a reason"], {}, 0),
            (["kill-switch", "release", "--config", live], {}, 0),
            (["start", "--help"], {}, 0),
        ]
        secrets = [*outside.secrets, WRONG]
        for arguments, changes, code in runs:
            environ = outside.environ | changes
            with program(*arguments, folder=folder, secrets=secrets, **environ) as run:
                assert run.end() == code, run.err
                assert run.out or run.err
        journals = [path for path in (folder / "journal").iterdir() if path.suffix == ".sqlite"]
        assert len(journals) == 2
        assert not any(secret.encode() in path.read_bytes() for secret in secrets for path in journals)
    assert "system_started" in (folder / "whole.log").read_text()
