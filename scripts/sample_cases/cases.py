"""The sample cases: one function each, named like its folder."""

import datetime

from . import httperr
from .bundle import Case, band_stamp, batch_stamp, long_stamp, merged, split, take, text
from .chance import Chance
from .host import MODERN, SERVER_2003, Host, systeminfo
from .pool import MB, Leak, PoolModel

HOUR = 3600.0
CENTRAL = "(UTC-06:00) Central Time (US & Canada)"
BERLIN = "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"
OLD_CENTRAL = "(GMT-06:00) Central Time (US & Canada)"
OLD_BERLIN = "(GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"


def utc(*parts):
    return datetime.datetime(*parts)


def r2(name, ram_mb, zone, offset):
    return Host(name, "Microsoft Windows Server 2008 R2 Enterprise ",
                "6.1.7601 Service Pack 1 Build 7601", MODERN, "x64-based PC", ram_mb, zone, offset,
                "Rack 210")


def old_x86(name, ram_mb, zone, offset):
    return Host(name, "Microsoft(R) Windows(R) Server 2003, Enterprise Edition",
                "5.2.3790 Service Pack 2 Build 3790", SERVER_2003, "X86-based PC", ram_mb, zone,
                offset, "Rack 180")


def r2_limit(host):
    """What such machines really show as the maximum: a little under three quarters of RAM."""
    return int(host.ram * 0.742)


def about_host(case, boot):
    case.add("systeminfo.txt", systeminfo(case.host, boot, case.at(11 * HOUR)))


def every(minutes, hours, first=0):
    return [first + 60 * minutes * n for n in range(int(hours * 60 / minutes) + 1)]


def leak_x64():
    host = r2("SHOPWEB07", 4095, CENTRAL, -6)
    case = Case("leak-x64", "A leak that explains the refusals, x64: tag `HsCx`, `hstorflt.sys`",
                host, utc(2014, 2, 18, 13, 30))
    chance, boot = Chance(101), utc(2014, 2, 4, 9, 12, 40)
    limit = r2_limit(host)
    model = PoolModel(101, limit, 10.5 * HOUR, [Leak("HsCx", 1056, limit - 1110 * MB, 104 * MB)],
                      clock=7.5, uptime=14.2 * 86400, thin=False)
    whens = every(45, 10)
    lines = []
    for when, taken in zip(whens, take(case, model, whens, "wide-saved")):
        lines += ([""] if lines else []) + [batch_stamp(case.local(when))] + taken
    case.add("poolmon.log", text(lines))
    refused, _ = httperr.refusals(chance, model, 1.4, 3)
    quiet = httperr.noise(chance, 10.5 * HOUR, 95, "ShopPool", "10.20.0.17")
    logs = split(merged(quiet, refused), 3.5 * HOUR, 8 * HOUR)
    for number, events in zip((9, 10, 11), logs):
        case.log(f"HTTPERR/httperr{number}.log", events, 13)
    about_host(case, boot)
    case.drivers("hstorflt", "hstormon", "kvaudit", "genport", "vltdisk", "tarnusb")
    case.expect("leak_explains_refusals", "probable", refused, len(whens), "HsCx", "hstorflt.sys")
    return case


def myfault():
    host = r2("WEB-EAST-2", 2047, CENTRAL, -6)
    case = Case("myfault", "The story that started it all: tag `Leak` in `myfault.sys`; one file "
                "per snapshot, local time in the file names", host, utc(2012, 3, 1, 15, 0))
    chance, boot = Chance(202), utc(2012, 3, 1, 8, 2, 11)
    limit = r2_limit(host)
    model = PoolModel(202, limit, 10.2 * HOUR, [
        Leak("Leak", 65536, 2 * MB, 162 * MB, begins=0.4 * HOUR)], clock=9, uptime=7 * HOUR)
    whens = every(50, 10)
    for when, taken in zip(whens, take(case, model, whens, "wide-saved")):
        case.add(f"poolmon_{case.local(when):%Y%m%d.%H%M}.log.txt", text(taken))
    refused, _ = httperr.refusals(chance, model, 0.9, 1)
    quiet = httperr.noise(chance, 10.2 * HOUR, 32, "DefaultAppPool", "10.4.8.22")
    logs = split(merged(quiet, refused), 6 * HOUR)
    for number, events in zip((1, 2), logs):
        case.log(f"HTTPERR/httperr{number}.log", events, 13)
    about_host(case, boot)
    case.drivers("myfault", "kvaudit", "genport", "hstorflt", "ostnet")
    case.expect("leak_explains_refusals", "probable", refused, len(whens), "Leak", "myfault.sys")
    return case


