"""An installed copy carries its data and works from any folder."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_wheel_carries_its_data(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    assert wheel.stat().st_size < 3_000_000
    code = (
        "import innovation_graph as ig; from innovation_graph.samples import sample_records;"
        "from innovation_graph.views import _page;"
        "print(ig.__file__); _page.source('explorer.css');"
        "print(sample_records().n_works, len(ig.places.gihi2024().table))"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    where, counts = done.stdout.splitlines()
    assert Path(where).is_relative_to(installed)
    assert counts.split() == ["80000", "120"]
