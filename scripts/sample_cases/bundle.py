"""A case under construction: its files, and the answer that it should get."""

import datetime
import io
import json
import pathlib
import zipfile

from . import httperr, poolmon
from .pool import MB, TICK

DRIVERS = pathlib.Path(__file__).resolve().parent.parent.parent / "samples" / "drivers"


def text(lines):
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


class Case:
    def __init__(self, name, about, host, start):
        """`start` is the UTC time at which the story begins."""
        self.name, self.about, self.host, self.start = name, about, host, start
        self.files, self.expected = {}, {}

    def at(self, second):
        return self.start + datetime.timedelta(seconds=second)

    def local(self, second):
        return self.host.local(self.at(second))

    def add(self, path, content):
        assert path not in self.files, path
        self.files[path] = content if isinstance(content, bytes) else content.encode("utf-8")

    def drivers(self, *names):
        machine = "x86" if self.host.machine == "X86-based PC" else "x64"
        for name in names:
            self.add(f"drivers/{name}.sys", (DRIVERS / machine / f"{name}.sys").read_bytes())

    def log(self, path, events, layout, first=None, software="Microsoft HTTP API 2.0",
            repeat_at=()):
        """One HTTPERR file; layout 12 is the one without a header."""
        lines = []
        if layout != 12:
            opened = self.at(events[0].second if first is None else first)
            lines += httperr.header(layout, opened, software)
        for number, event in enumerate(events):
            if number in repeat_at:
                lines += httperr.header(layout, self.at(event.second), software)
            lines.append(httperr.line(event, layout, self.at(event.second)))
        self.add(path, text(lines))

    def expect(self, outcome, least, events=(), snapshots=0, tag=None, driver=None, also=(),
               options=()):
        rows = [e.fields["s-reason"] for e in events
                if e.fields["s-reason"].endswith("_Connections_Refused")]
        self.expected = {
            "case": self.name, "options": list(options), "outcome": outcome,
            "also_acceptable": list(also), "confidence_at_least": least, "tag": tag,
            "pool": "nonpaged" if tag else None, "driver": driver,
            "refusals_total": sum(int(r.split("_")[0]) for r in rows),
            "refusal_rows": len(rows), "snapshots": snapshots,
        }

    def expected_json(self):
        return (json.dumps(self.expected, indent=2) + "\n").encode("ascii")

    def zipped(self):
        """Members are stored, not deflated: the bytes must not depend on a zlib version."""
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(self.files):
                member = zipfile.ZipInfo(f"{self.name}/{path}", (1980, 1, 1, 0, 0, 0))
                member.create_system = 0
                archive.writestr(member, self.files[path])
        return held.getvalue()


def merged(*lists):
    return sorted((e for events in lists for e in events), key=lambda e: e.second)


def split(events, *seconds):
    """Events before, between and after the given times."""
    edges = [float("-inf"), *seconds, float("inf")]
    return [[e for e in events if a <= e.second < b] for a, b in zip(edges, edges[1:])]


def head(case, model, rows, when, live):
    """The -r lines of a snapshot, from the same totals that decide the refusals.

    Page faults count from boot in saved snapshots, from the last refresh on live screens.
    """
    nonpaged, paged = model.totals(rows, when)
    ram = case.host.ram
    used = nonpaged + paged + int(ram * 0.22)
    avail = max(int(ram * 0.015), ram - used)
    faults = 2900 + int(when) % 1700 if live else int((model.uptime + when) * 713) % (1 << 31)
    return poolmon.memory_lines(ram, avail, faults, nonpaged, paged, used + 300 * MB,
                                2 * ram - 4 * MB)


def take(case, model, whens, form, with_head=True, by="bytes"):
    """The snapshots at `whens` seconds of the model's epoch, each a list of lines.

    A live screen shows the changes since its last refresh, one tick before.
    """
    taken, live = [], form.endswith("live")
    for when in whens:
        before = model.rows(when - TICK) if live and when >= TICK else None
        rows = model.rows(when)
        top = head(case, model, rows, when, live) if with_head or live else None
        taken.append(poolmon.snapshot(rows, form, top, by, before))
    return taken


def batch_stamp(local):
    """`echo %DATE% %TIME%` of an English (US) system: the hour is blank-padded."""
    return f"{local:%a} {local:%m/%d/%Y} {local.hour:2d}:{local:%M:%S}.{local.second * 7 % 100:02d}"


def band_stamp(local):
    """The banner of performance scripts, day first."""
    return f"===== {local:%d/%m/%Y} {local.hour:2d}:{local:%M:%S}.{local.minute * 3 % 100:02d} ====="


def long_stamp(local):
    """`Get-Date` of an English (US) system."""
    hour = local.hour % 12 or 12
    half = "AM" if local.hour < 12 else "PM"
    return f"{local:%A}, {local:%B} {local.day}, {local.year} {hour}:{local:%M:%S} {half}"
