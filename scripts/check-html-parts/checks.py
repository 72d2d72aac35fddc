"""What a rendered report must do in a browser.

Each check takes a page that is open and the report's JSON (or None), and yields what is wrong
in words. Expected places are computed from the JSON, not from the page's own data.
"""

import datetime
import json

MOST_BYTES = 5_000_000
MOST_SECONDS = 2.0
MOST_BARS = 1440

# Text needs 4.5:1, lines and areas 3:1 (WCAG 2.2, 1.4.3 and 1.4.11).
TEXT_COLOURS = [("--ink", "--paper"), ("--ink", "--card"), ("--ink", "--sunk"), ("--soft", "--paper"), ("--soft", "--card"),
                ("--soft", "--sunk"), ("--link", "--paper"), ("--link", "--card"), ("--link", "--sunk")]
LINE_COLOURS = [(f"--s{n}", "--card") for n in range(6)] + [("--refused", "--card"), ("--focus", "--paper")]


def seconds(text):
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except (ValueError, AttributeError):
        return None


def basics(page, _):
    """Nothing ran that should not, the script ran to its end, nothing sticks out."""
    if page.run("typeof window.hit") != "undefined":
        yield f"text of the case ran as code: hit={page.run('window.hit')}"
    if page.run("document.documentElement.dataset.ready") != "yes":
        yield "the page's script did not reach its end"
    yield from layout(page)