def server2003_3gb():
    host = old_x86("OLDWEB1", 3583, OLD_BERLIN, 1)
    case = Case("server2003-3gb", "32-bit Server 2003 with /3GB: 128 MB of nonpaged pool, refusals "
                "while under 20 MB are left; a log without header, then with one",
                host, utc(2007, 11, 13, 6, 0))
    chance, boot = Chance(303), utc(2007, 11, 9, 22, 41, 5)
    model = PoolModel(303, 128 * MB, 12 * HOUR, [Leak("OsNb", 312, 36 * MB, 3.9 * MB, 220_000)],
                      scale=0.52, clock=7, uptime=3.3 * 86400,
                      without=("EtwB", "VadL", "NDnd", "FMfn", "PfTt"))
    whens = every(60, 11.7)
    lines = []
    for when, taken in zip(whens, take(case, model, whens, "narrow-saved")):
        lines += ([""] if lines else []) + [band_stamp(case.local(when))] + taken
    case.add("OLDWEB1_poolmon.txt", text(lines))
    refused, _ = httperr.refusals(chance, model, 0.8, 4)
    quiet = httperr.noise(chance, 12 * HOUR, 26, "DefaultAppPool", "10.1.1.5")
    early, late = split(merged(quiet, refused), 5 * HOUR)
    case.log("httperr/httperr1.log", early, 12)
    case.log("httperr/httperr2.log", late, 13, software="Microsoft HTTP API 1.0")
    about_host(case, boot)
    case.add("boot.ini", text([
        "[boot loader]", "timeout=30", "default=multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS",
        "[operating systems]", "multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS="
        "\"Windows Server 2003, Enterprise\" /noexecute=optout /fastdetect /3GB"]))
    case.drivers("ostnet", "kvaudit", "genport", "vltdisk", "objwalk")
    case.expect("leak_explains_refusals", "probable", refused, len(whens), "OsNb", "ostnet.sys")
    return case


def handle_leak():
    host = old_x86("INTRA3", 4095, OLD_CENTRAL, -6)
    case = Case("handle-leak", "Event objects pile up (`Even`): a handle leak, no driver to blame; "
                "`objwalk.sys` only compares with that tag", host, utc(2009, 1, 21, 14, 0))
    chance, boot = Chance(404), utc(2009, 1, 17, 3, 30, 52)
    model = PoolModel(404, 256 * MB, 10.2 * HOUR, [
        Leak("Even", 48, 84 * MB, 13.2 * MB, 51_000_000),
        Leak("Obtb", 4096, 9 * MB, 1.3 * MB, 2_100, pool="P")],
        scale=0.55, clock=8, uptime=4.4 * 86400, without=("EtwB", "PfTt"))
    whens = every(50, 10)
    lines = []
    for when, taken in zip(whens, take(case, model, whens, "narrow-saved", by="tag")):
        lines += ([""] if lines else []) + [batch_stamp(case.local(when))] + taken
    case.add("poolmon.txt", text(lines))
    refused, _ = httperr.refusals(chance, model, 0.5, 2)
    quiet = httperr.noise(chance, 10.2 * HOUR, 24, "IntranetPool", "10.9.0.3")
    case.log("HTTPERR/httperr4.log", merged(quiet, refused), 13, software="Microsoft HTTP API 1.0")
    about_host(case, boot)
    case.drivers("objwalk", "kvaudit", "genport", "ostnet")
    case.expect("leak_explains_refusals", "possible", refused, len(whens), "Even", None)
    return case


