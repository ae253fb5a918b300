// What the report means: the first line, and the stage that holds back.

import { bytes, capital, counted, milliseconds, rate } from "/page/words.js";

const lateAfter = 2000; // ms from commit to Redis
const longestPause = 250; // ms that the writer waits at most: flushes then take as long

/** Returns {tone, what, why, since, others} of a report. `tone`: good, busy, bad. */
export function verdict(status) {
  const [worst, ...others] = status.troubles ?? [];
  if (worst) {
    const mild = worst.id === "figures are filling" || status.phase === "starting";
    return { tone: mild ? "busy" : "bad", what: capital(worst.what), why: worst.why === worst.what ? "" : worst.why,
             since: worst.since, others, id: worst.id };
  }
  const figures = (status.figures ?? []).length;
  return { tone: "good", what: "All is well", id: "",
           why: `${counted(figures, "figure is", "figures are")} live, ${rate(status.events_per_second, "records")}, `
                + `${milliseconds(status.lag_ms)} from commit to Redis at the last change`,
           since: 0, others: [] };
}

/** Returns {stage, why}: which stage holds back, by its cause; null where none does. */
export function holdsBack(status) {
  const around = status.cluster?.surroundings ?? {};
  const { writer = {}, router = {} } = status;
  const connector = around.connector ?? {};
  const slot = around.slot ?? {};
  if (writer.trouble) return { stage: "redis", why: writer.trouble.what };
  if (slot.trouble) return { stage: "postgres", why: slot.trouble };
  if (around.encoding) return { stage: "postgres", why: around.encoding };
  if (around.kafka?.trouble) return { stage: "debezium", why: `Kafka: ${around.kafka.trouble}` };
  const stopped = [connector.state, connector.task].find((x) => x && x !== "RUNNING");
  if (stopped) return { stage: "debezium", why: `the connector is ${stopped.toLowerCase()}` };
  if (slot.exists === false) return { stage: "postgres", why: "the replication slot is absent" };
  if (status.cluster?.unserved_cells > 0)
    return { stage: "cells", why: `${counted(status.cluster.unserved_cells, "cell")} without a node` };
  return late(status, writer, router);
}

/** The same where everything runs, and something is too slow. */
function late(status, writer, router) {
  const paused = (router.sources ?? []).filter((x) => x.paused).length;
  const flushing = writer.busy && writer.interval_ms >= longestPause;
  const own = { stage: flushing ? "redis" : "cells",
                why: flushing ? "flushes take longer than changes arrive" : `${bytes(router.waiting_bytes)} wait` };
  if (paused > 0) return { ...own, why: `${own.why}; ${counted(paused, "partition")} paused` };
  if (!(status.events_per_second > 0) || !(status.lag_ms > lateAfter)) return null;
  if (router.own_lag_ms > status.lag_ms / 2) return own;
  return { stage: "debezium", why: `records arrive ${milliseconds(status.lag_ms - router.own_lag_ms)} after their commit` };
}
