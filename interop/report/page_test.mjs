// The report's page in Chromium, as somebody reads it: page_test.mjs PAGE CHROMIUM [FOLDER for pictures].
// What PAGE holds is the made-up run of sample/main.cpp.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { chromium } = createRequire(import.meta.url)("playwright-core");
const [, , pagePath, executablePath, pictures] = process.argv;
const address = pathToFileURL(pagePath).href;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let passed = 0;
let failed = 0;

// Each test has a page of its own, and fails on any word of complaint and on any request but the page's own.
async function test(name, act, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && complaints.push(`console: ${message.text()}`));
  page.on("dialog", (dialog) => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => request.url().split("#")[0] !== address && complaints.push(`request: ${request.url()}`));
  try {
    await page.goto(address);
    await act(page);
    assert.deepEqual(complaints, []);
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.message}`);
  }
  await context.close();
}

const shown = (page) => page.locator("details.case:visible").count();
// The ratio of WCAG 2.1 between two colours "rgb(r, g, b)".
function contrast(one, other) {
  const light = (colour) => {
    const [r, g, b] = colour.match(/\d+(\.\d+)?/g).map(Number).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

await test("filters by verdict, level, document and text", async (page) => {
  assert.equal(await shown(page), 8);
  await page.selectOption("#filter-verdict", "fail");
  assert.equal(await shown(page), 1);
  assert.match(await page.textContent("#shown"), /^1 of 8 cases$/);
  await page.click("#filter button[type=reset]");
  await page.waitForFunction(() => document.querySelectorAll("details.case[hidden]").length === 0);
  await page.selectOption("#filter-document", "rfc4303");
  assert.equal(await shown(page), 7);
  await page.fill("#filter-text", "bad_alloc");
  assert.equal(await shown(page), 1);
});
await test("a tile filters by its verdict", async (page) => {
  await page.click(".tiles a[data-verdict=flaky]");
  assert.equal(await shown(page), 1);
});
await test("a cell of the map leads to its case, filtered out or not", async (page) => {
  await page.selectOption("#filter-verdict", "pass");
  await page.evaluate(() => { location.hash = "#case-1"; });
  await page.waitForSelector("#case-1[open]");
  assert.equal(await shown(page), 8);
  assert.equal(await page.evaluate(() => document.activeElement.closest("details").id), "case-1");
});
await test("the map is one tab stop for each document, and arrows go on", async (page) => {
  const maps = await page.locator(".rows").count();
  assert.equal(await page.locator(".rows .cell[tabindex='0']").count(), maps);
  await page.locator(".rows .cell[tabindex='0']").first().focus();
  const first = await page.textContent("#words");
  await page.keyboard.press("ArrowRight");
  const second = await page.textContent("#words");
  assert.match(first, /^rfc7296\//);
  assert.match(second, /^rfc7296\//);
  assert.notEqual(first, second);
});
await test("light and dark can be switched, and are remembered", async (page) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.click("#theme");
  assert.notEqual(await paper(), light);
  await page.reload();
  assert.notEqual(await paper(), light);
}, { colorScheme: "light" });
await test("the system's dark is taken", async (page) => {
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(15, 19, 24)");
}, { colorScheme: "dark" });
for (const colorScheme of ["light", "dark"])
  await test(`text can be read in ${colorScheme}`, async (page) => {
    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
    const pairs = await page.evaluate(() => {
      const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
          const colour = getComputedStyle(at).backgroundColor;
          if (colour !== "rgba(0, 0, 0, 0)") return colour;
        }
        return "rgb(255, 255, 255)";
      };
      return [...document.querySelectorAll("body *")].filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
        .filter((one) => one.checkVisibility() && !one.closest("svg, script, style, .skip"))
        .map((one) => [one.outerHTML.slice(0, 80), getComputedStyle(one).color, behind(one)]);
    });
    assert.ok(pairs.length > 100);
    for (const [what, ink, paper] of pairs) assert.ok(contrast(ink, paper) >= 4.5, `${what}: ${ink} on ${paper}`);
  }, { colorScheme });
await test("everything that can be operated has a name", async (page) => {
  const nameless = await page.evaluate(() => [...document.querySelectorAll("a, button, input, select, summary, [role=region], [role=group], nav, section")]
    .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length)).map((one) => one.outerHTML.slice(0, 80)));
  assert.deepEqual(nameless, []);
  for (const landmark of ["header", "nav", "main", "footer", "[role=search]"]) assert.equal(await page.locator(landmark).count() >= 1, true, landmark);
  const ids = await page.evaluate(() => [...document.querySelectorAll("[id]")].map((one) => one.id));
  assert.equal(new Set(ids).size, ids.length);
});
await test("what a target says stays text", async (page) => {
  assert.equal(await page.locator("img").count(), 0);
  assert.match(await page.textContent("#case-1"), /<img src=x onerror=alert\(1\)>/);
});
await test("nothing is wider than a phone", async (page) => {
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
}, { viewport: { width: 375, height: 800 } });
await test("all of it is there without scripts", async (page) => {
  assert.equal(await shown(page), 8);
  assert.equal(await page.locator("#filter:visible, #theme:visible").count(), 0);
}, { javaScriptEnabled: false });
await test("on paper, what failed is open", async (page) => {
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("details.case[open]").count(), await page.locator("details.case[data-bad]").count());
  assert.equal(await page.locator("#filter:visible").count(), 0);
  assert.ok((await page.pdf()).length > 10000);
});

if (pictures)
  for (const [name, options] of [["light", { colorScheme: "light" }], ["dark", { colorScheme: "dark" }],
    ["phone-light", { colorScheme: "light", viewport: { width: 375, height: 800 } }], ["phone-dark", { colorScheme: "dark", viewport: { width: 375, height: 800 } }]])
    await test(`picture ${name}`, async (page) => {
      await page.evaluate(() => { document.querySelectorAll("details").forEach((one) => { one.open = one.id === "case-1" || one.closest("#case-1") !== null; }); });
      await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
    }, options);

await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
