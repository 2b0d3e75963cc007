// Runs before the first paint: marks that scripts work and applies the remembered theme.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  let saved = null;
  try {
    saved = localStorage.getItem("hexaface-theme");
  } catch {
    // storage may be switched off: the system's theme is used
  }
  if (saved === "light" || saved === "dark") root.dataset.theme = saved;

  const dark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.classList.toggle("dark-mode", dark()); // what the stylesheet of the API's page goes by

  addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-toggle]");
    if (!button) return;
    const say = () => button.setAttribute("aria-label", dark() ? "Use the light theme" : "Use the dark theme");
    say();
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try {
        localStorage.setItem("hexaface-theme", root.dataset.theme);
      } catch {
        // not remembered then
      }
      say();
    });
  });
})();
