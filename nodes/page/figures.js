// The figures: a table with a filter by text and by state.

import { badge, Table } from "/page/tables.js";
import { counted, seconds } from "/page/words.js";

const states = ["failed", "incomplete", "stale", "filling", "live"]; // worst first

export class FigureList {
  constructor(now) {
    this.all = [];
    this.only = "";
    this.field = document.getElementById("filter");
    this.field.addEventListener("input", () => this.draw());
    this.table = new Table(document.getElementById("figure-table"), (x) => x.name, [
      (x) => x.name, (x) => badge(x.state), (x) => x.since ? seconds(now() - x.since) : "", (x) => x.why ?? "",
    ]);
    this.buttons = new Map(states.map((state) => [state, this.button(state)]));
    document.getElementById("states").replaceChildren(...this.buttons.values());
  }

  button(state) {
    const out = document.createElement("button");
    out.type = "button";
    out.className = `badge ${state}`;
    out.setAttribute("aria-pressed", "false");
    out.addEventListener("click", () => {
      this.only = this.only === state ? "" : state;
      this.draw();
    });
    return out;
  }

  show(figures) {
    this.all = figures.toSorted ? figures.toSorted(byState) : [...figures].sort(byState);
    this.draw();
  }

  draw() {
    const words = this.field.value.trim().toLowerCase();
    const fits = (x) => (!this.only || x.state === this.only)
      && (!words || `${x.name} ${x.state} ${x.why ?? ""}`.toLowerCase().includes(words));
    const shown = this.all.filter(fits);
    this.table.show(shown);
    for (const [state, button] of this.buttons) {
      const text = `${this.all.filter((x) => x.state === state).length} ${state}`;
      if (button.textContent !== text) button.textContent = text;
      button.hidden = text.startsWith("0 ") && this.only !== state;
      button.setAttribute("aria-pressed", String(this.only === state));
    }
    const count = shown.length === this.all.length ? counted(this.all.length, "figure") : `${shown.length} of ${this.all.length} shown`;
    const place = document.getElementById("figures-count");
    if (place.textContent !== count) place.textContent = count;
  }
}

function byState(a, b) {
  return states.indexOf(a.state) - states.indexOf(b.state) || (a.name < b.name ? -1 : 1);
}
