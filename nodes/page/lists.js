// What the smaller tables show of a report.

import { badge } from "/page/tables.js";
import { count, counted, milliseconds, nothing, seconds } from "/page/words.js";

const sourceState = (paused) => paused ? badge("paused", "stale") : badge("read", "live");

/** Returns the partitions by topic: {topic, partitions, read, behind, paused}. */
export function topicsOf(all) {
  const topics = new Map();
  for (const x of all) {
    const topic = topics.get(x.topic) ?? { topic: x.topic, partitions: 0, read: 0, behind: 0, paused: 0 };
    topics.set(x.topic, topic);
    topic.partitions += 1;
    topic.read += x.read + 1;
    topic.behind += Math.max(0, x.read - x.durable);
    topic.paused += x.paused ? 1 : 0;
  }
  return [...topics.values()];
}

export const sources = [
  (x) => x.topic, (x) => String(x.partitions), (x) => count(x.read), (x) => count(x.behind),
  (x) => x.paused ? badge(`${x.paused} paused`, "stale") : badge("read", "live"),
];

export const partitions = [
  (x) => x.topic, (x) => String(x.partition), (x) => x.read < 0 ? nothing : count(x.read),
  (x) => x.durable < 0 ? nothing : count(x.durable), (x) => sourceState(x.paused),
];

const batchKinds = { waits: "live", runs: "filling", failed: "failed" };

export function batches(now) {
  return [
    (x) => x.name,
    (x) => badge(x.state, batchKinds[x.state]),
    (x) => x.last_success > 0 ? `${seconds(now() - x.last_success)} ago` : "never",
    (x) => x.last_success > 0 || x.why ? milliseconds(x.took_ms) : nothing,
    (x) => count(x.rows),
    (x) => x.next > 0 ? x.next <= now() ? "now" : `in ${seconds(x.next - now())}` : nothing,
    (x) => count(x.missed),
    (x) => x.why ?? "",
  ];
}

export const letters = [(x) => x.table, (x) => ({ text: x.what, kind: x.kind ?? "" }), (x) => x.remedy];

/** Returns open dead letters, doubts, and tables that can't be read or that no figure reads. */
export function troublesOfTables(status) {
  const around = status.cluster?.surroundings ?? {};
  const list = (of, show) => Object.entries(of ?? {}).map(([table, x]) => ({ table, ...show(x) }));
  return [
    ...list(around.open_dead_letters, (x) => ({ what: `${counted(x, "open dead letter")}`, kind: "bad-text",
                                                remedy: "millrace dead-letters list" })),
    ...list(around.doubts, (x) => ({ what: x.reason, kind: "bad-text", remedy: x.remedy })),
    ...list(status.cluster?.unreadable, (x) => ({ what: x, kind: "bad-text", remedy: "grant the node's role SELECT" })),
    ...list(around.unknown_tables, (x) => ({ what: `${counted(x, "record")} that no figure reads`, remedy: "nothing" })),
  ];
}
