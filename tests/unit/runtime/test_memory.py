"""What a process frees of large blocks is the system's again."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import threading
from services.runtime.memory import give_back_large_blocks

def held():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) // 1024

def work():
    bodies = [bytes(5_000_000) for _ in range(20)]
    small = [bytes(200) for _ in range(1_000)]
    bodies.clear()
    kept.append(small)

kept = []
asked = give_back_large_blocks()
before = held()
for _ in range(2):
    for thread in [threading.Thread(target=work) for _ in range(3)]:
        thread.start()
        thread.join()
print(asked, held() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says what a process holds")
def test_large_blocks_are_given_back() -> None:
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout.split()
    if told[0] == "True":
        assert int(told[1]) < 30, "megabytes of 600"
