"""Does the server's memory grow? Posts one photograph again and again and prints the resident memory on the way.

    python bench/soak.py --url http://127.0.0.1:8000 --pid PID [--requests 5000] [--clients 4]

PID is the gunicorn master; memory is the sum over it and its workers. Only loopback addresses are accepted.
"""

import argparse
import http.client
import statistics
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MARKS = (50, 500, 1000, 2000, 5000, 10000)
BOUNDARY = "hexaface-bench"


def resident_mb(pid: int) -> float:
    """Proportional set size of a process and its descendants, in megabytes (shared pages are counted once)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    own = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1000
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return own + sum(resident_mb(int(child)) for child in children)


def body(photo: bytes) -> bytes:
    """Multipart form with the photograph and every task."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


def post(address: tuple[str, int], data: bytes) -> tuple[int, float]:
    """One request; its status and milliseconds."""
    start = time.perf_counter()
    connection = http.client.HTTPConnection(*address, timeout=60)
    connection.request("POST", "/api/v1/analyze", data, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, (time.perf_counter() - start) * 1000


def main() -> None:
    """Print memory, median time and the statuses at each mark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument(
        "--photo", type=Path, default=Path(__file__).parents[1] / "static" / "samples" / "astronaut.jpg"
    )
    arguments = parser.parse_args()
    url = urllib.parse.urlsplit(arguments.url)
    if url.hostname not in {"127.0.0.1", "localhost"}:
        parser.error("only loopback is loaded")
    address, data = (url.hostname, url.port or 80), body(arguments.photo.read_bytes())
    print(f"{'requests':>8} {'memory MB':>10} {'median ms':>10}  statuses")
    print(f"{0:8} {resident_mb(arguments.pid):10.1f}")
    done = 0
    with ThreadPoolExecutor(arguments.clients) as pool:
        for mark in [*(mark for mark in MARKS if mark < arguments.requests), arguments.requests]:
            answers = list(pool.map(lambda _: post(address, data), range(mark - done)))
            done = mark
            statuses = {
                status: sum(answer[0] == status for answer in answers) for status in {answer[0] for answer in answers}
            }
            print(
                f"{mark:8} {resident_mb(arguments.pid):10.1f} {statistics.median(a[1] for a in answers):10.1f}  {statuses}"
            )


if __name__ == "__main__":
    main()
