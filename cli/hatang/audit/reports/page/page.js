
"use strict";
// Filters rows by state and place, counts them aloud, and keeps the choice in the address:
// #state=not-met,not-checked&place=one-stop/host/web
(() => {
  const form = document.getElementById("filter");
  const boxes = [...form.querySelectorAll("input[name=state]")];
  const place = document.getElementById("place");
  const count = document.getElementById("count");
  const scopes = [...document.querySelectorAll("section.scope")];
  const total = document.querySelectorAll("tr[data-state]").length;

  function apply() {
    const states = new Set(boxes.filter((b) => b.checked).map((b) => b.value));
    let shown = 0;
    for (const scope of scopes) {
      const here = scope.dataset.place.startsWith(place.value);
      let rows = 0;
      for (const row of scope.querySelectorAll("tr[data-state]")) {
        row.hidden = !(here && states.has(row.dataset.state));
        rows += row.hidden ? 0 : 1;
      }
      scope.hidden = rows === 0;
      shown += rows;
    }
    for (const system of document.querySelectorAll("section.system")) {
      system.hidden = !system.querySelector("section.scope:not([hidden])");
    }
    document.body.classList.toggle("filtered", shown !== total);
    count.textContent = count.dataset.text.replace("{shown}", shown).replace("{total}", total);
  }

  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (location.hash.length > 1 && !asked.has("state") && !asked.has("place")) return; // a plain jump within the page
    const states = asked.has("state") ? asked.get("state").split(",") : null;
    for (const box of boxes) box.checked = !states || states.includes(box.value);
    const wanted = asked.get("place") || "";
    place.value = [...place.options].some((o) => o.value === wanted) ? wanted : "";
    apply();
  }

  function write() {
    const asked = [];
    if (boxes.some((b) => !b.checked)) asked.push("state=" + boxes.filter((b) => b.checked).map((b) => b.value).join(","));
    if (place.value) asked.push("place=" + encodeURIComponent(place.value));
    history.replaceState(null, "", "#" + asked.join("&"));
    apply();
  }

  function choose(states) {
    for (const box of boxes) box.checked = !states || states.includes(box.value);
    if (!states) place.value = "";
    write();
  }

  for (const part of form.querySelectorAll(".scripted")) part.hidden = false;
  form.addEventListener("change", write);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("bad").addEventListener("click", () => choose(["not-met", "not-checked"]));
  document.getElementById("all").addEventListener("click", () => choose(null));
  window.addEventListener("hashchange", read);
  apply();
  read();
})();
