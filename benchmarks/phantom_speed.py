"""How many phantom frames a second one core draws and encodes: python
benchmarks/phantom_speed.py
"""

import tempfile
import time
from pathlib import Path

import cv2

from phantom import write_cholecseg8k, write_hemoset

if __name__ == "__main__":
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        for name, write in (
            ("robotic", write_hemoset),
            ("laparoscopic", write_cholecseg8k),
        ):
            for size in ((240, 320), (240, 427)):
                start = time.process_time()
                write(Path(folder) / f"{name}{size[1]}", 160, size, workers=1)
                rate = 160 / (time.process_time() - start)
                print(
                    f"{name} {size[1]}x{size[0]}: {rate:.0f} frames a second of one "
                    "core"
                )
