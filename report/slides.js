// One slide at a time: arrows, space, Page Up and Down, Home and End; the address keeps the place.
(function () {
  "use strict";
  document.addEventListener("DOMContentLoaded", () => {
    const slides = [...document.querySelectorAll(".slide")];
    const place = document.getElementById("place");
    let now = 0;
    const show = (number, kept = true) => {
      now = Math.min(Math.max(number, 0), slides.length - 1);
      slides.forEach((one, at) => { one.hidden = at !== now; });
      place.textContent = `${now + 1} of ${slides.length}`;
      if (kept) history.replaceState(null, "", `#${now + 1}`);
    };
    const steps = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };
    addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("a, button, summary") && event.key === " ") return;
      if (event.key in steps) show(now + (event.key === " " && event.shiftKey ? -1 : steps[event.key]));
      else if (event.key === "Home") show(0);
      else if (event.key === "End") show(slides.length - 1);
      else return;
      event.preventDefault();
    });
    document.getElementById("back").addEventListener("click", () => show(now - 1));
    document.getElementById("on").addEventListener("click", () => show(now + 1));
    addEventListener("hashchange", () => show(Number(location.hash.slice(1)) - 1 || 0, false));
    addEventListener("beforeprint", () => slides.forEach((one) => { one.hidden = false; }));
    addEventListener("afterprint", () => show(now));
    document.documentElement.dataset.slides = "one";
    show(Number(location.hash.slice(1)) - 1 || 0, false);
  });
})();
