"""The checked-in code is what the compiler makes of our schema, and lives beside the exchange's own in one process."""

import filecmp
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROTO = "exchanges/mexc/proto/teller_mexc.proto"


def test_the_generated_code_is_of_the_schema_that_is_there(tmp_path: Path) -> None:
    compiler = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        "-I",
        ".",
        f"--python_out={tmp_path}",
        f"--pyi_out={tmp_path}",
    ]
    subprocess.run([*compiler, PROTO], cwd=ROOT, check=True)
    for suffix in ("_pb2.py", "_pb2.pyi"):
        made = PROTO.replace(".proto", suffix)
        assert filecmp.cmp(ROOT / made, tmp_path / made, shallow=False), "make it anew: make proto"


def test_it_can_be_imported_beside_other_programs_schemas_of_the_same_exchange() -> None:
    script = (
        "import exchanges.mexc.proto.teller_mexc_pb2 as own\n"
        "from ccxt.protobuf.mexc import PushDataV3ApiWrapper_pb2 as other\n"
        "assert own.Push.DESCRIPTOR.full_name == 'teller.mexc.Push'\n"
        "assert other.PushDataV3ApiWrapper.DESCRIPTOR.full_name == 'PushDataV3ApiWrapper'\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
