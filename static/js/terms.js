// Definitions of terms open by CSS; Escape closes the one in sight, until pointer or focus come back.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const term of document.querySelectorAll(".iwg-term:hover, .iwg-term:focus")) term.dataset.closed = "";
});

for (const type of ["focusout", "mouseout"]) {
  document.addEventListener(type, (event) => {
    const term = event.target.closest?.(".iwg-term");
    if (term && !term.contains(event.relatedTarget)) delete term.dataset.closed;
  });
}
