"""What poolmon prints: live screens and `-n` snapshots, wide and narrow."""

WIDE_LIVE = "%s %s %9d (%4d) %9d (%4d) %8d %11d (%11d) %11d"
NARROW_LIVE = "%s %s %9d (%4d) %9d (%4d) %8d %7d (%6d) %6d"
WIDE_SAVED = "%s %s %18d %18d  %16d %14d     %12d        "
NARROW_SAVED = "%s %s %9d %9d  %8d %7d     %6d        "
HEADS = {
    "wide-live": " Tag  Type     Allocs            Frees            Diff       Bytes                  Per Alloc",
    "narrow-live": " Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc",
    "wide-saved": " Tag  Type     Allocs            Frees               Diff            Bytes                 Per Alloc",
    "narrow-saved": " Tag  Type     Allocs         Frees    Diff   Bytes    Per Alloc",
}
TYPES = {"N": "Nonp ", "P": "Paged"}


def memory_lines(ram, avail, faults, nonpaged, paged, committed, limit):
    """The two lines that -r (and every live screen) puts on top; sizes in bytes."""
    return [
        " Memory:%8dK Avail:%8dK  PageFlts:%6d   InRam Krnl:%5dK P:%5dK"
        % (ram >> 10, avail >> 10, faults, 9000 + (paged >> 16), paged * 93 // 100 >> 10),
        " Commit:%7dK Limit:%7dK Peak:%7dK            Pool N:%5dK P:%5dK"
        % (committed >> 10, limit >> 10, (committed >> 10) * 104 // 100, nonpaged >> 10,
           paged >> 10),
    ]


def order(rows, by):
    if by == "bytes":
        return sorted(rows, key=lambda r: (-r.used, r.tag, r.pool))
    return sorted(rows, key=lambda r: (r.tag, r.pool))


def snapshot(rows, form, head=None, by="bytes", before=None):
    """The lines of one snapshot. `before` are the last refresh's rows, for live deltas."""
    known = {(r.tag, r.pool): r for r in before or rows}
    lines = list(head or [])
    if form.endswith("live"):
        lines.append(" System pool information")
    else:
        lines.append("")
    lines += [HEADS[form], ""]
    for row in order(rows, by):
        diff = row.allocs - row.frees
        each = row.used // diff if diff else 0
        tag, kind = " " + row.tag.rjust(4), TYPES[row.pool]
        if form.endswith("saved"):
            shape = WIDE_SAVED if form == "wide-saved" else NARROW_SAVED
            lines.append(shape % (tag, kind, row.allocs, row.frees, diff, row.used, each))
        else:
            old = known.get((row.tag, row.pool), row)
            shape = WIDE_LIVE if form == "wide-live" else NARROW_LIVE
            lines.append(shape % (tag, kind, row.allocs, row.allocs - old.allocs, row.frees,
                                  row.frees - old.frees, diff, row.used, row.used - old.used,
                                  each))
    return lines
