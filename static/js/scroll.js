// A table scrolled sideways stays where it was when the same page comes back (another round, another language).
const regions = () => document.querySelectorAll(".iwg-scroll > table[id]");
const place = (table) => `scroll:${location.pathname}#${table.id}`;

addEventListener("pagehide", () => {
  for (const table of regions()) sessionStorage.setItem(place(table), table.parentElement.scrollLeft);
});

for (const table of regions()) {
  table.parentElement.scrollLeft = Number(sessionStorage.getItem(place(table)) ?? 0);
}
