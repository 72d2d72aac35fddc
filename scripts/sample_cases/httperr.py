"""What http.sys logs: benign timers all day, refusals on a five-second grid."""

from .pool import MB, TICK

LAYOUTS = {
    12: "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason",
    13: "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason"
        " s-queuename",
    14: "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid"
        " s-reason s-queuename",
    16: "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid streamid_ex"
        " sc-status s-siteid s-reason s-queuename transport",
}
THRESHOLD = 20 * MB

PATHS = ["/", "/shop/cart.aspx", "/shop/item.aspx?id=%d", "/api/orders/%d", "/images/logo.png",
         "/login.aspx", "/reports/daily.ashx?d=%d", "/favicon.ico", "/service.svc"]
SCANS = [("GET", "/../../etc/passwd", "403", "Forbidden"), ("-", "-", "400", "BadRequest"),
         ("GET", "/%c0%ae%c0%ae/", "400", "URL"), ("OPTIONS", "/", "400", "Hostname"),
         ("GET", "-", "400", "Verb")]


class Event:
    def __init__(self, second, **fields):
        self.second, self.fields = second, fields


def client(chance):
    block = chance.pick(["192.0.2.", "198.51.100.", "203.0.113."])
    return block + str(chance.whole(1, 254))


def noise(chance, seconds, per_hour, queue, address):
    """Timers and the odd scanner: what every healthy log is full of."""
    events = []
    for second in chance.events(per_hour / 3600, seconds):
        at = {"c-ip": client(chance), "c-port": str(chance.whole(1025, 65000)), "s-ip": address,
              "s-port": chance.pick(["80", "80", "443"])}
        roll = chance.unit()
        if roll < 0.80:
            at["s-reason"] = "Timer_ConnectionIdle"
        elif roll < 0.87:
            at["s-reason"] = "Timer_HeaderWait"
        elif roll < 0.95:
            path = chance.pick(PATHS)
            path = path % chance.whole(10, 9999) if "%d" in path else path
            at.update({"cs-version": "HTTP/1.1", "cs-method": chance.pick(["GET", "GET", "POST"]),
                       "cs-uri": path, "s-siteid": "1", "s-queuename": queue,
                       "s-reason": chance.pick(["Timer_EntityBody", "Timer_MinBytesPerSecond",
                                                "Connection_Dropped"])})
        else:
            method, path, status, reason = chance.pick(SCANS)
            at.update({"cs-version": "HTTP/1.1" if path != "-" else "-", "cs-method": method,
                       "cs-uri": path, "sc-status": status, "s-reason": reason})
        events.append(Event(second, **at))
    return events


def refusals(chance, model, per_second, phase, begin=0, spells=None):
    """One row per tick with refused connections. `spells` overrides the headroom rule."""
    events, total = [], 0
    for tick in range(int(model.seconds / TICK) - 1):
        when = tick * TICK + phase
        if spells is None:
            refusing = model.headroom(when) < THRESHOLD
        else:
            refusing = any(a <= when < b for a, b in spells)
        if not refusing:
            continue
        expected = per_second * TICK
        count = int(chance.between(0, 2 * expected) + chance.unit())
        if count:
            events.append(Event(begin + when, **{"s-reason": f"{count}_Connections_Refused"}))
            total += count
    return events, total


def header(layout, moment, software="Microsoft HTTP API 2.0"):
    return [f"#Software: {software}", "#Version: 1.0", f"#Date: {moment:%Y-%m-%d %H:%M:%S}",
            f"#Fields: {LAYOUTS[layout]}"]


def line(event, layout, moment):
    """One record; `moment` is the event's UTC time."""
    known = dict(event.fields, date=f"{moment:%Y-%m-%d}", time=f"{moment:%H:%M:%S}")
    if layout == 16 and "s-reason" in known and known.get("c-ip"):
        known.setdefault("transport", "TCP")
    return " ".join(known.get(name, "-") for name in LAYOUTS[layout].split())