def flat_pool():
    host = r2("API04", 8191, BERLIN, 1)
    case = Case("flat-pool", "Refusals while the pool lies flat far below its limit; full queues and "
                "an application pool that went offline compete as the cause",
                host, utc(2015, 1, 27, 7, 0))
    chance, boot = Chance(505), utc(2015, 1, 12, 1, 4, 30)
    model = PoolModel(505, r2_limit(host), 9.2 * HOUR, clock=8, uptime=15.2 * 86400, scale=3.1)
    whens = every(45, 9)
    lines = []
    for when, taken in zip(whens, take(case, model, whens, "wide-saved")):
        lines += ([""] if lines else []) + [batch_stamp(case.local(when))] + taken
    case.add("poolmon.log", text(lines))
    spells = [(3.1 * HOUR, 3.5 * HOUR), (6.2 * HOUR, 6.9 * HOUR)]
    refused, _ = httperr.refusals(chance, model, 0.3, 0, spells=spells)
    rivals = []
    for begin, end in spells:
        for second in chance.events(0.09, end - begin + 900):
            reason, status = chance.pick([("QueueFull", "503")] * 4 + [("AppOffline", "503")])
            rivals.append(httperr.Event(int(begin) - 420 + second, **{
                "c-ip": httperr.client(chance), "c-port": str(chance.whole(1025, 65000)),
                "s-ip": "10.30.1.4", "s-port": "443", "cs-version": "HTTP/1.1",
                "cs-method": "POST", "cs-uri": f"/api/orders/{chance.whole(100, 9999)}",
                "sc-status": status, "s-siteid": "2", "s-reason": reason,
                "s-queuename": "ApiPool"}))
    quiet = httperr.noise(chance, 9.2 * HOUR, 40, "ApiPool", "10.30.1.4")
    case.log("HTTPERR/httperr12.log", merged(quiet, rivals, refused), 13)
    about_host(case, boot)
    case.drivers("genport", "vltdisk", "kvaudit")
    case.expect("refusals_without_pool_pressure", "possible", refused, len(whens))
    return case


def growth_no_refusals():
    host = Host("BATCH11", "Microsoft Windows Server 2012 R2 Standard", "6.3.9600 N/A Build 9600",
                MODERN, "x64-based PC", 16383, BERLIN, 1, "Rack 330")
    case = Case("growth-no-refusals", "A tag grows for ten hours, but the limit is far away and the "
                "logs hold no refusal", host, utc(2016, 11, 16, 20, 0))
    chance, boot = Chance(606), utc(2016, 11, 2, 5, 55, 0)
    model = PoolModel(606, host.ram, 10.2 * HOUR, [Leak("TrUr", 2096, 310 * MB, 58 * MB, 9_000)],
                      clock=21, uptime=14.6 * 86400, scale=2.2)
    whens = every(45, 10)
    lines = []
    for when, taken in zip(whens, take(case, model, whens, "wide-saved", by="tag")):
        lines += ["", long_stamp(case.local(when)), "", ""] + taken
    case.add("BATCH11_Poolmon.txt", text(lines))
    quiet = httperr.noise(chance, 10.2 * HOUR, 26, "BatchPool", "10.7.7.11")
    midnight = 4 * HOUR
    for day, events in zip(("161116", "161117"), split(quiet, midnight)):
        case.log(f"HTTPERR/ht{day}.log", events, 14)
    about_host(case, boot)
    case.drivers("tarnusb", "genport", "kvaudit", "hstormon")
    case.expect("leak_without_refusals", "probable", (), len(whens), "TrUr", "tarnusb.sys")
    return case


def no_clock():
    host = r2("KIOSK9", 2047, "", 0)
    case = Case("no-clock", "A leak and refusals, but no time in the snapshots and no zone anywhere: "
                "the correlation has to be withheld", host, utc(2013, 1, 15, 12, 0))
    chance = Chance(707)
    limit = r2_limit(host)
    model = PoolModel(707, limit, 10.2 * HOUR, [Leak("VlRq", 144, limit - 1010 * MB, 95 * MB, 70)],
                      clock=6, uptime=5 * 86400)
    lines = []
    for taken in take(case, model, every(50, 10), "wide-saved"):
        lines += ([""] if lines else []) + taken
    case.add("poolmon.txt", text(lines))
    refused, _ = httperr.refusals(chance, model, 0.8, 4)
    quiet = httperr.noise(chance, 10.2 * HOUR, 26, "KioskPool", "10.66.0.9")
    case.log("HTTPERR/httperr2.log", merged(quiet, refused), 13)
    case.drivers("vltdisk", "kvaudit", "genport", "ostnet")
    case.expect("inconclusive", "insufficient", refused, 13, "VlRq", "vltdisk.sys",
                also=["leak_explains_refusals"])
    return case


