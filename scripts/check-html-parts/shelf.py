"""A batch of 500 simulated cases and its page, and what that page must do in a browser.

The cases lie in the folders of nine customers; some uploads are copies, some are broken or called
by names that would like to be markup. An earlier batch over a part of them makes the section of
what is new. Expected figures come from cases.jsonl, not from the page.
"""

import json
import os
import re
import shutil
import subprocess

CASES, CUSTOMERS = 500, 9


def write(root, program, folder):
    """Writes the shelf, runs both batches; the page's path."""
    flat, shelf, before, out = (folder / name for name in ("flat", "shelf", "before", "batch"))
    environment = {**os.environ, "POOLSLEUTH_SIM_DIR": str(flat), "POOLSLEUTH_SIM_CASES": str(CASES)}
    command = ["cargo", "test", "--quiet", "--test", "tests", "write_simulated_cases"]
    subprocess.run(command, cwd=root, env=environment, check=True, stdout=subprocess.DEVNULL)
    for nth, case in enumerate(sorted(p for p in flat.iterdir() if not p.name.endswith(".truth.txt"))):
        customer = shelf / f"customer {nth % CUSTOMERS + 1}"
        customer.mkdir(parents=True, exist_ok=True)
        case.rename(customer / case.name)
    shutil.rmtree(flat)
    spoil(shelf)
    run(program, [shelf / "customer 1"], before, [])
    run(program, [shelf], out, ["--since", before])
    return out / "index.html"


def spoil(shelf):
    """Copies, uploads that break off, and names that would like to be markup."""
    first = next(p for p in sorted((shelf / "customer 1").iterdir()) if p.suffix == ".zip")
    for name in ("copy of it.zip", "and again.zip"):
        shutil.copy(first, shelf / "customer 2" / name)
    (shelf / "customer 3" / "cut.zip").write_bytes(first.read_bytes()[:600])
    (shelf / "customer 3" / "no entries.zip").write_bytes(b"PK\x03\x04\x14\0")
    (shelf / "customer 3" / "<script>window.hit = 1<script>.zip").write_bytes(b"PK\x03\x04" + bytes(500))
    (shelf / "customer 4" / "minutes.docx").write_text("no case")


def run(program, paths, out, more):
    command = [*program, "batch", *paths, "-o", out, "--no-cache", "-q", *more]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL)
    if done.returncode not in (0, 4):
        raise SystemExit(f"the batch ended with exit status {done.returncode}")


def wrong(page):
    """What is wrong before any browser looks: links that lead nowhere, cases that are missing."""
    text = page.read_text()
    for link in re.findall(r'href="([^"#][^"]*)"', text):
        if not link.startswith("cases/") or not (page.parent / link).is_file():
            yield f"a link leads nowhere: {link}"
    records = [json.loads(line) for line in (page.parent / "cases.jsonl").read_text().splitlines()]
    if len(records) < CASES:
        yield f"{len(records)} records, at least {CASES} expected"
    for record in records:
        if record["report"] and f'{record["report"]}/report.html' not in text:
            yield f"no link to {record['report']}"


def load(page):
    """The records, for the checks below."""
    return [json.loads(line) for line in (page.parent / "cases.jsonl").read_text().splitlines()]


def every_case(page, records):
    """One row a case, and the bars of the outcomes add up."""
    rows = page.run("document.querySelectorAll('#cases tbody tr').length")
    if rows != len(records):
        yield f"{rows} rows, expected {len(records)}"
    told = page.run("[...document.querySelectorAll('#outcomes .tally b')].map(b => +b.textContent.replace(/\\D/g, ''))")
    if sum(told) != len(records):
        yield f"the outcomes add up to {sum(told)}, expected {len(records)}"
    failed = sum(record["status"] == "failed" for record in records)
    shown = page.run("document.querySelectorAll('#unreadable tbody tr').length")
    in_part = sum(record["status"] == "ok" and bool(record["losses"]) for record in records)
    if not failed or shown != failed + in_part:
        yield f"{shown} unreadable cases, expected {failed} and {in_part} in part, and more than none"
    for section in ("new", "drivers", "heat", "curves", "hosts"):
        if not page.run(f"document.querySelectorAll('#{section} tbody tr, #{section} .multiples li').length"):
            yield f"nothing in #{section}"


COLUMN = """(() => { const table = document.querySelector('#%s table'), at = %d, number = table.tHead.rows[0].cells[at].classList.contains('num');
    return [...table.tBodies[0].rows].map(r => number ? (r.cells[at].dataset.k ?? null) : (r.cells[at].dataset.k ?? r.cells[at].textContent.trim()).toLowerCase()); })()"""


def sorting(page, _):
    """Every column of every table, up, down and back."""
    for section in ("new", "drivers", "cases", "hosts", "unreadable"):
        columns = page.run(f"[...document.querySelectorAll('#{section} thead th')].map(h => [!!h.querySelector('button'), h.classList.contains('num')])")
        for at, (sorts, is_number) in enumerate(columns):
            if sorts:
                yield from column(page, section, at, is_number)


def column(page, section, at, is_number):
    head = f"document.querySelectorAll('#{section} thead th')[{at}]"
    values = COLUMN % (section, at)
    first = page.run(values)
    for step in ("descending", "ascending") if is_number else ("ascending", "descending"):
        page.run(f"{head}.querySelector('button').click()")
        got = page.run(values)
        known = [float(v) if is_number else v.encode("utf-16-be") for v in got if v is not None]
        if known != sorted(known, reverse=step == "descending") or len(got) != len(first):
            yield f"#{section}, column {at}, {step}: {got[:4]}"
        if None in got[:len(known)]:
            yield f"#{section}, column {at}: what has no value does not stand last"
        if page.run(f"{head}.getAttribute('aria-sort')") != step:
            yield f"#{section}, column {at}: aria-sort does not say {step}"
    page.run(f"{head}.querySelector('button').click()")
    if page.run(values) != first:
        yield f"#{section}, column {at}: the third step does not return to the first order"


def filtering(page, records):
    """A driver's name leaves the rows of its cases."""
    driver = next(record["driver"] for record in records if record["driver"])
    wanted = sum(driver in json.dumps([record["driver"], record["path"], record["host"]]) for record in records)
    shown = page.run("""(() => { const input = document.querySelector('#cases .filter input'), rows = [...document.querySelectorAll('#cases tbody tr')];
        input.value = %s; input.dispatchEvent(new Event('input'));
        const shown = rows.filter(r => !r.hidden).length, said = document.querySelector('#cases .filter [role=status]').textContent;
        input.value = ''; input.dispatchEvent(new Event('input'));
        return [shown, said, rows.filter(r => !r.hidden).length]; })()""" % json.dumps(driver))
    if shown[0] != wanted or not shown[1].startswith(f"{wanted} of ") or shown[2] != len(records):
        yield f"the filter for {driver} shows {shown}, expected {wanted}"


WITH_SCRIPTS = [every_case, sorting, filtering]
