"""Time and memory of what is compared."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Cost:
    """Median over the runs. [s]"""

    wall: float
    cpu: float
    user: float
    """Processor time without that of the system, which hands out memory."""

    def per(self, count: int) -> float:
        """Return processor time for each of a number of things. [s]"""
        return self.cpu / count


def cost_of(work: Callable[[], Any], repeats: int = 3) -> Cost:
    """
    Run something several times and take the medians.

    Processor time counts all threads, so that a busy machine and a second core change
    little about a comparison.
    """
    spent = []
    for _ in range(repeats):
        before = time.perf_counter(), time.process_time(), os.times().user
        work()
        after = time.perf_counter(), time.process_time(), os.times().user
        spent.append([end - begin for begin, end in zip(before, after, strict=True)])
    return Cost(*(median(one) for one in zip(*spent, strict=True)))


def peak_mib() -> float:
    """Return the most memory that this program has had. [MiB]"""
    status = Path("/proc/self/status")
    if status.exists():
        # the kernel's other count begins with the memory of the process that started this one
        lines = status.read_text("utf-8").splitlines()
        return next(int(line.split()[1]) / 1024.0 for line in lines if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def processor() -> dict[str, Any]:
    """Name the processor, and say whether it works on 512 bits at once."""
    lines = Path("/proc/cpuinfo").read_text("utf-8") if Path("/proc/cpuinfo").exists() else ""
    fields = dict(
        (part.strip() for part in line.split(":", 1)) for line in lines.splitlines() if ":" in line
    )
    return {
        "processor": fields.get("model name", platform.processor()),
        "avx512": "avx512f" in fields.get("flags", "").split(),
        "cores": lines.count("processor\t:") or None,
    }
