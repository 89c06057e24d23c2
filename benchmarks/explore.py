"""Load test of the latent explorer: concurrent clients that decode single codes.

    python -m benchmarks.explore RUN [--clients 1,8,64] [--seconds 10] [--minutes 0] [--json FILE]

A server (``vaekit explore RUN``) runs in a process of its own, and this process sends it requests
over loopback: each client decodes one code, waits for the image, and sends the next. Reported are
requests per second, the median and the 99th percentile of the latency, errors, and the memory of
the server. With --minutes, the largest number of clients runs for so long, and memory is read once
a second.

A single Python process sends all requests and works as hard as the server does: with many clients
the result depends on the processors that the two share.
"""

import argparse
import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlsplit

import numpy as np


async def run_client(address, codes, *, deadline, latencies):
    """Decode one code after another over one connection; return the number of errors."""
    host, port = address
    reader, writer = await asyncio.open_connection(host, port)
    errors = 0
    for code in codes:
        if time.perf_counter() > deadline:
            break
        body = json.dumps({"codes": [code]})
        start = time.perf_counter()
        writer.write(
            f"POST /api/runs/0/decode HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith("content-length:"))
        await reader.readexactly(length)
        latencies.append(time.perf_counter() - start)
        errors += " 200 " not in lines[0] + " "
    writer.close()
    return errors


async def run_clients(address, *, clients, seconds, width):
    """Run concurrent clients; return the latencies of all requests and the number of errors."""
    latencies: list[float] = []
    deadline = time.perf_counter() + seconds
    codes = np.random.default_rng(0).normal(size=(500, width)).round(3).tolist()
    runs = (
        run_client(
            address,
            itertools.islice(itertools.cycle(codes), 7 * client, None),
            deadline=deadline,
            latencies=latencies,
        )
        for client in range(clients)
    )
    errors = await asyncio.gather(*runs)
    return np.array(latencies), sum(errors)


def memory(process):
    """Return the resident memory of the server in megabytes; NaN where it is not known."""
    try:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("VmRSS"))
    except OSError:
        return float("nan")
    return int(line.split()[1]) / 1024


def start_server(run):
    """Start a server; return its process and address."""
    command = [sys.executable, "-m", "vaekit", "explore", run, "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:  # ends with the process
        lines.append(line)
        if line == "}\n":
            break
    else:
        raise SystemExit(f"the server ended with exit code {process.wait()}")
    printed = json.loads("".join(lines))
    parts = urlsplit(printed["address"])
    return process, (parts.hostname, parts.port)


def get(address, path):
    """Return a JSON response."""
    url = f"http://{address[0]}:{address[1]}/{path}"
    with urllib.request.urlopen(url, timeout=60) as response:
        return json.load(response)


def measure(address, process, *, clients, seconds, width):
    """Return one line of the table."""
    found = run_clients(address, clients=clients, seconds=seconds, width=width)
    latencies, errors = asyncio.run(found)
    median, tail = np.quantile(latencies, [0.5, 0.99]) * 1000
    return {
        "clients": clients,
        "requests": len(latencies),
        "per second": len(latencies) / seconds,
        "median ms": float(median),
        "99th ms": float(tail),
        "errors": errors,
        "memory MB": memory(process),
    }


def measure_memory(address, process, *, clients, minutes, width):
    """Run many clients for minutes, and read the memory once a second."""

    async def run():
        task = asyncio.ensure_future(
            run_clients(address, clients=clients, seconds=60 * minutes, width=width)
        )
        samples = []
        while not task.done():
            samples.append(memory(process))
            await asyncio.wait([task], timeout=1)
        return *task.result(), samples

    latencies, errors, samples = asyncio.run(run())
    quarters = np.array(samples)[[0, len(samples) // 4, len(samples) // 2, -1]]
    return {
        "minutes": minutes,
        "clients": clients,
        "requests": len(latencies),
        "errors": errors,
        "99th ms": float(np.quantile(latencies, 0.99) * 1000),
        "memory MB at start, a quarter, half, end": quarters.round(1).tolist(),
        "largest": max(samples),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--clients", default="1,8,64")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--json")
    options = parser.parse_args()
    counts = [int(count) for count in options.clients.split(",")]
    process, address = start_server(options.run)
    try:
        while not get(address, "api/runs/0/reference")["ready"]:  # computed while idle
            time.sleep(0.5)
        width = get(address, "api/runs/0")["latent_dim"]
        measure(
            address, process, clients=8, seconds=2, width=width
        )  # the first requests are slower
        found = [
            measure(address, process, clients=count, seconds=options.seconds, width=width)
            for count in counts
        ]
        for line in found:
            print("  ".join(f"{key} {value:,.4g}" for key, value in line.items()), flush=True)
        if options.minutes:
            found.append(
                measure_memory(
                    address, process, clients=max(counts), minutes=options.minutes, width=width
                )
            )
            print(found[-1])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"cores": os.cpu_count(), "lines": found}, file, indent=2)


if __name__ == "__main__":
    main()
