// Throughput and lag of the last hour. The node has a sample each 5 s; while the page is open it adds one each second.

import { milliseconds, rate } from "/page/words.js";

const hour = 3600; // s
const gap = 20; // s without a sample, and the line breaks
const step = 2; // s between samples at least: a shorter time measures its own jitter

/** Samples by time: a rate from the node's count of records, and the lag. */
export class History {
  constructor(past) {
    this.at = [];
    this.rate = [];
    this.lag = [];
    past.at.forEach((at, i) => this.add(at, past.events[i], past.lag_ms[i]));
  }

  /** `events`: records since the node started. A node that started again counts from 0. */
  add(at, events, lag) {
    const before = this.last;
    if (before && at < before.at + step) return;
    if (before && at - before.at > gap) this.push(before.at + 1, null, null);
    const counts = Number.isFinite(events) && before && Number.isFinite(before.events) && events >= before.events;
    // A lag is of a change: without one, there is none.
    const moved = counts && events > before.events;
    this.push(at, counts ? (events - before.events) / (at - before.at) : null,
              moved && Number.isFinite(lag) ? lag : null);
    this.last = { at, events };
    while (this.at[0] < at - hour) {
      this.at.shift();
      this.rate.shift();
      this.lag.shift();
    }
  }

  push(at, speed, lag) {
    this.at.push(at);
    this.rate.push(speed);
    this.lag.push(lag);
  }
}

export class Chart {
  /** `values(history)` returns the line, `show(x)` a value with its unit. */
  constructor(place, what, values, show) {
    Object.assign(this, { place, what, values, show });
    this.build([[], []]);
    new ResizeObserver(() => this.plot.setSize(this.size())).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.build(this.data));
  }

  size() {
    return { width: Math.max(200, this.place.clientWidth), height: Math.max(120, this.place.clientHeight) };
  }

  build(data) {
    const style = getComputedStyle(this.place);
    const colour = (name) => style.getPropertyValue(name).trim();
    const font = `${parseFloat(style.fontSize) * 0.8}px system-ui, sans-serif`;
    const axis = { stroke: colour("--muted"), font, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const size = parseFloat(style.fontSize) * 4.2;
    this.data = data;
    this.plot?.destroy();
    this.plot = new uPlot({
      ...this.size(),
      legend: { show: false },
      cursor: { y: false },
      scales: { y: { range: (_, low, high) => [0, Math.max(high ?? 0, 1) * 1.1] } },
      padding: [8, 12, 0, 0],
      axes: [{ ...axis, size: parseFloat(style.fontSize) * 1.7, values: (_, all) => all.map(clock) },
             { ...axis, size, values: (_, all) => all.map((x) => this.show(x)) }],
      series: [{}, { stroke: colour("--accent"), fill: colour("--accent-soft"), width: 1.5, points: { show: false } }],
    }, data, this.place);
  }

  draw(history, now) {
    const line = this.values(history);
    this.data = [history.at, line];
    this.plot.setData(this.data, false);
    this.plot.batch(() => {
      this.plot.setScale("x", { min: Math.min(history.at[0] ?? now, now - 60), max: now });
    });
    const known = line.filter((x) => x !== null);
    const label = known.length === 0 ? `${this.what}: nothing yet`
      : `${this.what} in the last hour: now ${this.show(known.at(-1))}, at most ${this.show(known.reduce((a, b) => Math.max(a, b)))}`;
    if (this.place.getAttribute("aria-label") !== label) this.place.setAttribute("aria-label", label);
  }
}

function clock(at) {
  return new Date(at * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).replace(/:00$/, "");
}

export const showRate = (x) => rate(x, "").replace(" /s", "/s");
export const showLag = milliseconds;
