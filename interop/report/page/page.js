// What the page does beyond being read: theme, filter, the words of a clause, links into closed cases. Without it all is there.
"use strict";
(() => {
  const by = (id) => document.getElementById(id);
  const cases = [...document.querySelectorAll("details.case")];
  const root = document.documentElement;

  // --- light or dark: as the system says, until somebody chooses
  const system = matchMedia("(prefers-color-scheme: dark)");
  const remembered = () => { try { return localStorage.getItem("mpsec-theme"); } catch { return null; } };
  const remember = (theme) => { try { localStorage.setItem("mpsec-theme", theme); } catch { /* a page from a file may not */ } };
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  const button = by("theme");
  const label = () => { button.textContent = isDark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Switch to ${isDark() ? "light" : "dark"} colours`); };
  const stored = remembered();
  if (stored === "light" || stored === "dark") root.dataset.theme = stored;
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; remember(root.dataset.theme); label(); });
  system.addEventListener("change", label);
  label();

  // --- filter
  const form = by("filter"), text = by("filter-text"), verdict = by("filter-verdict"), level = by("filter-level"), doc = by("filter-document");
  const words = cases.map((one) => one.textContent.toLowerCase());
  const show = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    cases.forEach((one, i) => {
      const fits = (!verdict.value || one.dataset.verdict === verdict.value) && (!level.value || one.dataset.level === level.value) &&
        (!doc.value || one.dataset.document === doc.value) && wanted.every((word) => words[i].includes(word));
      one.hidden = !fits;
      shown += fits;
    });
    by("shown").textContent = `${shown} of ${cases.length} cases`;
  };
  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(show));
  for (const tile of document.querySelectorAll(".tiles a"))
    tile.addEventListener("click", () => { verdict.value = tile.dataset.verdict; show(); });
  show();

  // --- those shown opened, or closed again if all are open
  const every = by("open-all");
  every.addEventListener("click", () => {
    const those = cases.filter((one) => !one.hidden);
    const open = those.some((one) => !one.open);
    those.forEach((one) => { one.open = open; });
    every.textContent = open ? "Close those shown" : "Open those shown";
  });

  // --- a link to a case opens it, filtered out or not
  const open = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const one = cases.find((found) => found.id === id);
    if (!one) return;
    if (one.hidden) { form.reset(); show(); }
    one.open = true;
    one.querySelector("summary").focus();
    one.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();

  // --- the clause map: one tab stop for each document, arrows within; the words of the cell that is looked at stand below
  const panel = by("words");
  const tell = (cell) => { if (cell && cell.title) panel.textContent = cell.title; };
  for (const map of document.querySelectorAll(".rows")) {
    const cells = [...map.querySelectorAll(".cell")];
    const stop = (cell) => cells.forEach((one) => { one.tabIndex = one === cell ? 0 : -1; });
    stop(cells[0]);
    map.addEventListener("mouseover", (event) => tell(event.target.closest(".cell")));
    map.addEventListener("focusin", (event) => tell(event.target.closest(".cell")));
    map.addEventListener("click", (event) => { const cell = event.target.closest(".cell"); if (cell) { stop(cell); tell(cell); } });
    map.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
      const at = cells.indexOf(document.activeElement);
      let next = at + (steps[event.key] ?? 0);
      if (event.key === "Home") next = 0;
      if (event.key === "End") next = cells.length - 1;
      if (at < 0 || next === at || !cells[next]) return;
      event.preventDefault();
      stop(cells[next]);
      cells[next].focus();
    });
  }

  // --- on paper, what failed is open
  let opened = [];
  addEventListener("beforeprint", () => { opened = cases.filter((one) => !one.open && "bad" in one.dataset); opened.forEach((one) => { one.open = true; }); });
  addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
})();
