// Theme and code switches, remembered where the browser allows it; the table of contents.
(function () {
  "use strict";
  const root = document.documentElement;
  const kept = {
    get(name) { try { return localStorage.getItem("course-" + name); } catch (_) { return null; } },
    set(name, value) { try { localStorage.setItem("course-" + name, value); } catch (_) { /* private window */ } },
  };

  // Before the first paint, so that nothing flashes.
  const theme = kept.get("theme");
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  if (kept.get("code") === "hidden") root.dataset.code = "hidden";

  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  function themeButton() {
    const button = document.getElementById("theme");
    const show = () => button.setAttribute("aria-pressed", String(isDark()));
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      kept.set("theme", root.dataset.theme);
      show();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
    show();
  }

  function codeButton() {
    const button = document.getElementById("code");
    if (!button) return;
    const show = () => button.setAttribute("aria-pressed", String(root.dataset.code === "hidden"));
    button.addEventListener("click", () => {
      root.dataset.code = root.dataset.code === "hidden" ? "shown" : "hidden";
      kept.set("code", root.dataset.code);
      show();
    });
    show();
  }

  function contents() {
    const box = document.getElementById("contents");
    if (!box) return;
    if (!matchMedia("(min-width: 72rem)").matches) box.open = false;
    const links = new Map([...box.querySelectorAll("a")].map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
    const headings = [...document.querySelectorAll("main h2, main h3")].filter((h) => links.has(h.id));
    const mark = () => {
      const here = headings.filter((h) => h.getBoundingClientRect().top < 120).pop();
      links.forEach((a, id) => {
        if (here && id === here.id) a.setAttribute("aria-current", "location");
        else a.removeAttribute("aria-current");
      });
    };
    let waiting = false;
    addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; mark(); });
    }, { passive: true });
    mark();
  }

  // What scrolls sideways has to be reachable from the keyboard, and what doesn't needn't stop it.
  function reachable() {
    document.querySelectorAll(".highlight pre, .stream, .scroll, .formula").forEach((box) => {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
  }

  document.addEventListener("DOMContentLoaded", () => { themeButton(); codeButton(); contents(); });
  addEventListener("load", reachable);
  addEventListener("resize", reachable);
  addEventListener("beforeprint", () => {
    document.querySelectorAll("img[loading]").forEach((one) => { one.loading = "eager"; });
    document.querySelectorAll("details.folded:not(.closed)").forEach((d) => { d.open = true; });
  });
})();
