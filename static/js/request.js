// While a request runs: progress, what is happening in words, and where the focus goes afterwards.
(() => {
  addEventListener("DOMContentLoaded", () => {
    document.querySelector(".task-strip [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
    const form = document.getElementById("task-form");
    const area = document.getElementById("result");
    if (!form || !area) return;
    const sending = form.querySelector("[data-sending]");
    const status = form.querySelector("[data-status]");
    const tell = (text) => (status.textContent = text);

    const lost = () => {
      area.replaceChildren(document.getElementById("lost-connection").content.cloneNode(true));
      arrive();
    };

    function markWrong(names) {
      for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
      for (const name of names) {
        const field = form.querySelector(`[name="${CSS.escape(name)}"]`);
        field?.setAttribute("aria-invalid", "true");
        field?.setAttribute("aria-errormessage", "problem");
        field?.closest("details")?.setAttribute("open", "");
      }
    }

    function arrive() {
      const problem = area.querySelector("[data-testid=error]");
      markWrong(problem?.dataset.wrong?.split(" ") ?? []);
      const title = area.querySelector("[data-result-title]");
      tell(problem ? "There is no answer; the message says why." : `Done: ${title?.textContent.trim() ?? "the answer is there"}.`);
      title?.focus({ preventScroll: true });
      const top = area.getBoundingClientRect().top;
      if (top < 0 || top > innerHeight * 0.6) area.scrollIntoView({ block: "start" });
    }

    form.addEventListener("htmx:beforeRequest", () => {
      sending.removeAttribute("value");
      tell("Working …");
    });
    form.addEventListener("htmx:xhr:progress", (event) => {
      const { loaded, total, lengthComputable } = event.detail;
      if (!lengthComputable || !total) return;
      if (loaded < total) {
        sending.value = (100 * loaded) / total;
        tell(`Sending … ${Math.round((100 * loaded) / total)} %`);
      } else {
        sending.removeAttribute("value");
        tell("Looking at the photograph …");
      }
    });
    document.body.addEventListener("htmx:beforeSwap", (event) => {
      // a proxy's or a crash's own page is not an answer to show inside this one
      if (event.detail.target !== area) return;
      const known = /data-testid="(result|error)"/.test(event.detail.xhr.responseText);
      if (known && !/<html/i.test(event.detail.xhr.responseText)) return;
      event.detail.shouldSwap = false;
      lost();
    });
    document.body.addEventListener("htmx:afterSwap", (event) => event.detail.target === area && arrive());
    for (const kind of ["htmx:sendError", "htmx:timeout"]) form.addEventListener(kind, lost);

    // the query fills options: a link to a seed gives the same faces again
    for (const [name, value] of new URLSearchParams(location.search)) {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLInputElement && field.type === "number") field.value = value;
    }
  });
})();
