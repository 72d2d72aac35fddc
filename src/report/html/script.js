"use strict";
// Comfort only: everything this page says is there without it. No names or words of the case
// pass through here but as text nodes.
(function () {
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const make = (name, words, parent) => {
    const element = document.createElement(name);
    if (words) element.textContent = words;
    if (parent) parent.append(element);
    return element;
  };
  let inZone = false;
  const redraw = [];

  // ---- times -------------------------------------------------------------------------------
  const two = (n) => String(n).padStart(2, "0");
  const offsetWords = (minutes) => {
    const size = Math.abs(minutes);
    return (minutes < 0 ? "-" : "+") + two(Math.floor(size / 60)) + ":" + two(size % 60);
  };
  const stamp = (ms, minutes, end) => {
    const at = new Date(ms + minutes * 60000);
    if (isNaN(at)) return "out of range";
    return at.getUTCFullYear() + "-" + two(at.getUTCMonth() + 1) + "-" + two(at.getUTCDate()) + " " +
      two(at.getUTCHours()) + ":" + two(at.getUTCMinutes()) + ":" + two(at.getUTCSeconds()) + end;
  };
  const showTimes = () => {
    for (const time of all("time[data-o]")) {
      const ms = Date.parse(time.dateTime);
      if (isNaN(ms)) continue;
      const minutes = Number(time.dataset.o);
      time.textContent = inZone ? stamp(ms, minutes, offsetWords(minutes)) : stamp(ms, 0, "Z");
    }
  };
  const zone = document.getElementById("zone");
  if (zone) {
    zone.addEventListener("click", () => {
      inZone = !inZone;
      zone.textContent = inZone ? zone.dataset.zone : "UTC";
      zone.setAttribute("aria-pressed", String(inZone));
      showTimes();
      redraw.forEach((draw) => draw());
    });
  }

  // ---- sizes -------------------------------------------------------------------------------
  const bytes = (count) => {
    const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let size = Math.abs(count), unit = 0;
    while (size >= 999.5 && unit < units.length - 1) { size /= 1024; unit += 1; }
    const digits = unit === 0 ? 0 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
    return (count < 0 ? "-" : "") + size.toFixed(digits) + " " + units[unit];
  };
  const counted = (n) => n.toLocaleString("en-US");

  // ---- charts ------------------------------------------------------------------------------
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 43200,
    86400, 172800, 525600, 1051200, 5256000].map((m) => m * 60000);
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const TICKS = 6, WIDTH = 10000, DAY = 86400000;

  function Chart(root) {
    const data = JSON.parse(root.querySelector("script").textContent);
    const [from, to] = data.span;
    const length = Math.max(to - from, 1);
    const least = data.time ? Math.max(length / 5000, 60000) : Math.max(length / 5000, 1);
    let view = data.focus.slice(), cursor = null;
    const stages = all(".stage", root);
    const plots = stages.filter((stage) => stage.querySelector(".box"));
    const ns = stages[0].namespaceURI;
    const axis = root.querySelector(".axis");
    const unit = root.querySelector(".unit");
    const legend = document.querySelector(".legend");
    const readout = document.getElementById("readout");
    const spoken = document.getElementById("spoken");
    const svg = (name, attributes, parent) => {
      const element = document.createElementNS(ns, name);
      for (const key in attributes) element.setAttribute(key, attributes[key]);
      parent.append(element);
      return element;
    };
    const crosses = plots.map((plot) => svg("line", { class: "cross", y1: 0, y2: "100%", visibility: "hidden" }, plot));
    const shades = plots.map((plot) => svg("rect", { class: "drag", y: 0, height: "100%", visibility: "hidden" }, plot));
    const share = (at) => (at - view[0]) / (view[1] - view[0]);
    const offset = (at) => {
      let minutes = 0;
      for (const [since, value] of data.offsets) if (since <= at || since === data.offsets[0][0]) minutes = value;
      return minutes;
    };
    const when = (at) => {
      if (!data.time) return "snapshot " + counted(Math.round(at) + 1);
      const minutes = inZone ? offset(at) : 0;
      return stamp(at, minutes, inZone ? offsetWords(minutes) : "Z");
    };
    // Places that the cursor stops at: points of the first line, or the bars.
    const stops = (data.lines.length && data.lines[0].length ? data.lines[0] : data.bars).map((p) => p[0] + from);

    function ticks() {
      const made = [];
      const span = view[1] - view[0];
      if (!data.time) {
        let step = 1, decade = 1, place = 0;
        while (span / step >= TICKS) { step = decade * [2, 5, 10][place]; place = (place + 1) % 3; if (!place) decade = step; }
        for (let at = Math.max(Math.ceil(view[0] / step) * step, 0); at <= view[1]; at += step) made.push([at, counted(at + 1), ""]);
        return made;
      }
      const step = STEPS.find((s) => span / s < TICKS);
      if (!step) return made;
      const shift = (inZone ? offset(view[0]) : 0) * 60000;
      let before = null;
      for (let local = Math.ceil((view[0] + shift) / step) * step; local - shift <= view[1]; local += step) {
        const at = new Date(local);
        const date = at.getUTCDate() + " " + MONTHS[at.getUTCMonth()];
        const isNew = before === null || Math.floor(before / DAY) !== Math.floor(local / DAY);
        if (step >= DAY) made.push([local - shift, date, before === null ? String(at.getUTCFullYear()) : ""]);
        else made.push([local - shift, two(at.getUTCHours()) + ":" + two(at.getUTCMinutes()), isNew ? date : ""]);
        before = local;
      }
      return made;
    }

    function draw() {
      const x = ((view[0] - from) / length) * WIDTH;
      const width = Math.max(((view[1] - view[0]) / length) * WIDTH, 0.01);
      for (const box of all(".box", root)) {
        const height = box.viewBox.baseVal.height;
        box.setAttribute("viewBox", x + " 0 " + width + " " + height);
      }
      for (const label of all(".at", root)) {
        const percent = ((Number(label.dataset.x) - x) / width) * 100;
        label.setAttribute("x", clamp(percent, -50, 150) + "%");
        label.setAttribute("visibility", percent >= 0 && percent <= 100 ? "visible" : "hidden");
      }
      axis.replaceChildren();
      for (const [at, label, below] of ticks()) {
        const percent = share(at) * 100;
        const anchor = percent < 4 ? "start" : percent > 96 ? "end" : "middle";
        svg("text", { x: percent + "%", y: 14, "text-anchor": anchor }, axis).textContent = label;
        if (below) svg("text", { x: percent + "%", y: 29, "text-anchor": anchor }, axis).textContent = below;
      }
      if (unit && data.time) unit.textContent = inZone && data.offsets.length ? "local" : "UTC";
      root.dataset.from = String(view[0]);
      root.dataset.to = String(view[1]);
      point(cursor);
    }

    function look(a, b) {
      const span = clamp(b - a, least, length);
      const start = clamp(a, from, to - span);
      view = [start, start + span];
      draw();
    }

    function zoom(factor, at) {
      const middle = at === undefined || at === null ? (view[0] + view[1]) / 2 : at;
      look(middle - (middle - view[0]) * factor, middle + (view[1] - middle) * factor);
    }

    function pan(part) {
      const step = (view[1] - view[0]) * part;
      look(view[0] + step, view[1] + step);
    }

    const nearest = (points, at) => {
      let low = 0, high = points.length - 1;
      if (high < 0) return null;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (points[middle][0] + from <= at) low = middle; else high = middle;
      }
      return Math.abs(points[low][0] + from - at) <= Math.abs(points[high][0] + from - at) ? points[low] : points[high];
    };

    function point(at) {
      cursor = at;
      const isOn = at !== null && at >= view[0] && at <= view[1];
      for (const cross of crosses) {
        cross.setAttribute("visibility", isOn ? "visible" : "hidden");
        if (isOn) for (const end of ["x1", "x2"]) cross.setAttribute(end, share(at) * 100 + "%");
      }
      if (at === null) return "";
      const said = [when(at)];
      legend.classList.add("live");
      data.lines.forEach((line, place) => {
        const value = all("[data-line='" + place + "']", legend)[0];
        const found = nearest(line, at);
        if (!value || !found) return;
        value.textContent = bytes(found[1]);
        said.push(value.previousElementSibling.textContent + " " + bytes(found[1]));
      });
      const bars = legend.querySelector("[data-bars]");
      if (bars && data.bars.length) {
        let total = 0;
        for (const [start, end, count] of data.bars) if (start + from <= at && at <= end + from) total = Math.max(total, count);
        bars.textContent = counted(total);
        said.push(counted(total) + " refused");
      }
      readout.textContent = when(at);
      return said.join(", ");
    }

    function step(by) {
      if (!stops.length) return;
      let place;
      if (cursor === null) place = by > 0 ? stops.findIndex((s) => s >= view[0]) : stops.length - 1;
      else if (by > 0) place = stops.findIndex((s) => s > cursor);
      else { place = stops.findIndex((s) => s >= cursor); place = (place < 0 ? stops.length : place) - 1; }
      if (place < 0) place = by > 0 ? stops.length - 1 : 0;
      const at = stops[place];
      if (at < view[0] || at > view[1]) {
        const half = (view[1] - view[0]) / 2;
        look(at - half, at + half);
      }
      spoken.textContent = point(at);
    }

    const acts = {
      in: () => zoom(0.5, cursor), out: () => zoom(2, cursor), left: () => pan(-0.4), right: () => pan(0.4),
      all: () => look(from, to),
    };
    const keys = {
      ArrowRight: () => step(1), ArrowLeft: () => step(-1), "+": acts.in, "=": acts.in, "-": acts.out,
      PageUp: acts.left, PageDown: acts.right, Home: acts.all, 0: acts.all,
    };
    root.tabIndex = 0;
    root.addEventListener("keydown", (event) => {
      const act = keys[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });

    let start = null;
    const at = (event) => {
      const frame = plots[0].getBoundingClientRect();
      return view[0] + clamp((event.clientX - frame.left) / frame.width, 0, 1) * (view[1] - view[0]);
    };
    const shade = (a, b) => {
      for (const one of shades) {
        one.setAttribute("visibility", a === null ? "hidden" : "visible");
        if (a === null) continue;
        one.setAttribute("x", share(Math.min(a, b)) * 100 + "%");
        one.setAttribute("width", Math.abs(share(b) - share(a)) * 100 + "%");
      }
    };
    for (const plot of plots) {
      plot.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        if (event.pointerType === "mouse") { start = at(event); plot.setPointerCapture(event.pointerId); }
        point(at(event));
      });
      plot.addEventListener("pointermove", (event) => {
        const here = at(event);
        point(here);
        if (start !== null) shade(start, here);
      });
      plot.addEventListener("pointerup", (event) => {
        if (start === null) return;
        const end = at(event);
        const begin = start;
        start = null;
        shade(null);
        if (Math.abs(share(end) - share(begin)) > 0.02) look(Math.min(begin, end), Math.max(begin, end));
      });
      plot.addEventListener("pointercancel", () => { start = null; shade(null); });
      plot.addEventListener("dblclick", acts.all);
    }
    redraw.push(draw);
    draw();
    return acts;
  }

  const charts = all(".chart").filter((root) => root.querySelector("script")).map(Chart);
  for (const button of all("[data-zoom]")) {
    button.addEventListener("click", () => { if (charts[0]) charts[0][button.dataset.zoom](); });
  }

  // ---- tables ------------------------------------------------------------------------------
  const key = (row, column, isNumber) => {
    const cell = row.cells[column];
    if (!isNumber) return cell.dataset.k ?? cell.textContent.trim().toLowerCase();
    return "k" in cell.dataset ? Number(cell.dataset.k) : null;
  };
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return (a < b ? -1 : a > b ? 1 : 0) * sign;
  };
  function sortable(table) {
    const heads = all("thead th", table), body = table.tBodies[0];
    const original = Array.from(body.rows);
    heads.forEach((head, column) => {
      const isNumber = head.classList.contains("num");
      if (!isNumber && !head.classList.contains("words")) return;
      const button = make("button", head.textContent);
      button.type = "button";
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const was = head.getAttribute("aria-sort");
        const first = isNumber ? "descending" : "ascending";
        const next = !was ? first : was === first ? (isNumber ? "ascending" : "descending") : null;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        let order = original;
        if (next) {
          head.setAttribute("aria-sort", next);
          const sign = next === "ascending" ? 1 : -1;
          const keyed = original.map((row) => [key(row, column, isNumber), row]);
          order = keyed.sort((a, b) => compare(a[0], b[0], sign)).map((pair) => pair[1]);
        }
        body.append(...order);
      });
    });
  }
  function filterable(table) {
    const rows = Array.from(table.tBodies[0].rows);
    if (rows.length < 8) return;
    const box = make("div");
    box.className = "filter";
    const label = make("label", "Show rows with ", box);
    const input = make("input", "", label);
    input.type = "search";
    input.name = "filter";
    input.spellcheck = false;
    const said = make("span", "", box);
    said.className = "soft";
    said.setAttribute("role", "status");
    const words = rows.map((row) => row.textContent.toLowerCase());
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, place) => {
        row.hidden = !wanted.every((word) => words[place].includes(word));
        if (!row.hidden) shown += 1;
      });
      said.textContent = wanted.length ? counted(shown) + " of " + counted(rows.length) : "";
    });
    table.closest(".scroll").before(box);
  }
  for (const table of all("table")) {
    if (table.tBodies[0].rows.length > 1) sortable(table);
    if (table.classList.contains("tools")) filterable(table);
  }

  // ---- links into folded parts, printing ---------------------------------------------------
  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    for (let at = target; at; at = at.parentElement) if (at.localName === "details") at.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of folded.splice(0)) part.open = false; });

  for (const element of all(".js")) {
    element.classList.remove("js");
    if (element.classList.contains("controls")) element.style.display = "flex";
  }
  document.documentElement.dataset.ready = "yes";
})();
