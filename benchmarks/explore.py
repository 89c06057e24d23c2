"""Clients of the latent explorer that all decode at once.

    python -m benchmarks.explore RUN [--clients 1,8,64] [--seconds 10] [--minutes 0] [--json FILE]

A server (``vaekit explore RUN``) runs in a process of its own, and this process sends it requests
over loopback: each client decodes one code, waits for the image, and asks for the next. The
figures are requests per second, the median and the 99th percentile of the time from question to
answer, errors, and the memory of the server. With --minutes, the largest number of clients goes
on for so long, and memory is read once a second.

One process of Python sends all requests, and works as hard as the server does: with many clients
the figure is what the two of them do on the processors that they share.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import numpy as np


async def one_client(place, codes, until, spent):
    """Decode one code after another over one connection; times go to a list, errors are counted."""
    reader, writer = await asyncio.open_connection(*place)
    errors = 0
    for code in codes:
        if time.perf_counter() > until:
            break
        body = json.dumps({"codes": [code]}).encode()
        head = (
            f"POST /api/runs/0/decode HTTP/1.1\r\nHost: {place[0]}:{place[1]}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        writer.write(head.encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith("content-length:"))
        await reader.readexactly(length)
        spent.append(time.perf_counter() - began)
        errors += " 200 " not in lines[0] + " "
    writer.close()
    return errors


async def load(place, *, clients, seconds, width):
    """So many clients for so long: times of all requests, and errors."""
    rng, spent = np.random.default_rng(0), []
    codes = rng.normal(size=(500, width)).round(3).tolist()
    until = time.perf_counter() + seconds
    endless = [_around(codes, start=at * 7) for at in range(clients)]
    asked = (one_client(place, each, until, spent) for each in endless)
    errors = await asyncio.gather(*asked)
    return np.array(spent), sum(errors)


def _around(codes, *, start):
    at = start
    while True:
        yield codes[at % len(codes)]
        at += 1


def memory(process):
    """Megabytes that the server holds; none where the system does not tell."""
    try:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("VmRSS"))
    except OSError:
        return float("nan")
    return int(line.split()[1]) / 1024


def start(run):
    """A server over a run, and where it is."""
    command = [sys.executable, "-m", "vaekit", "explore", run, "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
    parts = urlsplit(told["address"])
    return process, (parts.hostname, parts.port)


def ask(place, path):
    """An answer in JSON."""
    import urllib.request

    with urllib.request.urlopen(f"http://{place[0]}:{place[1]}/{path}", timeout=60) as answer:
        return json.load(answer)


def measure(place, process, *, clients, seconds, width):
    """A line of the table."""
    spent, errors = asyncio.run(load(place, clients=clients, seconds=seconds, width=width))
    middle, last = np.quantile(spent, [0.5, 0.99]) * 1000
    return {
        "clients": clients,
        "requests": len(spent),
        "per second": len(spent) / seconds,
        "median ms": float(middle),
        "99th ms": float(last),
        "errors": errors,
        "memory MB": memory(process),
    }


def hold(place, process, *, clients, minutes, width):
    """Many clients for minutes: memory once a second."""

    async def both():
        task = asyncio.ensure_future(
            load(place, clients=clients, seconds=60 * minutes, width=width)
        )
        samples = []
        while not task.done():
            samples.append(memory(process))
            await asyncio.wait([task], timeout=1)
        return *task.result(), samples

    spent, errors, samples = asyncio.run(both())
    some = np.array(samples)[[0, len(samples) // 4, len(samples) // 2, -1]]
    return {
        "minutes": minutes,
        "clients": clients,
        "requests": len(spent),
        "errors": errors,
        "99th ms": float(np.quantile(spent, 0.99) * 1000),
        "memory MB at start, a quarter, half, end": some.round(1).tolist(),
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
    process, place = start(options.run)
    try:
        while not ask(place, "api/runs/0/reference")["ready"]:  # measured while nobody asks
            time.sleep(0.5)
        width = ask(place, "api/runs/0")["latent_dim"]
        measure(place, process, clients=8, seconds=2, width=width)  # first requests are slower
        how = {"seconds": options.seconds, "width": width}
        found = [measure(place, process, clients=each, **how) for each in counts]
        for line in found:
            print("  ".join(f"{key} {value:,.4g}" for key, value in line.items()), flush=True)
        if options.minutes:
            long = hold(
                place, process, clients=max(counts), minutes=options.minutes, width=width
            )  # fmt: skip
            print(long)
            found.append(long)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"cores": os.cpu_count(), "lines": found}, file, indent=2)


if __name__ == "__main__":
    main()
