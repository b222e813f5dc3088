// What htmx does not say by itself: a part that could not be renewed is told loudly, a renewed one to a screen reader.
"use strict";
(() => {
  const failed = document.getElementById("renew-failed");
  let within = false;

  // The part that a request renews, as it is in the page now.
  const part = (event) => document.getElementById(event.detail.target?.id);

  function fail(event) {
    document.getElementById("renew-again").href = event.detail.pathInfo?.finalRequestPath ?? location.href;
    failed.hidden = false;
  }

  // Every part is taken from a page by its own name; a page without it is not one of ours, or not the one asked for.
  function holds(event) {
    const page = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
    return page.getElementById(event.detail.target.id) !== null;
  }

  document.addEventListener("htmx:beforeRequest", (event) => part(event)?.setAttribute("aria-busy", "true"));
  document.addEventListener("htmx:afterRequest", (event) => part(event)?.removeAttribute("aria-busy"));
  for (const what of ["htmx:responseError", "htmx:sendError", "htmx:timeout", "htmx:swapError"]) document.addEventListener(what, fail);

  document.addEventListener("htmx:beforeSwap", (event) => {
    within = part(event)?.contains(document.activeElement) ?? false;
    if (!event.detail.shouldSwap || holds(event)) return;
    event.detail.shouldSwap = false;
    fail(event);
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const renewed = part(event);
    failed.hidden = true;
    if (!renewed) return;
    document.getElementById("renew-said").textContent = renewed.dataset.said ?? "";
    // What a person stood on is gone: the part itself is nearest.
    if (within && !renewed.contains(document.activeElement)) renewed.focus({ preventScroll: true });
    within = false;
  });

  // A stream that broke is tried again by its extension; what it may have missed is asked for at once, aloud if in vain.
  document.addEventListener("htmx:sseError", (event) => htmx.trigger(event.target, "sse:changed"));
})();
