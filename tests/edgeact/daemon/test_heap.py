"""What is free goes back to the system."""

import subprocess
import sys

# Threads that begin and end one after the other, as those of cameras do, and hold something small for long.
GROW = """
import sys, threading
import psutil
from edgeact.daemon import heap

if sys.argv[1] == "tidy":
    heap.share_heaps()
kept = []

def work() -> None:
    pieces = [bytearray(60_000) for _ in range(200)]  # 12 MB
    kept.append(bytearray(60_000))
    meet.wait()
    meet.wait()

for _ in range(2):
    meet = threading.Barrier(9)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    meet.wait()
    meet.wait()
    for one in threads:
        one.join()
if sys.argv[1] == "tidy":
    heap.give_back()
print(psutil.Process().memory_info().rss / 2**20)
"""


def megabytes(how: str) -> float:
    done = subprocess.run([sys.executable, "-c", GROW, how], capture_output=True, text=True, check=True)
    return float(done.stdout)


def test_what_threads_have_freed_goes_back_to_the_system() -> None:
    assert megabytes("tidy") < megabytes("untidy") - 20
