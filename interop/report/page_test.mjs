// The report's page in Chromium, as somebody reads it: page_test.mjs PAGE REPORT.json LARGE_PAGE CHROMIUM [FOLDER for pictures].
// What PAGE holds is the made-up run of sample/main.cpp; LARGE_PAGE is that of REPORT.json, the whole catalogue.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { chromium } = createRequire(import.meta.url)("playwright-core");
const [, , pagePath, reportPath, largePath, executablePath, pictures] = process.argv;
const small = pathToFileURL(pagePath).href;
const large = pathToFileURL(largePath).href;
const report = JSON.parse(readFileSync(reportPath, "utf8"));
const patience = 120_000; // on a busy machine; what is promised of the time is measured in processor time
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--no-zygote"], timeout: patience });
let passed = 0;
let failed = 0;

// Each test has a page of its own, and fails on any word of complaint and on any request but the page's own.
async function test(name, act, { address = small, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.setDefaultNavigationTimeout(patience);
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
  const cut = await page.locator(".badge, button, .id").evaluateAll((all) => all.filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline").length);
  assert.equal(cut, 0);
  assert.ok((await page.locator("#theme").boundingBox()).height < 45, "the button's word is on one line");
}, { viewport: { width: 390, height: 800 } });
await test("what failed comes first, with why", async (page) => {
  const first = page.locator("#attention li").first();
  const text = await first.innerText();
  for (const part of ["fail", "rfc7296/2.3/request-outside-is-dropped", "RFC 7296 2.3", "no response to INFORMATIONAL 4", "INFORMATIONAL response 4", "Look where the Message ID is compared."])
    assert.ok(text.includes(part), part);
  await first.locator("a").click();
  await page.waitForSelector("#case-1[open]");
  assert.ok(await page.evaluate(() => document.querySelector("#attention").compareDocumentPosition(document.querySelector("#map")) & Node.DOCUMENT_POSITION_FOLLOWING));
});
await test("a ladder says who spoke, in both themes", async (page) => {
  await page.evaluate(() => { document.querySelector("#case-1").open = true; });
  const steps = page.locator("#case-1 svg [role=listitem]");
  assert.equal(await steps.count(), 5);
  assert.equal(await steps.nth(2).locator("title").textContent(), "target to tester");
  const inks = (scheme) => page.emulateMedia({ colorScheme: scheme }).then(() => page.evaluate(() => {
    const paper = getComputedStyle(document.querySelector("#case-1 .inside")).backgroundColor;
    return [...document.querySelectorAll("#case-1 svg text")].map((one) => [getComputedStyle(one).fill, paper]);
  }));
  for (const scheme of ["light", "dark"]) for (const [ink, paper] of await inks(scheme)) assert.ok(contrast(ink, paper) >= 4.5, `${scheme}: ${ink} on ${paper}`);
});
await test("the names that a reader hears", async (page) => {
  const level = await page.evaluate(() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((one) => Number(one.tagName[1])));
  level.forEach((one, i) => assert.ok(i === 0 ? one === 1 : one <= level[i - 1] + 1, `heading ${i} of level ${one}`));
  for (const name of ["Totals", "To be looked at", "Since the earlier run", "Clause map", "Why the others did not pass", "Cases", "About the run"])
    assert.equal(await page.getByRole("region", { name, exact: true }).count(), 1, name);
  for (const [role, name] of [["searchbox", "Text"], ["combobox", "Verdict"], ["combobox", "Level"], ["combobox", "Document"], ["button", "Show all"], ["button", "Open those shown"], ["button", "Switch to dark colours"], ["table", "Why the others did not pass"]])
    assert.equal(await page.getByRole(role, { name, exact: true }).count(), 1, `${role} ${name}`);
}, { colorScheme: "light" });
await test("by keys alone: past the map, filter, open", async (page) => {
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "filter-text");
  await page.keyboard.type("bad_alloc");
  assert.equal(await shown(page), 1);
  await page.locator("#open-all").focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("details.case[open]").count(), 1);
  assert.equal(await page.textContent("#open-all"), "Close those shown");
});
await test("two rules stand in one column", async (page) => {
  const wide = await page.evaluate(() => {
    document.querySelectorAll("details.case").forEach((one) => { one.open = true; });
    return [...document.querySelectorAll(".inside dl")].filter((one) => one.querySelectorAll("dd").length > one.querySelectorAll("dt").length)
      .map((one) => new Set([...one.querySelectorAll("dd")].map((dd) => dd.getBoundingClientRect().left)).size);
  });
  assert.ok(wide.length > 0);
  assert.ok(wide.every((columns) => columns === 1));
}, { address: large });
await test("the counts are those of report.json", async (page) => {
  const tiles = Object.fromEntries(await page.locator(".tiles a").evaluateAll((all) => all.map((one) => [one.dataset.verdict || "cases", Number(one.querySelector("b").textContent)])));
  for (const [name, count] of Object.entries(report.totals)) assert.equal(tiles[name.replace(" ", "-")] ?? 0, count, name);
  const bad = ["fail", "flaky", "unexpected pass", "harness error"].reduce((sum, name) => sum + report.totals[name], 0);
  assert.equal(await page.locator("#attention li").count(), bad);
  assert.equal(await page.locator("details.case").count(), report.cases.length);
}, { address: large });
await test("the whole catalogue is there at once", async (page) => {
  assert.ok(report.cases.length >= 500);
  assert.ok(readFileSync(largePath).length < 8_000_000);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const spent = async () => (await session.send("Performance.getMetrics")).metrics.find((one) => one.name === "TaskDuration").value;
  const before = await spent();
  await page.fill("#filter-text", "rekey");
  const took = await spent() - before;
  assert.ok(await shown(page) > 0 && await shown(page) < report.cases.length);
  console.log(`filtering ${report.cases.length} cases takes ${Math.round(took * 1000)} ms`);
  assert.ok(took < 1, `${took} s`);
}, { address: large });
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
