// A picture that is clicked on, in Jupyter alone: it tells Python where.
function render({ model, el }) {
  el.innerHTML = `<div class="clickable" tabindex="0" role="application"
    aria-label="A frame to click on: arrows move the cross, Enter clicks">
    <img draggable="false"><span aria-hidden="true">+</span></div>
    <p aria-live="polite"></p>`;
  const size = model.get("size"), at = size.map(side => side >> 1);
  const [box, said] = el.children, [image, cross] = box.children;
  const show = () => {
    image.src = model.get("picture");
    image.alt = said.textContent = model.get("said");
  };
  const aim = place => {
    place.forEach((value, i) =>
      { at[i] = Math.min(Math.max(Math.floor(value), 0), size[i] - 1); });
    cross.style.left = `${100 * (at[0] + 0.5) / size[0]}%`;
    cross.style.top = `${100 * (at[1] + 0.5) / size[1]}%`;
  };
  const click = () => model.send({ x: at[0], y: at[1] });
  box.addEventListener("click", event => {
    const edge = image.getBoundingClientRect();
    aim([size[0] * (event.clientX - edge.left) / edge.width,
         size[1] * (event.clientY - edge.top) / edge.height]);
    click();
  });
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1],
                 ArrowDown: [0, 1], Enter: [0, 0] };
  box.addEventListener("keydown", event => {
    const way = ways[event.key], step = event.shiftKey ? 10 : 1;
    if (!way) return;
    event.preventDefault(); event.stopPropagation();
    aim(way.map((one, i) => at[i] + step * one));
    if (event.key === "Enter") click();
  });
  model.on("change:picture", show); model.on("change:said", show);
  show(); aim(at);
}
export default { render };
