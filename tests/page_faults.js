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

  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { rgb, a } = parse(getComputedStyle(at).backgroundColor);
      if (a === 1) return rgb;
    }
    return [255, 255, 255];
  };
  const poor = new Set(); // below WCAG AA: 4.5, or 3 for large text
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.offsetParent) continue;
    if (element.closest("svg, script, style")) continue;
    const style = getComputedStyle(element);
    const [one, two] = [luminance(parse(style.color).rgb), luminance(behind(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (two + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.add(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 30)}`);
  }
  return [...faults, ...poor];
}
