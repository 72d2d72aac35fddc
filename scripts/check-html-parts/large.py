"""A large case: 48 hours, 600 tags, 100,000 refused connections, written to a folder.

One tag leaks. One minute has many times the refusals of any other, and one snapshot many times
the nonpaged pool of its neighbours: both must still be seen in the report. The bytes are the
same every time.
"""

import datetime
import random

HOURS, TAGS, EVERY = 48, 600, 300
REFUSED, SPIKE_REFUSED = 100_000, 3_000
START = datetime.datetime(2026, 3, 1, 0, 0, 0)
SPIKE_SNAPSHOT, SPIKE_MINUTE = 203, 40 * 60 + 17
SPIKE_KIB = 2_500_000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
HEAD = " Tag  Type             Allocs              Frees              Diff          Bytes      Per Alloc\r\n"
FIELDS = ("#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid"
          " s-reason s-queuename\r\n")
REFUSING_FROM = 24 * 60  # minutes


def write(folder):
    chance = random.Random("large case")
    write_pool(folder, chance)
    write_logs(folder, chance)


def rows(chance):
    names = {"Leak"}
    while len(names) < TAGS:
        names.add("".join(chance.choices(LETTERS, k=4)))
    for name in sorted(names):
        live = chance.randrange(2, 900)
        yield {"tag": name, "pool": "Nonp " if name == "Leak" or chance.random() < 0.6 else "Paged",
               "each": 16 * chance.randrange(2, 60), "allocs": live + chance.randrange(10**6), "live": live}


def write_pool(folder, chance):
    tags = list(rows(chance))
    with open(folder / "poolmon.log", "w", newline="") as log:
        for number in range(HOURS * 3600 // EVERY + 1):
            at = START + datetime.timedelta(seconds=number * EVERY)
            log.write(f"\r\n{at:%Y-%m-%dT%H:%M:%SZ}\r\n")
            log.write(snapshot(tags, number, chance))


def snapshot(tags, number, chance):
    lines = []
    for row in tags:
        row["live"] = max(1, row["live"] + (4_000 if row["tag"] == "Leak" else chance.randrange(-3, 4)))
        row["allocs"] += 5_000
        live, allocs = row["live"], row["allocs"]
        lines.append(f" {row['tag']:>4} {row['pool']:>5} {allocs:18} {allocs - live:18}  {live:16}"
                     f" {live * row['each']:14}     {row['each']:12}        \r\n")
    pools = {pool: sum(r["live"] * r["each"] for r in tags if r["pool"] == pool) // 1024 for pool in ("Nonp ", "Paged")}
    nonpaged = pools["Nonp "] + (SPIKE_KIB if number == SPIKE_SNAPSHOT else 0)
    return (f" Memory:16776180K Avail: 9123456K  PageFlts:{10**6 + number * 5000:6}   InRam Krnl:{9876:5}K"
            f" P:{pools['Paged']:5}K\r\n Commit:{4567890:7}K Limit:{19922944:7}K Peak:{5678901:7}K"
            f"            Pool N:{nonpaged:5}K P:{pools['Paged']:5}K\r\n\r\n{HEAD}\r\n{''.join(lines)}")


def write_logs(folder, chance):
    """A log for every six hours; from the second day on connections are refused every minute."""
    minutes = HOURS * 60
    usual, rest = divmod(REFUSED - SPIKE_REFUSED, minutes - REFUSING_FROM - 1)
    (folder / "HTTPERR").mkdir()
    for place in range(HOURS // 6):
        with open(folder / "HTTPERR" / f"httperr{place + 1}.log", "w", newline="") as log:
            log.write(f"#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n{FIELDS}")
            for minute in range(place * 360, (place + 1) * 360):
                at = START + datetime.timedelta(minutes=minute)
                log.write(f"{at:%Y-%m-%d %H:%M}:01 192.0.2.{chance.randrange(1, 255)} 50000 10.20.0.17 80"
                          " - - - - - Timer_ConnectionIdle -\r\n")
                if minute < REFUSING_FROM:
                    continue
                total = SPIKE_REFUSED if minute == SPIKE_MINUTE else usual
                for second in range(2, 2 + total if minute != SPIKE_MINUTE else 3):
                    count = total if minute == SPIKE_MINUTE else 1
                    log.write(f"{at:%Y-%m-%d %H:%M}:{second % 60:02} - - - - - - - - - {count}_Connections_Refused -\r\n")
                if minute == minutes - 1:
                    log.write(f"{at:%Y-%m-%d %H:%M}:59 - - - - - - - - - {rest}_Connections_Refused -\r\n")


def wrong(report, html):
    """What of the case is not in its report: the totals and the two spikes."""
    if report["refusals"]["total"] != REFUSED:
        yield f"{report['refusals']['total']} refused, expected {REFUSED}"
    if report["pool"]["snapshots"] != HOURS * 3600 // EVERY + 1:
        yield f"{report['pool']['snapshots']} snapshots"
    named = len(report["pool"]["tags"]) + report["pool"]["tags_not_listed"]
    if named != TAGS:
        yield f"{named} tags, expected {TAGS}"
    peak = max(point["bytes"] for point in report["pool"]["nonpaged"])
    if peak < SPIKE_KIB * 1024:
        yield f"the spike of one snapshot is lost: nonpaged pool at most {peak} in the JSON"
    elif f",{peak}]" not in html:
        yield "the spike of one snapshot is not in the page's plot"
    if f",{SPIKE_REFUSED}]" not in html:
        yield "the spike of one minute is not in the page's plot"
