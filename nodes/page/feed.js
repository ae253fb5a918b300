// The node's reports: server-sent events, and /status where the node has no seat left for another page.

const silence = 2500; // ms without a word, and the connection counts as lost
const retry = 2000; // ms between attempts
const tick = 250; // ms between looks at the clock

/**
 * Calls `report(status)` for each report, and `contact(heard)` four times a second: `heard` is the number of
 * milliseconds since the node's last word, and `lost` tells whether that is too long.
 */
export function follow({ report, contact }) {
  let source = null;
  let opened = 0;
  let heard = performance.now();
  let watched = heard;
  let asking = false;

  const hear = () => { heard = performance.now(); };

  function open() {
    opened = performance.now();
    source?.close();
    source = new EventSource("/events");
    source.addEventListener("beat", hear);
    source.addEventListener("message", (event) => {
      hear();
      report(JSON.parse(event.data));
    });
  }

  async function ask() {
    asking = true;
    try {
      const answer = await fetch("/status", { signal: AbortSignal.timeout(retry) });
      report(await answer.json());
      hear();
    } catch {
      // The contact line says so.
    } finally {
      asking = false;
    }
  }

  function watch() {
    const now = performance.now();
    // The page itself stood still (a laptop that slept): what the node said meanwhile comes after this.
    if (now - watched > 4 * tick + 500) heard += now - watched;
    watched = now;
    const lost = now - heard > silence;
    const closed = source.readyState === EventSource.CLOSED;
    contact({ heard: now - heard, lost });
    if (closed && !asking && now - heard > 900) ask();
    if ((closed || lost) && now - opened > retry) open();
  }

  open();
  setInterval(watch, tick);
}

/** Returns the last hour as the node has it, or an empty one. */
export async function lastHour() {
  try {
    const answer = await fetch("/page/history", { signal: AbortSignal.timeout(retry) });
    return await answer.json();
  } catch {
    return { at: [], events: [], lag_ms: [], waiting_bytes: [] };
  }
}
