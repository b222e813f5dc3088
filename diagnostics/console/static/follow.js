// Renews a part of a page when the server says that it has changed: <div id="x" data-stream="…" data-part="…">.
"use strict";
(() => {
  for (const part of document.querySelectorAll("[data-stream][data-part]")) {
    const source = new EventSource(part.dataset.stream);
    let mark = null;
    const renew = async (event) => {
      if (event.type === "over") source.close();
      if (event.data === mark && event.type !== "over") return;
      mark = event.data;
      const answer = await fetch(part.dataset.part, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      part.replaceChildren(...[...page.body.childNodes].map((node) => document.adoptNode(node)));
    };
    for (const word of ["changed", "alive", "over"]) source.addEventListener(word, renew);
    source.addEventListener("error", () => part.classList.add("unheard"));
    source.addEventListener("open", () => part.classList.remove("unheard"));
  }
})();
