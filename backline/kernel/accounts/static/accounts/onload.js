// Starts the scripts of the account pages. django-allauth's own starter waits for DOMContentLoaded, which does not come
// when Turbo swaps the page; this one also starts at once where the page stands already, and each element only once.
(() => {
  const start = () => {
    for (const element of document.querySelectorAll("script[data-allauth-onload]:not([data-started])")) {
      element.dataset.started = "";
      const name = element.dataset.allauthOnload;
      if (!name.startsWith("allauth.")) continue;
      const run = name.split(".").reduce((found, part) => found && found[part], window);
      run(JSON.parse(element.textContent));
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start, { once: true });
  else start();
})();
