"""What the benchmarks share: runs in pairs, figures of a run, tables, facts of the machine.

Two programs are compared by running them in turn, A B A B …, so that whatever else the
machine does meets both; a ratio is taken within each pair, and the table gives the smallest,
the middle and the largest of everything. Before the pairs each runs once unmeasured, so that
the files are in the page cache.

CPU time and peak memory are what the kernel accounts to the process and its children (wait4).
The peak is never less than that of this script at the time of the fork, about 15 MiB.
"""

import argparse
import dataclasses
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

import checklib

ROOT = checklib.ROOT
SCRATCH = ROOT / "target" / "bench"
PROGRAM = ROOT / "target" / "release" / "poolsleuth"
PAIRS = 7


@dataclasses.dataclass
class Run:
    """Figures of one run."""
    wall: float
    cpu: float
    peak: int  # KiB


@dataclasses.dataclass
class Contender:
    """A command under a name. Exit statuses in `fine` are no failure: rg's 1 is "no match"."""
    name: str
    command: list
    fine: tuple = (0,)


def run(contender):
    """Runs it once, output thrown away."""
    began = time.perf_counter()
    child = subprocess.Popen([str(word) for word in contender.command], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in contender.fine:
        shown = " ".join(map(str, contender.command))[:200]
        sys.exit(f"{contender.name} ended with exit status {child.returncode}: {shown}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss)


def in_turn(contenders, pairs):
    """Runs of each contender, in rounds of one run each."""
    for contender in contenders:
        run(contender)
    rounds = [[run(contender) for contender in contenders] for _ in range(pairs)]
    return list(zip(*rounds))


def spread(values, form="{:.2f}"):
    return " / ".join(form.format(f(values)) for f in (min, statistics.median, max))


def table(title, contenders, pairs):
    """Measures, and prints a Markdown table; the first contender is the yardstick."""
    measured = in_turn(contenders, pairs)
    print(f"\n**{title}**, {pairs} rounds in turn; smallest / middle / largest\n")
    print("| command | wall s | CPU s | wall, times the first | CPU, times the first | peak MiB |")
    print("|---|---|---|---|---|---|")
    first = measured[0]
    for contender, runs in zip(contenders, measured):
        walls, cpus = ([a.wall / b.wall for a, b in zip(runs, first)],
                       [a.cpu / max(b.cpu, 0.01) for a, b in zip(runs, first)])
        ratios = ("1", "1") if runs is first else (spread(walls), spread(cpus))
        print(f"| {contender.name} | {spread([r.wall for r in runs])} |"
              f" {spread([r.cpu for r in runs])} | {' | '.join(ratios)} |"
              f" {max(r.peak for r in runs) / 1024:.0f} |", flush=True)


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[0]
    except OSError:
        return f"{command[0]}: none"


def machine():
    """Prints what the figures were measured on."""
    def field(path, pattern):
        found = re.search(pattern, pathlib.Path(path).read_text()) if os.path.exists(path) else None
        return found[1] if found else "unknown"
    processor = field("/proc/cpuinfo", r"model name\s*:\s*(.*)")
    memory = field("/proc/meminfo", r"MemTotal:\s+(\d+)")
    memory = f"{int(memory) / 2**20:.0f} GiB" if memory.isdigit() else memory
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"Machine: {processor}, {cores} cores, {memory},"
          f" {platform.system()} {platform.release()}; load before: {os.getloadavg()[0]:.1f}.")
    print(f"Tools: {first_line('rustc', '--version')}; {first_line('rg', '--version')};"
          f" PoolSleuth at {first_line('git', '-C', str(ROOT), 'describe', '--always', '--dirty')}.")


def arguments(about, *more):
    """Parses the command line: `more` are (names, settings) for add_argument."""
    parser = argparse.ArgumentParser(description=about,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, settings in more:
        parser.add_argument(name, **settings)
    parser.add_argument("-n", type=int, default=PAIRS, metavar="PAIRS",
                        help=f"rounds (default {PAIRS})")
    return parser.parse_args()


def ready(*tools):
    """Builds the program with optimisation and gets the tools: (program, Debian package)."""
    subprocess.run(["cargo", "build", "--release", "--quiet", "--locked"], cwd=ROOT, check=True)
    for tool, package in tools:
        if not checklib.available(tool, package):
            sys.exit(f"{tool} is missing (Debian package {package})")


def has(*commands):
    """Whether the program has these commands; what it lacks is said."""
    overview = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True).stdout
    missing = [c for c in commands if not re.search(rf"^  {c}\b", overview, re.MULTILINE)]
    for command in missing:
        print(f"(`poolsleuth {command}` is not there yet: left out)", file=sys.stderr)
    return not missing


def cached(name, version, write):
    """The folder target/bench/NAME, filled by `write(folder)` unless this version is there."""
    folder = SCRATCH / name
    mark = SCRATCH / f"{name}.version"
    if not (mark.exists() and mark.read_text() == version):
        print(f"writing {folder.relative_to(ROOT)}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write(folder)
        mark.write_text(version)
    return folder


def files(folder):
    """All files below a folder, in order."""
    return sorted(p for p in folder.rglob("*") if p.is_file())


def size(paths):
    return sum(p.stat().st_size for p in paths)
