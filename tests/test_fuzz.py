"""A thousand mutated files of eight kinds, and a hundred hostile names that go the whole
way from a file to a page: each ends in frames or a sentence, and does nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def test_a_thousand_mutated_files_end_in_frames_or_a_sentence_in_bounded_memory(
    tmp_path: Path,
) -> None:
    roads = os.pathsep.join([str(HERE.parent), str(HERE)])
    done = subprocess.run(
        [sys.executable, str(HERE / "fuzz_by_hand.py"), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": roads, "COURSE_STORE": str(tmp_path / "store")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ended = json.loads(done.stdout.splitlines()[-1])
    assert ended["wrong"] == []
    counts = ended["counts"]
    assert len(counts) == 8
    assert sum(sum(kind.values()) for kind in counts.values()) == 1000
    assert all(kind["sentence"] > 0 for kind in counts.values())
    assert sum(kind.get("frames", 0) for kind in counts.values()) > 20
