// Puts each report on the page.

import { Chart, History, showLag, showRate } from "/page/charts.js";
import { FigureList } from "/page/figures.js";
import { follow, lastHour } from "/page/feed.js";
import { Flow } from "/page/flow.js";
import { holdsBack, verdict } from "/page/judge.js";
import { batches, letters, partitions, sources, topicsOf, troublesOfTables } from "/page/lists.js";
import { nodesOf, ShardMap } from "/page/shards.js";
import { badge, Table, tell } from "/page/tables.js";
import { capital, counted, milliseconds, nothing, rate, seconds } from "/page/words.js";

const at = (id) => document.getElementById(id);

function put(id, text) {
  const node = at(id);
  if (node.textContent !== text) node.textContent = text;
}

const past = await lastHour();
const ahead = Number.isFinite(past.now) ? past.now - Date.now() / 1000 : 0; // the node's clock, as seen from here
const now = () => Date.now() / 1000 + ahead;

const history = new History(past);
const charts = [new Chart(at("rate-chart"), "Records per second", (x) => x.rate, showRate),
                new Chart(at("lag-chart"), "Commit to Redis", (x) => x.lag, showLag)];
const flow = new Flow(at("picture"), at("stages"), at("held"));
const figures = new FigureList(now);
const map = new ShardMap(at("shards"), at("legend"));
const nodes = new Table(at("node-table"), (x) => x.name, [
  (x) => x.name + (x.mine ? " (this one)" : ""), (x) => String(x.shards),
  (x) => x.trouble ? { text: x.trouble, kind: "bad-text" } : badge("serves", "live"),
]);
const topicTable = new Table(at("source-table"), (x) => x.topic, sources);
const partitionTable = new Table(at("partition-table"), (x) => `${x.topic}/${x.partition}`, partitions);
const batchTable = new Table(at("batch-table"), (x) => x.name, batches(now));
const letterTable = new Table(at("letter-table"), (x) => `${x.table} ${x.what}`, letters);

let status = null;
let flushes = null; // {count, at, rate}
let lost = false;

/** Flushes per second between two reports. */
function measure(x) {
  const count = x.writer?.flushes, when = performance.now();
  const known = flushes && Number.isFinite(count) && count >= flushes.count && when > flushes.at;
  flushes = { count, at: when, rate: known ? (count - flushes.count) / ((when - flushes.at) / 1000) : NaN };
}

function showVerdict() {
  if (!status && !lost) return;
  const x = lost ? { tone: "bad", what: "The connection to the node is lost", since: 0, others: [], id: "lost",
                     why: "What the node said last is shown. It starts again by itself if it runs as a service; see its log." }
                 : verdict(status);
  at("verdict").className = x.tone;
  document.body.classList.toggle("lost", lost);
  put("first", x.what);
  put("age", x.since > 0 ? `for ${seconds(now() - x.since)}` : "");
  tell(at("why"), capital(x.why));
  const lines = x.others.map((one) => `${one.what}, for ${seconds(now() - one.since)}`);
  const list = at("others");
  while (list.children.length > lines.length) list.lastChild.remove();
  while (list.children.length < lines.length) list.append(document.createElement("li"));
  lines.forEach((line, i) => { if (list.children[i].textContent !== line) list.children[i].textContent = line; });
  list.hidden = lines.length === 0;
  document.title = `${{ good: "✓", busy: "…", bad: "✕" }[x.tone]} ${x.what} · ${status?.project ?? "Millrace"}`;
}

function show(x) {
  status = x;
  lost = false;
  measure(x);
  history.add(now(), x.events, x.lag_ms);
  put("project", x.project ? `Millrace ${x.project}` : "Millrace");
  put("node", x.member?.name ?? "");
  showVerdict();
  flow.show(x, flushes.rate, now(), holdsBack(x));
  charts.forEach((chart) => chart.draw(history, now()));
  put("rate-now", rate(x.events_per_second, "records"));
  put("lag-now", Number.isFinite(x.lag_ms) ? `${milliseconds(x.lag_ms)} at the last change` : nothing);
  figures.show(x.figures ?? []);
  map.show(x);
  nodes.show(nodesOf(x));
  const all = x.router?.sources ?? [];
  topicTable.show(topicsOf(all));
  partitionTable.show(all);
  put("sources-count", counted(all.length, "partition"));
  batchTable.show(x.scheduler?.batches ?? []);
  letterTable.show(troublesOfTables(x));
}

follow({
  report: show,
  contact(x) {
    lost = x.lost;
    at("contact").className = x.lost ? "lost" : "";
    put("contact", x.lost ? `no word from the node for ${seconds(x.heard / 1000)}` : status ? "live" : "connecting");
    showVerdict();
  },
});
