// The way of a change as a picture: five stages, with what flows, waits and lags.

import { bytes, count, counted, milliseconds, nothing, rate, seconds } from "/page/words.js";

const names = { postgres: "PostgreSQL", debezium: "Debezium, Kafka", router: "Router", cells: "Cells", redis: "Redis" };
const order = Object.keys(names);
const svgSpace = "http://www.w3.org/2000/svg";

/** Returns what each stage shows: {state, lines}, and the text of the arrow that leaves it. */
export function stages(status, flushes, now) {
  const around = status.cluster?.surroundings ?? {};
  const { router = {}, writer = {}, member = {}, cluster = {} } = status;
  const slot = around.slot ?? {};
  const sources = router.sources ?? [];
  const paused = sources.filter((x) => x.paused).length;
  const ahead = sources.reduce((sum, x) => sum + Math.max(0, x.read - x.durable), 0);
  const connector = around.connector ? around.connector.state.toLowerCase() : "not asked here";
  return {
    postgres: { state: slot.exists === undefined ? nothing : slot.active ? "slot is read" : "slot isn't read",
                lines: [`${bytes(slot.retained_wal_bytes)} of WAL kept`],
                out: "" },
    debezium: { state: around.kafka?.trouble ? "Kafka is away" : `connector ${connector}`,
                lines: [around.connector?.restarts > 0 ? counted(around.connector.restarts, "restart") : "no restarts"],
                out: rate(status.events_per_second, "records") },
    router: { state: counted(sources.length, "partition"),
              lines: [paused > 0 ? `${paused} paused: no credit` : `${count(router.records)} records read`],
              out: bytes(router.waiting_bytes) },
    cells: { state: `${count(status.rows)} rows`,
             lines: [cluster.unserved_cells > 0 ? `${counted(cluster.unserved_cells, "cell")} unserved`
                                                : counted((member.shards ?? []).length, "shard") + " here"],
             out: counted(ahead, "record") },
    redis: { state: rate(flushes, "flushes"),
             lines: [status.last_flush > 0 ? `last one ${seconds(now - status.last_flush)} ago` : "none yet"], out: "" },
  };
}

/** Returns where boxes and texts stand, in units of the view. */
function geometry(upright) {
  if (upright)
    return { width: 380, height: 5 * 100 + 4 * 48 + 2, box: [250, 100],
             at: (i) => [1, 1 + i * 148], arrow: (i) => [[126, 101 + i * 148], [126, 147 + i * 148]],
             word: (i) => [140, 129 + i * 148], anchor: "start" };
  return { width: 1240, height: 172, box: [176, 106], at: (i) => [2 + i * 265, 2],
           arrow: (i) => [[178 + i * 265, 55], [267 + i * 265, 55]], word: (i) => [221 + i * 265, 43], anchor: "middle" };
}

export class Flow {
  /** `place` of the picture, `list` of the same as text, `cause`: a line that says what holds back. */
  constructor(place, list, cause) {
    Object.assign(this, { place, list, cause });
    this.list.replaceChildren(...order.map(() => document.createElement("li")));
    this.last = null;
    new ResizeObserver(() => this.fit()).observe(place);
    this.fit();
  }

  /** Stands upright where there is no room for five stages side by side. */
  fit() {
    const upright = this.place.clientWidth < 46 * parseFloat(getComputedStyle(document.documentElement).fontSize);
    if (upright === this.upright) return;
    this.upright = upright;
    this.draw();
    if (this.last) this.show(...this.last);
  }

  draw() {
    const g = geometry(this.upright);
    const [width, height] = g.box;
    this.svg = make("svg", { viewBox: `0 0 ${g.width} ${g.height}`, class: this.upright ? "upright" : "lying" });
    this.parts = order.map((name, i) => {
      const [x, y] = g.at(i);
      const group = add(this.svg, "g", { class: "stage" });
      add(group, "rect", { x, y, width, height, rx: 10 });
      const text = (dy, kind) => add(group, "text", { x: x + 14, y: y + dy, class: kind });
      text(28, "name").textContent = names[name];
      const part = { group, state: text(58, "state"), line: text(86, "line") };
      if (i + 1 < order.length) {
        const [[x1, y1], [x2, y2]] = g.arrow(i);
        part.arrow = add(this.svg, "path", { class: "arrow", d: `M${x1} ${y1}L${x2} ${y2}` });
        add(this.svg, "path", { class: "head", d: this.upright ? `M${x2 - 6} ${y2 - 8}l6 8l6 -8` : `M${x2 - 8} ${y2 - 6}l8 6l-8 6` });
        const [wx, wy] = g.word(i);
        part.out = add(this.svg, "text", { x: wx, y: wy, class: "out", "text-anchor": g.anchor });
      }
      return part;
    });
    if (!this.upright) this.lags = [this.bracket(2, 708), this.bracket(708, 1238)];
    this.place.replaceChildren(this.svg);
  }

  /** Draws a bracket under the stages from x to x, and returns its text. */
  bracket(from, to) {
    add(this.svg, "path", { class: "bracket", d: `M${from + 4} 124v10H${to - 4}v-10` });
    return add(this.svg, "text", { x: (from + to) / 2, y: 160, class: "lag", "text-anchor": "middle" });
  }

  /** `held`: what holdsBack() says. */
  show(status, flushes, now, held) {
    this.last = [status, flushes, now, held];
    const all = stages(status, flushes, now);
    order.forEach((name, i) => {
      const { state, lines, out } = all[name];
      const part = this.parts[i];
      const holds = held?.stage === name;
      part.group.setAttribute("class", holds ? "stage holds" : "stage");
      put(part.state, holds ? "holds back" : state);
      put(part.line, shorten(holds ? held.why : lines[0], this.upright ? 36 : 24));
      if (part.out) {
        put(part.out, out);
        part.arrow.setAttribute("class", status.events_per_second > 0 ? "arrow moving" : "arrow");
      }
      put(this.list.children[i], `${names[name]}: ${holds ? `holds back: ${held.why}; ` : ""}${state}, ${lines[0]}`
        + (out ? `; to ${names[order[i + 1]]}: ${out}` : ""));
    });
    put(this.cause, held ? `${names[held.stage]} holds back: ${held.why}` : "");
    const lag = status.lag_ms, own = status.router?.own_lag_ms;
    if (this.upright) {
      put(this.parts[1].out, `${all.debezium.out}, ${milliseconds(lag - own)} after commit`);
      put(this.parts[3].out, `${all.cells.out}, ${milliseconds(own)} later`);
      return;
    }
    put(this.lags[0], `commit to router ${milliseconds(lag - own)}`);
    put(this.lags[1], `router to Redis ${milliseconds(own)}`);
  }
}

function shorten(text, most) {
  return text.length > most ? text.slice(0, most - 1) + "…" : text;
}

function make(tag, attributes) {
  const out = document.createElementNS(svgSpace, tag);
  for (const [name, value] of Object.entries(attributes)) out.setAttribute(name, value);
  return out;
}

function add(parent, tag, attributes) {
  return parent.appendChild(make(tag, attributes));
}

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
