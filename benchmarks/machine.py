"""What a measured time was measured on."""

import os
import platform
from pathlib import Path

import torch

from helpers import environment

FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def machine() -> dict[str, object]:
    """The processor's name, cores, those of FLAGS that it has, threads, load when this
    was asked, GPU where there is one, and versions."""
    return {
        "processor": _of_processor("model name") or platform.processor(),
        "cores": os.cpu_count(),
        "flags": [one for one in FLAGS if one in _of_processor("flags").split()],
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "versions": environment.versions(),
    }


def _of_processor(name: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # only Linux has it
        return ""
    return next((line.split(":")[1].strip() for line in lines if name in line), "")
