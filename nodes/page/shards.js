// Nodes, and the map of shards. A node knows its own shards, and of the others how many cells they serve.

const shardCount = 32;

/** Returns {name, address, shards (a number), mine, trouble} of each node that this one knows, itself first. */
export function nodesOf(status) {
  const member = status.member ?? {};
  const own = (member.shards ?? []).length;
  const others = Object.entries(member.nodes ?? {}).filter(([name]) => name !== member.name);
  const cells = others.reduce((sum, [, x]) => sum + x.cells, 0);
  return [
    { name: member.name || "this node", shards: own, mine: true, trouble: member.trouble },
    ...others.map(([name, x]) => ({ name, shards: cells > 0 ? Math.round(x.cells * (shardCount - own) / cells) : 0,
                                    mine: false, trouble: x.trouble })),
  ];
}

export class ShardMap {
  constructor(place, legend) {
    this.place = place;
    this.legend = legend;
    this.place.setAttribute("role", "img");
    this.cells = Array.from({ length: shardCount }, (_, i) => {
      const cell = document.createElement("span");
      cell.textContent = i;
      return cell;
    });
    place.replaceChildren(...this.cells);
  }

  show(status) {
    const mine = new Set(status.member?.shards ?? []);
    const alone = nodesOf(status).length === 1;
    this.cells.forEach((cell, i) => {
      const kind = mine.has(i) ? "mine" : alone ? "nobody" : "other";
      if (cell.className !== kind) cell.className = kind;
    });
    const rest = shardCount - mine.size;
    const words = `${mine.size} of ${shardCount} shards are served here` + (rest === 0 ? "" : alone ? `, ${rest} by no node`
      : `, ${rest} elsewhere`) + (status.cluster?.leads ? "; this node leads" : "");
    if (this.legend.textContent === words) return;
    this.legend.textContent = words;
    this.place.setAttribute("aria-label", words);
  }
}