def dirty():
    host = r2("SHOPWEB02", 4095, CENTRAL, -6)
    case = Case("dirty", "A leak under rubble: UTF-16 snapshots, a torn tail, NUL runs, copied and "
                "overlapping logs, invalid UTF-8, a broken image, empty and failed captures",
                host, utc(2014, 1, 22, 13, 0))
    chance, boot = Chance(808), utc(2014, 1, 10, 9, 0, 3)
    limit = r2_limit(host)
    model = PoolModel(808, limit, 10.2 * HOUR, [Leak("HsCx", 1056, limit - 1040 * MB, 99 * MB)],
                      clock=7, uptime=12.1 * 86400)
    whens = every(50, 10)
    taken = take(case, model, whens, "wide-saved")
    stamped = [[batch_stamp(case.local(w))] + lines for w, lines in zip(whens, taken)]
    first = [line for lines in stamped[:5] for line in [""] + lines]
    case.add("poolmon-1.txt", b"\xff\xfe" + ("\r\n".join(first) + "\r\n").encode("utf-16-le"))
    second = text([line for lines in stamped[5:] for line in [""] + lines])
    case.add("poolmon-2.log", second[:second.rindex(b"\r\n", 0, -2) - 61])
    case.add("poolmon-3.log", b"")
    case.add("poolmon-4.log", text(["'poolmon' is not recognized as an internal or external command,",
                                    "operable program or batch file."]))
    refused, _ = httperr.refusals(chance, model, 1.1, 2)
    quiet = httperr.noise(chance, 10.2 * HOUR, 36, "ShopPool", "10.20.0.12")
    events = merged(quiet, refused)
    early = [e for e in events if e.second < 9.2 * HOUR]
    late = [e for e in events if e.second >= 8.9 * HOUR]
    scratch = Case("scratch", "", host, case.start)
    scratch.log("early", early, 13, repeat_at=(len(early) // 3, len(early) // 2))
    scratch.log("late", late, 13)
    early_log = scratch.files["early"].replace(b"/favicon.ico", b"/\xe9t\xe9.ico")
    case.add("HTTPERR/httperr5.log", early_log)
    case.add("HTTPERR/Copy of httperr5.log", early_log)
    late_lines = scratch.files["late"].split(b"\r\n")
    middle = len(late_lines) // 2
    late_lines[middle] = b"\0" * 512 + late_lines[middle]
    torn = f"{case.at(10.2 * HOUR):%Y-%m-%d %H:%M:%S} 203.0.113.77 4410".encode()
    case.add("HTTPERR/httperr6.log", b"\r\n".join(late_lines[:-1]) + b"\r\n" + torn)
    case.add("HTTPERR/httperr7.log", b"\0" * 2048)
    about_host(case, boot)
    case.drivers("hstorflt", "hstormon", "kvaudit", "genport")
    case.add("drivers/broken.sys", case.files["drivers/genport.sys"][:1200])
    case.add("drivers/readme.sys", "These are the drivers of SHOPWEB02.\r\n")
    case.expect("leak_explains_refusals", "possible", refused, len(whens), "HsCx", "hstorflt.sys")
    return case


def two_tags_lockstep():
    host = r2("FILEGW1", 4095, BERLIN, 1)
    case = Case("two-tags-lockstep", "`VlRq` of `vltdisk.sys` and the kernel's `IoWI` grow one for "
                "one: a group, named by its third-party member", host, utc(2012, 12, 4, 6, 0))
    chance, boot = Chance(909), utc(2012, 11, 20, 18, 20, 0)
    limit = r2_limit(host)
    begin, rate = limit - 1130 * MB, 110 * MB
    share = 304 / (304 + 128)
    model = PoolModel(909, limit, 10.2 * HOUR, [
        Leak("VlRq", 304, begin * share, rate * share, 1_500, beat=9),
        Leak("IoWI", 128, begin * (1 - share), rate * (1 - share), 2_950_000, beat=9)],
        clock=7, uptime=13.5 * 86400)
    whens = every(50, 10, 30)
    lines = []
    for when, taken in zip(whens, take(case, model, whens, "wide-live")):
        lines += [batch_stamp(case.local(when))] + taken + [""]
    case.add("poolmon-screens.txt", text(lines))
    refused, _ = httperr.refusals(chance, model, 0.7, 1)
    quiet = httperr.noise(chance, 10.2 * HOUR, 26, "GatePool", "10.12.0.8")
    case.log("HTTPERR/httperr3.log", merged(quiet, refused), 13)
    about_host(case, boot)
    case.drivers("vltdisk", "genport", "kvaudit", "objwalk")
    case.expect("leak_explains_refusals", "possible", refused, len(whens), "VlRq", "vltdisk.sys")
    return case


def reboot():
    host = old_x86("OLDWEB4", 2047, OLD_BERLIN, 1)
    case = Case("reboot", "Leak, refusals, restart, and the leak begins again: two boot epochs in one "
                "file", host, utc(2008, 2, 6, 5, 0))
    chance = Chance(1010)
    second_boot = 7 * HOUR + 340
    models = [
        PoolModel(1010, 256 * MB, 7.1 * HOUR, [Leak("OsNb", 312, 108 * MB, 14 * MB, 90_000)],
                  scale=0.7, clock=6, uptime=2.2 * 86400, without=("EtwB", "PfTt")),
        PoolModel(1011, 256 * MB, 5 * HOUR, [Leak("OsNb", 312, 1 * MB, 15 * MB, 40)],
                  scale=0.7, clock=13, uptime=60.0, without=("EtwB", "PfTt")),
    ]
    lines, whens = [], []
    for model, begin, moments in ((models[0], 0, every(45, 6.8)),
                                  (models[1], second_boot, every(45, 4.4, 300))):
        for when, taken in zip(moments, take(case, model, moments, "narrow-saved")):
            lines += ([""] if lines else []) + [batch_stamp(case.local(begin + when))] + taken
            whens.append(begin + when)
    case.add("poolmon.log", text(lines))
    before, _ = httperr.refusals(chance, models[0], 0.6, 3)
    before = [e for e in before if e.second < 7 * HOUR]
    after, _ = httperr.refusals(chance, models[1], 0.6, 1, begin=second_boot)
    quiet = [e for e in httperr.noise(chance, 12 * HOUR, 24, "DefaultAppPool", "10.1.1.8")
             if not 7 * HOUR <= e.second < second_boot]
    events = merged(quiet, before, after)
    restart = sum(1 for e in events if e.second < second_boot)
    case.log("HTTPERR/httperr1.log", events, 13, software="Microsoft HTTP API 1.0",
             repeat_at=(restart,))
    about_host(case, case.at(second_boot - 60))
    case.drivers("ostnet", "genport", "kvaudit")
    case.expect("leak_explains_refusals", "possible", before + after, len(whens), "OsNb",
                "ostnet.sys")
    return case


def one_snapshot():
    host = r2("PORTAL2", 2047, CENTRAL, -6)
    case = Case("one-snapshot", "A single snapshot taken during the refusals: it can rank, not prove",
                host, utc(2013, 12, 10, 12, 0))
    chance, boot = Chance(1111), utc(2013, 12, 1, 4, 10, 0)
    limit = r2_limit(host)
    model = PoolModel(1111, limit, 9 * HOUR, [Leak("HsCx", 1056, limit - 910 * MB, 96 * MB)],
                      clock=6, uptime=9.3 * 86400)
    when = 8.5 * HOUR
    case.add("poolmon.txt", text([batch_stamp(case.local(when))]
                                 + take(case, model, [when], "wide-saved")[0]))
    refused, _ = httperr.refusals(chance, model, 0.9, 0)
    quiet = httperr.noise(chance, 9 * HOUR, 22, "PortalPool", "10.40.0.2")
    case.log("HTTPERR/httperr1.log", merged(quiet, refused), 13)
    about_host(case, boot)
    case.drivers("hstorflt", "genport", "kvaudit")
    case.expect("inconclusive", "insufficient", refused, 1, "HsCx", "hstorflt.sys",
                also=["leak_explains_refusals", "pool_pressure_without_leak"])
    return case


ALL = [leak_x64, myfault, server2003_3gb, handle_leak, flat_pool, growth_no_refusals, no_clock,
       dirty, two_tags_lockstep, reboot, one_snapshot]
