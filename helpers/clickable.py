"""A picture that one clicks on, in Jupyter and on Colab: by mouse, finger or keys."""

import base64
import sys
from collections.abc import Callable

import anywidget
import cv2
import numpy as np
import traitlets


class Clickable(anywidget.AnyWidget):
    """A picture that says where it is clicked: `clicked(x, y)` is called with a place
    in the frame's own pixels.

    With the keyboard: arrows move a cross over the picture (with Shift by ten pixels),
    and Enter clicks where it stands.
    """

    size = traitlets.Tuple(traitlets.Int(), traitlets.Int()).tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)

    _esm = """
    function render({ model, el }) {
      const [wide, high] = model.get("size");
      const at = [wide >> 1, high >> 1];
      const box = document.createElement("div"), image = new Image();
      const cross = document.createElement("span"), said = document.createElement("p");
      box.className = "clickable"; box.tabIndex = 0; said.ariaLive = "polite";
      box.setAttribute("role", "application"); image.draggable = false;
      box.setAttribute("aria-label",
        "A frame to click on: arrows move the cross, Enter clicks");
      cross.textContent = "+"; cross.ariaHidden = "true";
      box.append(image, cross); el.append(box, said);
      const show = () => {
        image.src = model.get("picture");
        image.alt = said.textContent = model.get("said");
      };
      const aim = () => {
        cross.style.left = `${100 * (at[0] + 0.5) / wide}%`;
        cross.style.top = `${100 * (at[1] + 0.5) / high}%`;
      };
      const within = (value, end) => Math.min(Math.max(Math.floor(value), 0), end - 1);
      const click = () => { aim(); model.send({ x: at[0], y: at[1] }); };
      box.addEventListener("click", event => {
        const edge = image.getBoundingClientRect();
        at[0] = within(wide * (event.clientX - edge.left) / edge.width, wide);
        at[1] = within(high * (event.clientY - edge.top) / edge.height, high);
        click();
      });
      const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0],
                     ArrowUp: [0, -1], ArrowDown: [0, 1] };
      box.addEventListener("keydown", event => {
        const way = ways[event.key], step = event.shiftKey ? 10 : 1;
        if (!way && event.key !== "Enter") return;
        event.preventDefault(); event.stopPropagation();
        if (!way) return click();
        at[0] = within(at[0] + step * way[0], wide);
        at[1] = within(at[1] + step * way[1], high);
        aim();
      });
      model.on("change:picture", show); model.on("change:said", show);
      show(); aim();
    }
    export default { render };
    """
    _css = """
    .clickable { position: relative; display: inline-block; cursor: crosshair;
                 max-width: 100%; }
    .clickable img { display: block; max-width: 100%; }
    .clickable span { position: absolute; transform: translate(-50%, -50%);
                      color: #fff; text-shadow: 0 0 2px #000, 0 0 2px #000;
                      font: bold 20px monospace; pointer-events: none; }
    """

    def __init__(
        self, size: tuple[int, int], clicked: Callable[[int, int], None]
    ) -> None:
        """size: (width, height) of the frame in pixels; the picture may be larger."""
        if "google.colab" in sys.modules:  # which shows widgets of others only if asked
            from google.colab import output

            output.enable_custom_widget_manager()
        super().__init__(size=size)
        self.on_msg(lambda _, said, __: clicked(int(said["x"]), int(said["y"])))

    def show(self, picture: np.ndarray, said: str) -> None:
        """Put a picture (HxWx3 uint8) in the place of the last one, with its words."""
        _, png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        data = base64.b64encode(png.tobytes()).decode()
        with self.hold_sync():
            self.picture, self.said = f"data:image/png;base64,{data}", said