def layout(page):
    wide, view = page.run("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    if wide > view:
        culprits = page.run("""[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll,pre,.contents,svg')
            && e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map(e => e.outerHTML.slice(0, 80))""")
        yield f"the page scrolls sideways: {wide} of {view} pixels; {culprits}"


def structure(page, _):
    """What a screen reader needs."""
    found = page.run("""({
        h1: document.querySelectorAll('h1').length,
        main: document.querySelectorAll('main').length,
        nav: document.querySelectorAll('nav[aria-label]').length,
        lang: document.documentElement.lang,
        captions: [...document.querySelectorAll('table')].filter(t => !t.caption || !t.caption.textContent).length,
        scopes: [...document.querySelectorAll('th')].filter(t => !t.scope).length,
        images: [...document.querySelectorAll('svg')].filter(s => !s.closest('[aria-hidden],[role=img]')).length,
        labels: [...document.querySelectorAll('[role=img],[role=group],[role=region],[role=toolbar]')].filter(s => !s.getAttribute('aria-label')).length,
        buttons: [...document.querySelectorAll('button')].filter(b => !b.textContent.trim() && !b.getAttribute('aria-label')).length,
        sections: [...document.querySelectorAll('section')].filter(s => !document.getElementById(s.getAttribute('aria-labelledby'))).length,
        links: [...document.querySelectorAll('a[href]')].filter(a => !a.getAttribute('href').startsWith('cases/') && !document.getElementById(a.getAttribute('href').slice(1))).length,
    })""")
    wanted = {"h1": 1, "main": 1, "nav": 1, "lang": "en", "captions": 0, "scopes": 0, "images": 0, "labels": 0,
              "buttons": 0, "sections": 0, "links": 0}
    for what, value in wanted.items():
        if found[what] != value:
            yield f"structure: {what} is {found[what]}, expected {value}"
    page.run("window.scrollTo(0, 0); document.activeElement.blur()")
    page.press("Tab")
    first = page.run("document.activeElement.className")
    if first != "skip":
        yield f"the first stop of the keyboard is `{first}`, expected the skip link"


def colours(page, _):
    values = page.run("""(() => { const style = getComputedStyle(document.documentElement), probe = document.createElement('i');
        document.body.append(probe); const rgb = {};
        for (const name of ['paper','card','sunk','ink','soft','link','focus','refused','s0','s1','s2','s3','s4','s5']) {
            probe.style.color = style.getPropertyValue('--' + name); rgb['--' + name] = getComputedStyle(probe).color; }
        probe.remove(); return rgb; })()""")

    def light(name):
        parts = [int(p) / 255 for p in values[name].strip("rgb()").split(",")[:3]]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for pairs, least in ((TEXT_COLOURS, 4.5), (LINE_COLOURS, 3.0)):
        for front, back in pairs:
            high, low = sorted((light(front), light(back)), reverse=True)
            ratio = (high + 0.05) / (low + 0.05)
            if ratio < least:
                yield f"contrast of {front} on {back} is {ratio:.2f}, expected {least}"


def without_scripts(page, _):
    """All of it is there, and no button that would do nothing."""
    shown = page.run("[...document.querySelectorAll('button')].filter(b => b.offsetParent).length")
    if shown:
        yield f"{shown} buttons are shown though scripts are off"
    if not page.run("document.querySelector('h1').textContent.trim()"):
        yield "no verdict without scripts"
    yield from layout(page)


def plot(page, report):
    """Bars, limit and threshold stand where the data puts them."""
    if report is None:
        return
    bars = page.run("[...document.querySelectorAll('rect.bar')].filter(b => b.closest('.box')).map(b => ['x','width','y','height'].map(k => +b.getAttribute(k)))")
    span = page.run("[...document.querySelectorAll('.chart')].map(c => JSON.parse(c.querySelector('script').textContent).span)")
    if not bars and not report["refusals"]["episodes"]:
        return
    yield from bar_places(bars, span[-1], report["refusals"])
    yield from level_places(page, report["pool"])


def bar_places(bars, span, refusals):
    counts = [(seconds(c["start"]), c["seconds"], c["total"]) for c in refusals["counts"]]
    counts = [c for c in counts if c[0] is not None and c[1] < 1e9]
    if not counts:
        counts = [(seconds(e["start"]), seconds(e["end"]) - seconds(e["start"]), e["total"]) for e in refusals["episodes"]]
    if len(counts) <= MOST_BARS and len(bars) not in (len(counts), len(counts) + 1):
        yield f"{len(bars)} bars, expected {len(counts)}"
        return
    if len(counts) > MOST_BARS and not 0 < len(bars) <= MOST_BARS:
        yield f"{len(bars)} bars, expected at most {MOST_BARS}"
    # The highest and the first bar, by time and height.
    highest = max(counts, key=lambda c: c[2])
    for start, length, total in (counts[0], highest):
        x = (start * 1000 - span[0]) / (span[1] - span[0]) * 10_000
        width = length * 1000 / (span[1] - span[0]) * 10_000
        height = max(total / highest[2] * 940, 15)
        near = [b for b in bars if abs(b[0] - x) < 0.2 and abs(b[1] - width) < 0.2 and abs(b[3] - height) < 0.2]
        if not near or abs(near[0][2] + near[0][3] - 1000) > 0.2:
            yield f"no bar at x={x:.1f} of width {width:.1f} and height {height:.1f} (total {total})"


def level_places(page, pool):
    places = page.run("""(() => { const y = s => { const e = document.querySelector('.box ' + s); return e && e.getBoundingClientRect().top; };
        const stage = document.querySelector('.stage.pool');
        return { limit: y('.limit'), threshold: y('.threshold'), floor: stage && stage.getBoundingClientRect().bottom,
            lines: [...document.querySelectorAll('.box polyline.s0')].map(l => l.getAttribute('points').trim().split(' ').map(p => +p.split(',')[1])) }; })()""")
    if places["limit"] is None:
        peak = max((p["bytes"] for p in pool["nonpaged"]), default=0)
        if pool["limit"] and pool["threshold"] and pool["nonpaged"] and pool["limit"]["bytes"] < 2 * peak:
            yield "the limit is near the lines and not drawn"
        return
    limit = pool["limit"]["bytes"]
    # Zero lies on the floor and the limit on its line; everything else follows.
    pixels = (places["floor"] - places["limit"]) / limit
    wanted = limit - pool["threshold"]["bytes"]
    shown = (places["floor"] - places["threshold"]) / pixels
    if abs(shown - wanted) > limit / 100:
        yield f"the threshold line stands at {shown:.0f} bytes, expected {wanted}"
    if not places["lines"]:
        return
    lowest = min(y for line in places["lines"] for y in line)
    peak = (1000 - lowest) / 1000 * page.run("document.querySelector('.stage.pool').getBoundingClientRect().height") / pixels
    wanted = max(p["bytes"] for p in pool["nonpaged"])
    if abs(peak - wanted) > limit / 100:
        yield f"the line's peak stands at {peak:.0f} bytes, expected {wanted}"


def view(page):
    return page.run("(() => { const c = document.querySelector('.chart'); return [+c.dataset.from, +c.dataset.to]; })()")


def zoom(page, _):
    """Keys, buttons and dragging change the part that is shown, and all of it comes back."""
    if not page.run("!!document.querySelector('.chart')"):
        return
    page.run("document.querySelector('[data-zoom=all]').click()")
    whole = view(page)
    length = whole[1] - whole[0]
    page.run("document.querySelector('.chart').focus()")
    page.press("+")
    now = view(page)
    if not now[1] - now[0] < 0.75 * length:
        yield f"`+` shows {now} of {whole}"
    box = page.run("document.querySelector('.box').getAttribute('viewBox')").split()
    if not float(box[2]) < 7_500:
        yield f"`+` leaves the drawing at {box}"
    page.press("Home")
    if view(page) != whole:
        yield "Home does not show all"
    page.run("document.querySelector('[data-zoom=in]').click()")
    if not view(page)[1] - view(page)[0] < 0.75 * length:
        yield "the button does not zoom in"
    page.run("document.querySelector('[data-zoom=all]').click()")
    page.run("document.querySelector('.chart').scrollIntoView({block: 'center'})")
    x, y, width = page.run("(() => { const r = document.querySelector('.stage:not(.axis)').getBoundingClientRect(); return [r.left, r.top + 20, r.width]; })()")
    page.mouse("mouseMoved", x + width * 0.4, y)
    page.mouse("mousePressed", x + width * 0.4, y, 1)
    page.mouse("mouseMoved", x + width * 0.6, y, 1)
    page.mouse("mouseReleased", x + width * 0.6, y)
    now = view(page)
    least = 60_000 * 2
    if length > least * 10 and not (abs(now[0] - whole[0] - length * 0.4) < length * 0.02 and abs(now[1] - whole[0] - length * 0.6) < length * 0.02):
        yield f"dragging over the middle fifth shows {now} of {whole}"
    page.run("document.querySelector('[data-zoom=all]').click()")


def hover(page, report):
    """Pointing and arrow keys say time and values."""
    if not page.run("!!document.querySelector('.chart')"):
        return
    page.run("document.querySelector('.chart').scrollIntoView({block: 'center'})")
    before = page.run("document.getElementById('readout').textContent")
    x, y, width = page.run("(() => { const r = document.querySelector('.stage:not(.axis)').getBoundingClientRect(); return [r.left, r.top + 20, r.width]; })()")
    page.mouse("mouseMoved", x + width * 0.3, y)
    if page.run("document.getElementById('readout').textContent") == before:
        yield "pointing at the plot says nothing"
    page.run("document.querySelector('.chart').focus()")
    page.press("Home")
    for _ in range(3):
        page.press("ArrowRight")
    spoken = page.run("document.getElementById('spoken').textContent")
    if not spoken:
        yield "arrow keys say nothing"
    if report and report["pool"]["nonpaged"] and "nonpaged pool" not in spoken:
        yield f"arrow keys do not say the pool: {spoken}"


def sorting(page, _):
    """Click and keyboard sort by number and by word, and return to the first order."""
    if not page.run("!!document.querySelector('table.tags thead .num button')"):
        return
    keys = "[...document.querySelector('table.tags').tBodies[0].rows].map(r => r.cells[document.querySelector('table.tags thead .num').cellIndex].dataset.k ?? null)"
    column = "document.querySelector('table.tags thead .num button')"
    first = page.run(keys)
    known = [float(k) for k in first if k is not None]
    page.run(f"{column}.click()")
    got = [float(k) for k in page.run(keys) if k is not None]
    if got != sorted(known, reverse=True):
        yield f"sorted by growth: {got[:6]}"
    if page.run(f"{column}.parentElement.getAttribute('aria-sort')") != "descending":
        yield "aria-sort does not say descending"
    page.run(f"{column}.focus()")
    page.press("Enter", "\r")
    got = [float(k) for k in page.run(keys) if k is not None]
    if got != sorted(known):
        yield f"sorted by growth with the keyboard: {got[:6]}"
    page.press("Enter", "\r")
    if page.run(keys) != first:
        yield "the third step does not return to the first order"
    names = "[...document.querySelector('table.tags').tBodies[0].rows].map(r => r.cells[0].textContent.trim().toLowerCase())"
    page.run("document.querySelector('table.tags thead .words button').click()")
    got = page.run(names)
    if got != sorted(got, key=lambda s: s.encode("utf-16-be")):
        yield f"sorted by tag: {got[:6]}"


def filtering(page, _):
    if not page.run("!!document.querySelector('.filter input')"):
        return
    shown, total = page.run("""(() => { const input = document.querySelector('.filter input');
        const rows = [...input.closest('.filter').nextElementSibling.querySelectorAll('tbody tr')];
        input.value = rows[0].cells[0].textContent.slice(0, 4); input.dispatchEvent(new Event('input'));
        const shown = rows.filter(r => !r.hidden).length; const first = rows[0].hidden;
        input.value = ''; input.dispatchEvent(new Event('input'));
        return [first ? 0 : shown, rows.filter(r => !r.hidden).length]; })()""")
    rows = page.run("document.querySelector('.filter').nextElementSibling.querySelectorAll('tbody tr').length")
    if not 0 < shown <= rows or total != rows:
        yield f"filter shows {shown}, then {total} of {rows}"


def zones(page, _):
    if not page.run("!!document.getElementById('zone')"):
        return
    text = "(document.querySelector('time[data-o]') || {}).textContent"
    before = page.run(text)
    offset = page.run("+(document.querySelector('time[data-o]') || {dataset: {}}).dataset.o")
    page.run("document.getElementById('zone').click()")
    local = page.run(text)
    pressed = page.run("document.getElementById('zone').getAttribute('aria-pressed')")
    page.run("document.getElementById('zone').click()")
    if before is None:
        return
    stamp = datetime.datetime.fromisoformat(before.replace("Z", "+00:00"))
    wanted = stamp.astimezone(datetime.timezone(datetime.timedelta(minutes=offset)))
    if datetime.datetime.fromisoformat(local) != stamp or local[:19] != wanted.strftime("%Y-%m-%d %H:%M:%S") or pressed != "true":
        yield f"the zone's switch turned {before} into {local}"
    if page.run(text) != before:
        yield "the zone's switch does not return to UTC"


def evidence(page, _):
    """A link of the verdict leads to its evidence, also from the keyboard."""
    if not page.run("!!document.querySelector('#verdict .ev a')"):
        return
    page.run("document.querySelector('#verdict .ev a').focus()")
    page.press("Enter", "\r")
    page.browser.pump(0.1)
    if not page.run("(() => { const t = document.querySelector(':target'); if (!t) return false; const r = t.getBoundingClientRect(); return r.top >= -5 && r.top < innerHeight && t.textContent.length > 0; })()"):
        yield "a link to evidence does not lead there"


WITH_SCRIPTS = [basics, structure, colours, plot, zoom, hover, sorting, filtering, zones, evidence]


def load(path):
    beside = path.with_suffix(".json")
    return json.loads(beside.read_text()) if beside.exists() else None
