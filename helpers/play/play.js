// Things to play with: the answers were computed beforehand and stand beside each in a script of JSON. Nothing is
// computed here and nothing fetched; a setting is looked up and shown.
(function () {
  "use strict";

  function make(tag, given, ...inside) {
    const one = Object.assign(document.createElement(tag), given);
    one.append(...inside);
    return one;
  }

  // A frame and the marks on it, from their sheets.
  function paint(canvas, figure, data, frame, mark) {
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (const [kind, place] of [["frames", frame], ["marks", mark]]) {
      if (place < 0 || !data[kind]) continue;
      const [high, wide] = data[kind].size;
      const x = (place % data[kind].columns) * wide, y = Math.floor(place / data[kind].columns) * high;
      context.drawImage(figure.querySelector(`.play-sheets .${kind}`), x, y, wide, high, 0, 0, canvas.width, canvas.height);
    }
  }

  function canvasFor(data, wide = 384) {
    const size = data.frames.size;
    const larger = Math.max(1, Math.ceil(wide / size[1]));
    const canvas = make("canvas", { width: larger * size[1], height: larger * size[0] });
    canvas.setAttribute("role", "img");
    return canvas;
  }

  // Each control calls `turned` with the place of its value.
  function slider(control, turned) {
    const said = make("output", { textContent: control.said[control.start] });
    const handle = make("input", { type: "range", min: 0, max: control.said.length - 1, value: control.start });
    handle.addEventListener("input", () => {
      const place = Number(handle.value);
      said.textContent = control.said[place];
      handle.setAttribute("aria-valuetext", control.said[place]);
      turned(place);
    });
    handle.setAttribute("aria-label", control.label);
    handle.setAttribute("aria-valuetext", control.said[control.start]);
    return make("label", { className: "slider" }, make("span", {}, `${control.label}: `, said), handle);
  }

  function choice(control, turned) {
    const options = control.said.map((text, place) => make("option", { value: place, textContent: text }));
    const handle = make("select", {}, ...options);
    handle.value = control.start;
    handle.addEventListener("change", () => turned(Number(handle.value)));
    return make("label", {}, control.label, handle);
  }

  function toggle(control, turned) {
    const handle = make("button", { type: "button", className: "switch", textContent: control.label });
    handle.setAttribute("aria-pressed", String(control.start === 1));
    handle.addEventListener("click", () => {
      const on = handle.getAttribute("aria-pressed") !== "true";
      handle.setAttribute("aria-pressed", String(on));
      turned(Number(on));
    });
    return handle;
  }

  function states(figure, data) {
    const at = data.controls.map((control) => control.start);
    const box = figure.querySelector(".play-controls");
    const words = figure.querySelector(".play-words");
    const numbers = [...figure.querySelectorAll(".play-numbers dd")];
    const beside = figure.querySelector(".play-beside");
    const titles = [...figure.querySelectorAll(".play-picture p")];
    const canvases = [...figure.querySelectorAll(".play-picture img")].map((img) => {
      const canvas = canvasFor(data);
      img.replaceWith(canvas);
      return canvas;
    });

    function show() {
      const place = data.controls.reduce((sum, control, i) => sum * control.said.length + at[i], 0);
      const state = data.states[place];
      state.pictures.forEach(([frame, mark], i) => {
        paint(canvases[i], figure, data, frame, mark);
        canvases[i].setAttribute("aria-label", `${state.titles[i] ? state.titles[i] + ". " : ""}${state.words}`);
        titles[i].textContent = state.titles[i];
      });
      numbers.forEach((one, i) => { one.textContent = state.numbers[i]; });
      if (beside) beside.innerHTML = data.drawings[state.drawing].map((n) => data.parts[n]).join("");
      if (words.textContent !== state.words) words.textContent = state.words;
      figure.dataset.state = place;
    }

    let switches = null;
    data.controls.forEach((control, i) => {
      const turned = (place) => { at[i] = place; show(); };
      if (control.kind === "switch") {
        if (!switches) {
          switches = make("div", { className: "play-switches" });
          switches.setAttribute("role", "group");
          switches.setAttribute("aria-label", "Switches");
          box.append(switches);
        }
        switches.append(toggle(control, turned));
      } else box.append((control.kind === "slider" ? slider : choice)(control, turned));
    });
    show();
  }

  // Frames to be filtered, put in order, and looked at one by one.
  function browser(figure, data) {
    const box = figure.querySelector(".play-controls");
    const words = figure.querySelector(".play-words");
    const list = figure.querySelector(".play-thumbs");
    const large = canvasFor(data);
    figure.querySelector(".play-picture img").replaceWith(large);
    const title = figure.querySelector(".play-picture p");
    const chosen = {};
    let order = 0, current = data.start;

    function look(place, say) {
      current = place;
      const item = data.items[place];
      paint(large, figure, data, item.picture[0], item.picture[1]);
      large.setAttribute("aria-label", item.words);
      title.textContent = item.words;
      list.querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", String(Number(one.value) === place)));
      figure.dataset.state = place;
      if (say) words.textContent = item.words;
    }

    function show() {
      const kept = data.items.map((_, place) => place).filter((place) =>
        Object.entries(chosen).every(([name, value]) => value === "" || data.items[place].fields[name] === value));
      const key = data.orders[order];
      kept.sort((a, b) => {
        const [x, y] = [a, b].map((place) => data.items[place].values[key.name]);
        if (x === null || y === null) return (x === null) - (y === null) || a - b; // undefined comes last
        return (key.falling ? y - x : x - y) || a - b;
      });
      list.replaceChildren(...kept.map((place) => {
        const canvas = canvasFor(data, 96);
        paint(canvas, figure, data, data.items[place].picture[0], data.items[place].picture[1]);
        canvas.setAttribute("aria-hidden", "true");
        const button = make("button", { type: "button", value: place }, canvas, data.items[place].label);
        button.setAttribute("aria-label", data.items[place].words);
        button.addEventListener("click", () => look(place, true));
        return make("li", {}, button);
      }));
      words.textContent = `${kept.length} of ${data.items.length} frames are shown, ${key.label}.`;
      if (kept.length) look(kept.includes(current) ? current : kept[0], false);
      figure.dataset.shown = kept.length;
    }

    data.filters.forEach(({ name, label, values }) => {
      chosen[name] = "";
      const control = { label, said: ["all", ...values], start: 0 };
      box.append(choice(control, (place) => { chosen[name] = place ? values[place - 1] : ""; show(); }));
    });
    const orders = { label: "order", said: data.orders.map((one) => one.label), start: 0 };
    box.append(choice(orders, (place) => { order = place; show(); }));
    show();
  }

  // At once where the sheets are there; a sheet that a page loads late is waited for.
  async function start(figure) {
    const sheets = [...figure.querySelectorAll(".play-sheets img")];
    const late = sheets.filter((one) => !one.complete || !one.naturalWidth);
    late.forEach((one) => { one.loading = "eager"; });
    if (late.length) await Promise.all(late.map((one) => one.decode()));
    const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    (figure.dataset.play === "browser" ? browser : states)(figure, data);
  }

  addEventListener("load", () => document.querySelectorAll("figure.play").forEach(start));
})();
