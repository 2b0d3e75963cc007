// The answer: tags that keep their size on any screen, faces and cards that light up together, copying and saving.
(() => {
  const TAG = 22;

  // Where a tag may stand: above its box, below it, or inside.
  function spots(tag, size, scale) {
    const text = [...tag.querySelectorAll("text")].find((one) => getComputedStyle(one).display !== "none");
    const wide = Math.ceil(text.getComputedTextLength()) + 14;
    const { top, bottom } = { top: Number(tag.dataset.top), bottom: Number(tag.dataset.bottom) };
    const x = Math.max(0, Math.min(Number(tag.dataset.x), size.width - wide * scale));
    const outside = [top - (TAG + 5) * scale, bottom + 5 * scale].filter((y) => y >= 0 && y + TAG * scale <= size.height);
    return [...outside, Math.max(0, top) + 5 * scale].map((y) => ({ x, y, wide, right: x + wide * scale, bottom: y + TAG * scale }));
  }

  const meet = (a, b) => a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom;

  // With its words where there is room, else the number alone; where not even that fits, nothing until it is pointed at.
  function layOut(svg) {
    const { width, height } = svg.viewBox.baseVal;
    const scale = 1 / Math.min(svg.clientWidth / width, svg.clientHeight / height);
    if (!Number.isFinite(scale)) return;
    const placed = [];
    for (const tag of svg.querySelectorAll(".tag")) {
      tag.dataset.open ??= String(tag.classList.contains("open"));
      const free = (area) => !placed.some((other) => meet(area, other));
      const open = tag.dataset.open === "true";
      let area;
      for (const words of open ? [true, false] : [false]) {
        tag.classList.toggle("open", words);
        area = spots(tag, { width, height }, scale).find(free);
        if (area) break;
      }
      const crowded = !area;
      area ??= spots(tag, { width, height }, scale)[0];
      tag.classList.toggle("crowded", crowded);
      tag.querySelector("rect").setAttribute("width", area.wide);
      tag.setAttribute("transform", `translate(${area.x} ${area.y}) scale(${scale})`);
      if (!crowded) placed.push(area);
    }
  }

  const watch = new ResizeObserver((entries) => entries.forEach((entry) => layOut(entry.target)));

  function prepare(root) {
    for (const svg of root.querySelectorAll("[data-overlay]")) {
      watch.observe(svg);
      layOut(svg);
    }
  }

  function light(result, number) {
    for (const one of result.querySelectorAll("[data-face]")) one.classList.toggle("is-active", one.dataset.face === number);
    result.querySelector("[data-overlay]")?.classList.toggle("has-active", number !== null);
    result.querySelectorAll("[data-overlay]").forEach(layOut);
  }

  const pinned = (result) => result.querySelector("[data-show][aria-pressed=true]")?.closest("[data-face]").dataset.face ?? null;

  function follow(event) {
    const result = event.target.closest?.("[data-result]");
    if (!result || result.querySelectorAll(".face-card").length < 2) return;
    light(result, event.target.closest("[data-face]")?.dataset.face ?? pinned(result));
  }
  for (const kind of ["pointerover", "focusin"]) document.addEventListener(kind, follow);

  function pin(button) {
    const result = button.closest("[data-result]");
    const on = button.getAttribute("aria-pressed") !== "true";
    for (const other of result.querySelectorAll("[data-show]")) other.setAttribute("aria-pressed", String(on && other === button));
    light(result, pinned(result));
    if (on) result.querySelector("[data-overlay]")?.scrollIntoView({ block: "nearest" });
  }

  async function copy(button) {
    const text = button.dataset.copyText ?? document.querySelector(button.dataset.copy).textContent;
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      done = copyBySelecting(text); // plain http on a local network has no clipboard
    }
    const label = [...button.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    button.dataset.label ??= label.textContent; // a second click may find "Copied" there
    label.textContent = done ? "Copied" : "Could not copy";
    setTimeout(() => (label.textContent = button.dataset.label), 1800);
  }

  function copyBySelecting(text) {
    const box = document.createElement("textarea");
    box.value = text;
    box.className = "visually-hidden";
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    return done;
  }

  function save(button) {
    const blob = new Blob([document.querySelector(button.dataset.save).textContent], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // browsers drop downloads that come at the same instant
  function saveAll(button) {
    const links = button.closest("[data-result]").querySelectorAll("a[download]");
    links.forEach((link, index) => setTimeout(() => link.click(), index * 150));
  }

  document.addEventListener("click", (event) => {
    const on = (name, act) => {
      const button = event.target.closest(`[${name}]`);
      if (button) act(button);
    };
    on("data-show", pin);
    on("data-copy", copy);
    on("data-copy-text", copy);
    on("data-save", save);
    on("data-save-all", saveAll);
  });
  addEventListener("DOMContentLoaded", () => {
    prepare(document);
    document.body.addEventListener("htmx:afterSwap", (event) => prepare(event.detail.target));
  });
})();
