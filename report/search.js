// Search over the lessons' sections, which search-index.js holds: no server is asked.
(function () {
  "use strict";
  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  const sections = (window.courseIndex || []).map((one) => ({
    ...one, inHead: plain(`${one.page} ${one.head}`), inText: plain(one.text),
  }));
  const MOST = 40;

  // Every word has to be there, begun at least; a heading counts more than a text.
  function found(query) {
    const words = plain(query).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
    if (!words.length) return [];
    const begins = words.map((word) => new RegExp(`(?<![\\p{L}\\p{N}])${word}`, "gu"));
    return sections.map((one) => {
      let score = 0;
      for (const begin of begins) {
        const here = 8 * (one.inHead.match(begin) || []).length + Math.min(5, (one.inText.match(begin) || []).length);
        if (!here) return null;
        score += here;
      }
      return { one, score, begin: begins[0] };
    }).filter(Boolean).sort((a, b) => b.score - a.score);
  }

  function excerpt(one, begin) {
    begin.lastIndex = 0;
    const hit = begin.exec(one.inText);
    const at = hit ? Math.max(0, hit.index - 70) : 0;
    return (at ? "… " : "") + one.text.slice(at, at + 200).trim() + (at + 200 < one.text.length ? " …" : "");
  }

  document.addEventListener("DOMContentLoaded", () => {
    const box = document.getElementById("query");
    const list = document.getElementById("found");
    const said = document.getElementById("said");
    const show = () => {
      const all = found(box.value);
      list.replaceChildren(...all.slice(0, MOST).map(({ one, begin }) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = one.at;
        link.textContent = one.head || one.page;
        const where = document.createElement("p");
        where.className = "meta";
        where.textContent = one.page;
        const text = document.createElement("p");
        text.textContent = excerpt(one, begin);
        item.append(link, where, text);
        return item;
      }));
      said.textContent = !box.value.trim() ? "" : all.length > MOST
        ? `The best ${MOST} of ${all.length} sections` : `${all.length} section${all.length === 1 ? "" : "s"}`;
    };
    box.value = new URLSearchParams(location.search).get("q") || "";
    box.addEventListener("input", show);
    box.form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
    box.focus();
    show();
  });
})();
