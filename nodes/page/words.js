// Numbers with their units, and times in words.

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const nothing = "–";

/** 1234567 -> "1,234,567" */
export function count(x) {
  return Number.isFinite(x) ? grouped.format(x) : nothing;
}

/** "1 row", "2 rows" */
export function counted(x, one, more = one + "s") {
  return `${count(x)} ${x === 1 ? one : more}`;
}

function scaled(x, units, step) {
  let i = 0;
  while (x >= step && i + 1 < units.length) {
    x /= step;
    ++i;
  }
  return `${i === 0 || x >= 100 ? Math.round(x) : x.toFixed(1)} ${units[i]}`;
}

export function bytes(x) {
  return Number.isFinite(x) ? scaled(x, ["B", "KiB", "MiB", "GiB", "TiB"], 1024) : nothing;
}

/** A duration in milliseconds: "45 ms", "1.2 s", "3 min" */
export function milliseconds(x) {
  if (!Number.isFinite(x)) return nothing;
  if (x < 1000) return `${Math.round(x)} ms`;
  if (x < 10000) return `${(x / 1000).toFixed(1)} s`;
  return seconds(x / 1000);
}

/** A duration in seconds, as the node's own lines have it. */
export function seconds(x) {
  const whole = Math.max(0, Math.round(x));
  if (whole < 120) return `${whole} s`;
  if (whole < 120 * 60) return `${Math.floor(whole / 60)} min`;
  if (whole < 48 * 3600) return `${Math.floor(whole / 3600)} h`;
  return `${Math.floor(whole / 86400)} days`;
}

export function rate(x, unit) {
  return Number.isFinite(x) ? `${x > 0 && x < 10 ? Number(x.toFixed(1)) : count(x)} ${unit}/s` : nothing;
}

export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
