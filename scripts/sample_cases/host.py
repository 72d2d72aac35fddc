"""The machine of a case and what systeminfo prints of it."""

import datetime

MODERN = "modern"
SERVER_2003 = "2003"


class Host:
    def __init__(self, name, os_name, version, form, machine, ram_mb, zone, offset_hours, model):
        self.name, self.os_name, self.version, self.form = name, os_name, version, form
        self.machine, self.ram_mb, self.zone, self.model = machine, ram_mb, zone, model
        self.offset = datetime.timedelta(hours=offset_hours)

    @property
    def ram(self):
        return self.ram_mb << 20

    def local(self, moment):
        return moment + self.offset


def entry(label, value):
    return f"{label + ':':<27}{value}"


def us_moment(moment):
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment.month}/{moment.day}/{moment.year}, {hour}:{moment:%M:%S} {half}"


def systeminfo(host, boot, now):
    """`boot` and `now` are UTC; the tool prints local time."""
    up = now - boot
    hours, rest = divmod(up.seconds, 3600)
    lines = ["", entry("Host Name", host.name), entry("OS Name", host.os_name),
             entry("OS Version", host.version), entry("OS Manufacturer", "Microsoft Corporation"),
             entry("OS Configuration", "Member Server"),
             entry("OS Build Type", "Multiprocessor Free"),
             entry("Registered Owner", "Operations"),
             entry("Registered Organization", "Example Shop"),
             entry("Original Install Date", us_moment(host.local(boot).replace(
                 year=boot.year - 1, month=6, day=3, hour=11, minute=20, second=8)))]
    if host.form == SERVER_2003:
        lines.append(entry("System Up Time", f"{up.days} Days, {hours} Hours, {rest // 60} Minutes,"
                                             f" {rest % 60} Seconds"))
    else:
        lines.append(entry("System Boot Time", us_moment(host.local(boot))))
    lines += [entry("System Manufacturer", "Example Systems"), entry("System Model", host.model),
              entry("System Type", host.machine),
              entry("Processor(s)", "2 Processor(s) Installed."),
              " " * 27 + "[01]: Processor One ~2394 Mhz", " " * 27 + "[02]: Processor Two ~2394 Mhz",
              entry("Windows Directory", "C:\\Windows"),
              entry("System Directory", "C:\\Windows\\system32"),
              entry("Boot Device", "\\Device\\HarddiskVolume1"),
              entry("System Locale", "en-us;English (United States)"),
              entry("Input Locale", "en-us;English (United States)"),
              entry("Time Zone", host.zone),
              entry("Total Physical Memory", f"{host.ram_mb:,} MB"),
              entry("Available Physical Memory", f"{host.ram_mb // 5:,} MB"),
              entry("Page File Location(s)", "C:\\pagefile.sys"),
              entry("Domain", "shop.example"), entry("Logon Server", "N/A")]
    return "\r\n".join(lines) + "\r\n"
