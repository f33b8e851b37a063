// data-autosubmit: a choice sends its form. data-focus: what went wrong is read first.
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-autosubmit]")) event.target.form.requestSubmit();
});

document.querySelector("[data-focus]")?.focus();
