// Drives Debian's Chromium for tests/page/browser.py: reads a JSON command per line, and answers each with one.
// usage: node browser.mjs FOLDER-WITH-NODE_MODULES
import { createRequire } from "node:module";
import readline from "node:readline";

const from = createRequire(process.argv[2] + "/");
const { chromium } = from("playwright-core");
const axe = from.resolve("axe-core/axe.min.js");

// Chromium refuses to run as root with a sandbox, and would call its vendor's hosts.
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
               "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });

let page, told, foreign;

async function open({ url, width = 1280, height = 900, scheme = "light" }) {
  await page?.context().close();
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, bypassCSP: false });
  page = await context.newPage();
  [told, foreign] = [[], []];
  page.on("console", (x) => { if (["error", "warning"].includes(x.type())) told.push(x.text()); });
  page.on("pageerror", (x) => told.push(String(x)));
  page.on("request", (x) => { if (!x.url().startsWith(url)) foreign.push(x.url()); });
  const began = performance.now();
  await page.goto(url, { waitUntil: "load" });
  return { milliseconds: performance.now() - began };
}

const verbs = {
  open,
  /** The value of an expression in the page. */
  value: ({ js }) => page.evaluate(js),
  /** Waits until the expression is true, and returns how long that took. The page's policy forbids it to evaluate. */
  async until({ js, seconds }) {
    const began = performance.now();
    while (!(await page.evaluate(js))) {
      if (performance.now() - began > seconds * 1000) throw new Error(`not within ${seconds} s: ${js}`);
      await new Promise((done) => setTimeout(done, 50));
    }
    return { milliseconds: performance.now() - began };
  },
  size: ({ width, height }) => page.setViewportSize({ width, height }),
  press: ({ keys }) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve()),
  type: ({ text }) => page.keyboard.type(text),
  async picture({ file }) { await page.screenshot({ path: file, fullPage: true }); },
  /** What the page said to the console, and what it asked of others. */
  said: () => ({ told, foreign }),
  /** The bytes of the page's files, before compression. */
  weight: () => page.evaluate(`performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
    .reduce((sum, x) => sum + x.decodedBodySize, 0)`),
  /** axe-core's findings. It is run outside of the page's policy, which admits no script from elsewhere. */
  async axe() {
    await page.evaluate((await import("node:fs")).readFileSync(axe, "utf8"));
    const { violations } = await page.evaluate("axe.run()");
    return violations.map((x) => ({ id: x.id, impact: x.impact, help: x.help, at: x.nodes.map((n) => n.target.join(" ")) }));
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { verb, ...how } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await verbs[verb](how)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
