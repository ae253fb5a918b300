// Tables that change in place: rows stay where they are, so that focus, selection and scrolling stay too.

export class Table {
  /** `columns`: functions of an item that return a text, or {text, kind} with a class. */
  constructor(table, key, columns) {
    this.body = table.tBodies[0];
    this.numbers = [...table.tHead.rows[0].cells].map((x) => x.classList.contains("number"));
    this.none = table.closest("section").querySelector(".none");
    this.box = table.closest(".scroll");
    this.key = key;
    this.columns = columns;
    this.rows = new Map();
  }

  show(items) {
    const seen = new Set();
    items.forEach((item, i) => {
      const key = this.key(item);
      seen.add(key);
      const row = this.rows.get(key) ?? this.add(key);
      if (this.body.rows[i] !== row) this.body.insertBefore(row, this.body.rows[i] ?? null);
      this.columns.forEach((column, j) => fill(row.cells[j], column(item)));
    });
    for (const [key, row] of this.rows)
      if (!seen.has(key)) {
        row.remove();
        this.rows.delete(key);
      }
    if (this.none) this.none.hidden = items.length > 0;
    this.box.hidden = items.length === 0;
  }

  add(key) {
    const row = document.createElement("tr");
    this.columns.forEach((_, j) => {
      const cell = document.createElement(j === 0 ? "th" : "td");
      if (j === 0) cell.scope = "row";
      if (this.numbers[j]) cell.classList.add("number");
      cell.append(document.createElement("span"));
      row.append(cell);
    });
    this.rows.set(key, row);
    return row;
  }
}

function fill(cell, value) {
  const { text, kind = "" } = typeof value === "object" ? value : { text: value };
  const span = cell.firstChild;
  tell(span, text);
  if (span.className !== kind) span.className = kind;
}

const told = new WeakMap();

/** Shows a text in a node. What stands between backticks is a command. */
export function tell(node, text) {
  if (told.get(node) === text) return;
  told.set(node, text);
  node.replaceChildren(...text.split("`").map((part, i) => {
    if (i % 2 === 0) return part;
    const command = document.createElement("code");
    command.textContent = part;
    return command;
  }));
}

/** A state as a badge: its word, and a class for its colour. */
export function badge(text, kind = text) {
  return { text, kind: `badge ${kind}` };
}
