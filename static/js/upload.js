// Choosing a photograph: drop, paste, sample, and a preview of what will be sent. Without scripts the plain form does the same.
(() => {
  const megabytes = (bytes) => (bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1e3))} kB`);

  function put(input, file) {
    const carrier = new DataTransfer();
    carrier.items.add(file);
    input.files = carrier.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  const isImage = (file) => file.type.startsWith("image/") || /\.hei[cf]$/i.test(file.name);
  const imageIn = (transfer) => [...(transfer?.files ?? [])].find(isImage);

  class Photograph {
    constructor(drop) {
      this.drop = drop;
      this.root = drop.closest("[data-photograph]") ?? drop;
      this.input = drop.querySelector("input[type=file]");
      this.label = drop.querySelector("[data-drop-label]");
      this.preview = drop.querySelector("[data-preview]");
      this.samples = [...this.root.querySelectorAll("[data-sample]")];
      this.input.addEventListener("change", () => this.input.files.length && this.showFile());
      for (const sample of this.samples) sample.addEventListener("change", () => this.showSample(sample));
      this.listen();
      if (this.input.files.length) this.showFile();
      else this.samples.filter((sample) => sample.checked).forEach((sample) => this.showSample(sample));
    }

    get empty() {
      return !this.input.files.length && !this.samples.some((sample) => sample.checked);
    }

    listen() {
      const over = (on) => (event) => {
        event.preventDefault();
        this.drop.classList.toggle("is-over", on);
      };
      this.drop.addEventListener("dragover", over(true));
      this.drop.addEventListener("dragleave", over(false));
      this.drop.addEventListener("drop", (event) => {
        over(false)(event);
        const file = imageIn(event.dataTransfer);
        if (file) put(this.input, file);
        else this.tell("That is not a photograph.");
      });
    }

    tell(text) {
      const status = this.drop.closest("form")?.querySelector("[data-status]");
      if (status) status.textContent = text;
    }

    showFile() {
      const file = this.input.files[0];
      const most = Number(this.drop.dataset.most);
      if (!isImage(file)) return this.refuse("That is not a photograph.");
      if (most && file.size > most) return this.refuse(`That file has ${megabytes(file.size)}; at most ${megabytes(most)} are read.`);
      for (const sample of this.samples) sample.checked = false;
      this.show(URL.createObjectURL(file), `${file.name} · ${megabytes(file.size)}`);
      this.tell("Photograph chosen.");
    }

    showSample(sample) {
      this.input.value = "";
      this.show(sample.dataset.sample, `Sample: ${sample.nextElementSibling?.alt ?? sample.value}`);
      this.tell("Sample chosen.");
    }

    show(source, text) {
      const picture = new Image();
      picture.alt = "Preview of the photograph";
      picture.src = source;
      picture.addEventListener("error", () => picture.remove()); // HEIC: most browsers cannot show it, the server can read it
      const line = document.createElement("div");
      line.className = "preview-line";
      const name = document.createElement("span");
      name.textContent = text;
      const other = document.createElement("button");
      other.type = "button";
      other.className = "button small";
      other.textContent = "Remove";
      other.addEventListener("click", () => this.clear());
      line.append(name, other);
      this.release();
      this.preview.replaceChildren(picture, line);
      this.preview.hidden = false;
      this.label.classList.add("visually-hidden");
    }

    release() {
      const old = this.preview.querySelector("img");
      if (old?.src.startsWith("blob:")) URL.revokeObjectURL(old.src);
    }

    refuse(why) {
      this.clear();
      this.tell(why);
    }

    clear() {
      this.release();
      this.input.value = "";
      for (const sample of this.samples) sample.checked = false;
      this.preview.hidden = true;
      this.preview.replaceChildren();
      this.label.classList.remove("visually-hidden");
      this.tell("Photograph removed.");
      this.input.focus();
    }
  }

  addEventListener("DOMContentLoaded", () => {
    const photographs = [...document.querySelectorAll("[data-drop]")].map((drop) => new Photograph(drop));
    if (!photographs.length) return;
    addEventListener("paste", (event) => {
      const file = imageIn(event.clipboardData);
      if (!file) return;
      event.preventDefault();
      put((photographs.find((one) => one.empty) ?? photographs[0]).input, file);
    });
    // a photograph dropped beside the frame must not replace the page
    for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
    document.querySelector("form[data-quick]")?.addEventListener("submit", (event) => event.target.classList.add("is-busy"));
    addEventListener("pageshow", () => document.querySelector("form[data-quick]")?.classList.remove("is-busy"));
  });

  window.hexafacePut = put;
})();
