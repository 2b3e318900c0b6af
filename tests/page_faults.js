// What is wrong with the page as the browser sees it, a phrase each.
async () => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  // Those that wait until one comes near are looked at as well.
  all("img").forEach((i) => { i.loading = "eager"; });
  await Promise.all(all("img").map((i) => i.decode().catch(() => null)));
  const faults = [];
  const expect = (fine, fault) => { if (!fine) faults.push(fault); };

  all("img").forEach((i) => expect(i.alt.trim() && i.naturalWidth, `a picture without alt text, or empty: ${i.alt}`));
  all("svg, figure, canvas").forEach((one) => expect(
    one.closest("[aria-label], [aria-hidden=true]") || one.querySelector("img[alt]"), `${one.tagName} says nothing`));
  all("math").forEach((one) => expect(
    one.closest("details:not([open])") || one.getBoundingClientRect().width >= 3, `empty formula ${one.textContent}`));
  all('a[href^="#"]').forEach((one) => expect(
    document.getElementById(decodeURIComponent(one.hash.slice(1))), `${one.hash} leads nowhere`));
  const ids = all("[id]").map((one) => one.id);
  ids.filter((id, place) => ids.indexOf(id) !== place).forEach((id) => faults.push(`the id ${id} is there twice`));
  expect(all("h1").length === 1, `${all("h1").length} main headings`);
  const wide = document.documentElement.scrollWidth - innerWidth;
  expect(wide <= 0, `${wide} pixels too wide`);
  return faults;
}
