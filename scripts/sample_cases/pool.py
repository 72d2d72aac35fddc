"""A machine's pool over time: healthy background tags, leaks, and the limit they meet.

All times are seconds since the start of the story; the pool is advanced in
steps of TICK seconds, the grid on which http.sys reports refusals.
"""

import math

from .chance import scramble, wobble

TICK = 5
KB, MB = 1 << 10, 1 << 20

# tag, pool, KB in use, bytes per allocation, allocations per second, how it behaves.
# Invented figures of a web server at work; the tags are Windows' own.
BACKGROUND = [
    ("MmCa", "N", 9100, 352, 4.0, "cache"), ("Pool", "N", 5200, 4096, 0.02, "still"),
    ("EtwB", "N", 7340, 65536, 0.001, "still"), ("File", "N", 5900, 336, 55.0, "load"),
    ("Irp ", "N", 3100, 648, 90.0, "load"), ("Thre", "N", 2950, 1248, 0.9, "load"),
    ("Even", "N", 1480, 128, 120.0, "load"), ("AfdC", "N", 1210, 384, 14.0, "load"),
    ("AfdB", "N", 2600, 2064, 31.0, "load"), ("TCPc", "N", 1030, 416, 11.0, "load"),
    ("TcpE", "N", 1660, 720, 9.0, "load"), ("UlHC", "N", 2240, 1136, 8.0, "load"),
    ("UlRE", "N", 1870, 2304, 22.0, "load"), ("UlHT", "N", 640, 8208, 0.01, "still"),
    ("UlCK", "N", 420, 512, 1.2, "load"), ("FMsl", "N", 3080, 208, 18.0, "cache"),
    ("Ntfr", "N", 2210, 96, 9.0, "cache"), ("NtFs", "N", 1430, 272, 6.0, "cache"),
    ("Ntfi", "N", 390, 304, 0.4, "still"), ("MmCm", "N", 4410, 45056, 0.002, "still"),
    ("Mdl ", "N", 880, 184, 44.0, "load"), ("Vad ", "N", 2310, 160, 15.0, "load"),
    ("VadS", "N", 1190, 80, 21.0, "load"), ("VadL", "N", 310, 144, 2.0, "load"),
    ("Sema", "N", 520, 112, 12.0, "load"), ("Muta", "N", 330, 96, 7.0, "load"),
    ("Proc", "N", 260, 1536, 0.05, "load"), ("Time", "N", 350, 256, 2.6, "load"),
    ("IoCo", "N", 170, 176, 0.6, "load"), ("Devi", "N", 480, 1120, 0.004, "still"),
    ("Driv", "N", 150, 656, 0.001, "still"), ("ReSe", "N", 610, 160, 3.0, "load"),
    ("ReEv", "N", 190, 48, 1.4, "load"), ("CcSc", "N", 2800, 560, 5.0, "cache"),
    ("CcVa", "N", 510, 10256, 0.02, "still"), ("CcWk", "N", 90, 64, 6.0, "load"),
    ("NDpp", "N", 2010, 5664, 0.02, "still"), ("NDam", "N", 1680, 2880, 0.06, "still"),
    ("NDnd", "N", 210, 1504, 0.01, "still"), ("NDst", "N", 60, 448, 0.002, "still"),
    ("HalD", "N", 3700, 61440, 0.001, "still"), ("ScsL", "N", 240, 1104, 0.02, "still"),
    ("ScPN", "N", 74, 192, 0.6, "load"), ("usbp", "N", 130, 304, 0.2, "still"),
    ("UsbH", "N", 88, 1984, 0.002, "still"), ("HidC", "N", 21, 288, 0.01, "still"),
    ("Wmit", "N", 410, 20480, 0.001, "still"), ("WmiR", "N", 47, 112, 0.1, "still"),
    ("PcNw", "N", 12, 240, 0.001, "still"), ("KSoh", "N", 9, 144, 0.001, "still"),
    ("LSwi", "N", 700, 5632, 0.01, "still"), ("LSwn", "N", 160, 1296, 0.3, "load"),
    ("LS09", "N", 34, 208, 0.2, "load"), ("RxIr", "N", 55, 784, 0.5, "load"),
    ("NbtA", "N", 40, 192, 0.02, "still"), ("NbL4", "N", 8, 272, 0.01, "still"),
    ("TSdd", "N", 66, 1040, 0.002, "still"), ("VoSm", "N", 15, 128, 0.01, "still"),
    ("Ntfx", "N", 1330, 312, 4.0, "cache"), ("IoWI", "N", 24, 64, 33.0, "load"),
    ("Dump", "N", 120, 40960, 0.0005, "still"), ("Io  ", "N", 150, 176, 30.0, "load"),
    ("MmSt", "P", 21800, 1440, 5.0, "cache"), ("CM31", "P", 14600, 4608, 0.1, "still"),
    ("CM25", "P", 6200, 4352, 0.05, "still"), ("CMVa", "P", 800, 176, 4.0, "load"),
    ("Toke", "P", 2900, 1328, 3.0, "load"), ("Key ", "P", 1500, 128, 60.0, "load"),
    ("NtfF", "P", 4800, 1472, 4.0, "cache"), ("Ntop", "P", 2300, 208, 6.0, "cache"),
    ("NtFA", "P", 300, 112, 2.0, "load"), ("FMfn", "P", 3600, 224, 30.0, "cache"),
    ("IoNm", "P", 2200, 144, 70.0, "cache"), ("ObDi", "P", 210, 160, 0.4, "still"),
    ("ObNm", "P", 260, 96, 1.2, "load"), ("Obtb", "P", 1900, 4096, 0.4, "load"),
    ("ObSq", "P", 120, 48, 9.0, "load"), ("Sect", "P", 690, 176, 7.0, "load"),
    ("SeAc", "P", 510, 144, 11.0, "load"), ("SeSd", "P", 640, 224, 3.0, "load"),
    ("SeTd", "P", 45, 528, 0.8, "load"), ("MmIm", "P", 780, 352, 0.3, "still"),
    ("MmPg", "P", 240, 96, 0.1, "still"), ("UlLD", "P", 320, 65536, 0.0004, "still"),
    ("UlHV", "P", 61, 240, 3.0, "load"), ("UlUC", "P", 180, 640, 0.7, "load"),
    ("Gla1", "P", 940, 1456, 0.4, "still"), ("Gh05", "P", 370, 1104, 0.2, "still"),
    ("Gfnt", "P", 88, 512, 0.02, "still"), ("Ttfd", "P", 1210, 5632, 0.02, "still"),
    ("Usqu", "P", 110, 160, 5.0, "load"), ("Uspi", "P", 77, 704, 0.05, "still"),
    ("Ustm", "P", 26, 64, 0.2, "still"), ("Dfsm", "P", 33, 288, 0.02, "still"),
    ("NtfD", "P", 96, 240, 0.2, "still"), ("CcBc", "P", 140, 272, 1.0, "load"),
    ("PsQu", "P", 28, 80, 0.1, "load"), ("LSfn", "P", 15, 112, 0.3, "load"),
    ("Wmin", "P", 39, 160, 0.02, "still"), ("KSpc", "P", 12, 208, 0.001, "still"),
    ("PfTt", "P", 57, 4096, 0.01, "still"), ("ScNb", "P", 31, 416, 0.01, "still"),
    ("Ntf0", "P", 0, 64, 0.8, "still"), ("CIic", "P", 0, 128, 0.1, "still"),
    ("Even", "P", 1, 48, 0.01, "still"), ("Io  ", "P", 2, 96, 0.3, "still"),
]


