"use strict";
// Search and sorting. Without this script the page shows everything, and its filters work.
(() => {
  const table = document.getElementById("leases");
  if (!table) return;
  const FIRST = matchMedia("(max-width: 64rem)").matches ? 20 : 50;
  const groups = [...table.tBodies];
  const find = (id) => document.getElementById(id);
  const search = find("search"), order = find("order"), count = find("count"), more = find("more");
  const textOf = (node) => node.textContent.toLowerCase();
  const heads = new Map(groups.map((group) => [group, textOf(group.rows[0])]));
  const wholes = new Map(groups.map((group) => [group, textOf(group)]));
  let everything = groups.length <= FIRST;
  let column = -1, down = false;

  const key = (group) => {
    const cell = group.rows[0].cells[column];
    const time = cell.querySelector("time");
    return cell.dataset.sort ?? (time ? time.dateTime : cell.textContent.trim());
  };

  const showMembers = (group, words) => {
    const details = group.querySelector("details");
    if (!details) return;
    const inside = words.length > 0 && !words.every((word) => heads.get(group).includes(word));
    details.open = inside;
    for (const member of details.querySelectorAll("tbody tr")) {
      member.hidden = inside && !words.every((word) => heads.get(group).includes(word) || textOf(member).includes(word));
    }
  };

  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = document.querySelector("input.only:checked").value;
    let leases = 0, place = 0, left = 0;
    for (const group of table.tBodies) {
      const wanted = words.every((word) => wholes.get(group).includes(word));
      group.hidden = !wanted;
      showMembers(group, words);
      if (!wanted || (chosen !== "all" && !group.classList.contains(`is-${chosen}`))) continue;
      place += 1;
      leases += Number(group.dataset.leases);
      const later = !everything && place > FIRST;
      group.classList.toggle("later", later);
      left += later ? 1 : 0;
    }
    count.value = `${leases} of ${table.dataset.leases} leases in ${place} ${place === 1 ? "row" : "rows"}`;
    more.hidden = left === 0;
    more.textContent = `Show ${left} more ${left === 1 ? "row" : "rows"}`;
  };

  const sort = (by, reverse) => {
    column = by;
    down = reverse;
    const keys = new Map(groups.map((group) => [group, by < 0 ? "" : key(group)]));
    const compare = (one, other) => keys.get(one).localeCompare(keys.get(other), "en", { numeric: true });
    const sorted = by < 0 ? groups : [...groups].sort((one, other) => compare(one, other) * (reverse ? -1 : 1));
    table.append(...sorted);
    for (const [place, head] of [...table.tHead.rows[0].cells].entries()) {
      if (place === by) head.setAttribute("aria-sort", reverse ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    order.value = by < 0 ? "" : `${by}${reverse ? "-" : ""}`;
    show();
  };

  for (const head of table.tHead.rows[0].cells) {
    const title = head.querySelector("span");
    if (!title) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = title.textContent;
    title.replaceWith(button);
    button.addEventListener("click", () => sort(head.cellIndex, column === head.cellIndex && !down));
  }
  search.addEventListener("input", show);
  order.addEventListener("change", () => sort(order.value === "" ? -1 : parseInt(order.value, 10), order.value.endsWith("-")));
  more.addEventListener("click", () => { everything = true; show(); });
  for (const choice of document.querySelectorAll("input.only")) choice.addEventListener("change", show);
  find("tools").hidden = false;
  show();
})();