class Row:
    """One line of a snapshot: the counters of one tag in one pool."""

    def __init__(self, tag, pool, allocs, frees, used):
        self.tag, self.pool, self.allocs, self.frees, self.used = tag, pool, allocs, frees, used


class Tag:
    """A tag that behaves: it breathes with the load, fills a cache, or stands still."""

    def __init__(self, name, pool, kilobytes, size, rate, manner, key, scale, peak_hour=13.0):
        self.name, self.pool, self.size, self.rate, self.manner = name, pool, size, rate, manner
        self.base = kilobytes * KB * scale
        self.key = scramble(key ^ sum(ord(c) << 8 * i for i, c in enumerate(name + pool)))
        self.peak_hour = peak_hour
        self.frees, self.count, self.seen = 0, 0, None

    def level(self, when, clock):
        """Bytes in use at `when`, `clock` being the local hour at which the story starts."""
        noise = wobble(self.key, when, 700.0)
        hour = clock + when / 3600
        if self.manner == "load":
            day = math.cos((hour - self.peak_hour) / 24 * 2 * math.pi)
            return self.base * (1 + 0.10 * day + 0.05 * noise)
        if self.manner == "cache":
            filled = 1 - 0.25 * math.exp(-(when + 1800) / 5400)
            return self.base * (filled + 0.008 * noise)
        return self.base * (1 + 0.002 * noise)

    def row(self, when, clock, uptime):
        """The counters at `when`; allocations and frees only ever rise."""
        count = int(self.level(when, clock) / self.size)
        if self.seen is None:
            self.frees = int(self.rate * uptime)
        else:
            self.frees += int(self.rate * (when - self.seen)) + max(0, self.count - count)
        self.count, self.seen = count, when
        spread = self.key % 13 * count // 40
        used = count * (self.size // 8 * 8) + spread * 8 if count else 0
        return Row(self.name, self.pool, self.frees + count, self.frees, used)


class Leak:
    """A tag whose allocations are kept: `rate` bytes an hour from `start` bytes on.

    Leaks of the same `beat` speed up and slow down together.
    """

    def __init__(self, name, size, start, rate, frees=0, pool="N", begins=0.0, until=None,
                 beat=None):
        self.name, self.size, self.start, self.rate = name, size, start, rate
        self.frees, self.pool, self.begins, self.until = frees, pool, begins, until
        self.key = scramble(beat or sum(ord(c) << 8 * i for i, c in enumerate(name)))

    def wanted(self, when):
        """How many allocations the code has asked for by `when`."""
        end = when if self.until is None else min(when, self.until)
        elapsed = max(0.0, end - self.begins)
        elapsed += 90 * wobble(self.key, elapsed, 1500.0) if elapsed else 0
        return int((self.start + self.rate * max(0.0, elapsed) / 3600) / self.size)


class PoolModel:
    """The pool of one boot epoch, computed on the grid once and then asked.

    A `thin` model leaves out a third of the background tags, to keep the samples small.
    """

    def __init__(self, seed, limit, seconds, leaks=(), scale=1.0, clock=8.0, uptime=86400.0,
                 without=(), slack=0.035, thin=True):
        self.limit, self.seconds, self.clock, self.uptime = limit, seconds, clock, uptime
        self.leaks, self.slack, self.seed = list(leaks), slack, seed
        hidden = {(leak.name, leak.pool) for leak in self.leaks}
        table = [facts for at, facts in enumerate(BACKGROUND) if not thin or at % 3 != 2]
        self.tags = [Tag(*facts, seed, scale) for facts in table
                     if facts[:2] not in hidden and facts[0] not in without]
        self.counts = self._advance()

    def _healthy(self, when):
        used = sum(t.level(when, self.clock) for t in self.tags if t.pool == "N")
        return used * (1 + self.slack + 0.004 * wobble(self.seed, when, 200.0))

    def _advance(self):
        """Counts of every leak per tick. Near the limit allocations fail, so growth stops there."""
        coarse = [self._healthy(60.0 * m) for m in range(int(self.seconds / 60) + 2)]
        counts, kept, self.nonpaged = [], [0] * len(self.leaks), []
        for tick in range(int(self.seconds / TICK) + 1):
            when = tick * TICK
            left, share = int(when // 60), when % 60 / 60
            others = coarse[left] * (1 - share) + coarse[left + 1] * share
            floor = self.limit - 2.5 * MB - 1.5 * MB * abs(wobble(self.seed ^ 7, when, 90.0))
            room = max(0, floor - others)
            wanted = [leak.wanted(when) for leak in self.leaks]
            asked = sum(w * l.size for w, l in zip(wanted, self.leaks) if l.pool == "N")
            fits = min(1.0, room / asked) if asked else 1.0
            kept = [max(k, int(w * fits) if l.pool == "N" else w)
                    for k, w, l in zip(kept, wanted, self.leaks)]
            leaked = sum(k * l.size for k, l in zip(kept, self.leaks) if l.pool == "N")
            self.nonpaged.append(min(int(others + leaked * 1.004), int(self.limit - MB)))
            counts.append(kept)
        return counts

    def headroom(self, when):
        return self.limit - self.nonpaged[int(when // TICK)]

    def rows(self, when):
        """All rows of a snapshot at `when`; call with rising times only."""
        rows = [tag.row(when, self.clock, self.uptime) for tag in self.tags]
        for leak, count in zip(self.leaks, self.counts[int(when // TICK)]):
            rows.append(Row(leak.name, leak.pool, count + leak.frees, leak.frees,
                            count * leak.size))
        return rows

    def totals(self, rows, when):
        """Bytes of nonpaged and paged pool as the header shows them."""
        paged = sum(r.used for r in rows if r.pool == "P")
        return self.nonpaged[int(when // TICK)], int(paged * 1.06)
