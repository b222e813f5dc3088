// Keeps the alarm board in step with the server, and says loudly when it cannot.
"use strict";
(() => {
  const board = document.getElementById("board");
  const line = document.getElementById("line");
  const stale = document.getElementById("stale");
  const content = document.getElementById("board-content");
  const empty = document.getElementById("board-empty");
  const QUIET_MILLISECONDS = 4000; // the server speaks twice a second
  let lastHeard = Date.now();
  let mark = null;

  function alive() {
    lastHeard = Date.now();
    line.dataset.state = "live";
    stale.hidden = true;
  }

  function broken() {
    if (!stale.hidden) return;
    document.getElementById("stale-since").textContent = new Date(lastHeard).toLocaleTimeString("sv-SE");
    line.dataset.state = "stale";
    stale.hidden = false;
  }

  async function renew() {
    const answer = await fetch(board.dataset.list, { credentials: "same-origin", redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const list = page.getElementById("board-list");
    const focused = document.activeElement && document.activeElement.closest("form");
    const action = focused && focused.getAttribute("action");
    content.replaceChildren(document.adoptNode(list));
    empty.hidden = list.children.length > 0;
    const same = action && content.querySelector(`form[action="${CSS.escape(action)}"] button`);
    if (same) same.focus();
  }

  // "alive" carries the mark, too: after a break the board catches up with whatever happened meanwhile.
  async function heard(event) {
    if (event.data !== mark) {
      try {
        await renew();
        mark = event.data;
      } catch {
        return broken();
      }
    }
    alive();
  }

  function listen() {
    const source = new EventSource(board.dataset.stream);
    source.addEventListener("changed", heard);
    source.addEventListener("alive", heard);
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      broken();
      setTimeout(listen, 2000);
    });
  }

  // How long it is until a ladder's next step; the clock of the day stands there when this script does not run.
  function countDown() {
    for (const due of document.querySelectorAll("[data-due]")) {
      due.dataset.clock ??= due.textContent;
      const left = Math.round((Date.parse(due.dataset.due) - Date.now()) / 1000);
      const minutes = Math.floor(left / 60);
      const short = minutes < 60 ? `${minutes}:${String(left % 60).padStart(2, "0")}` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
      due.textContent = left > 0 ? `${due.dataset.clock} (${short})` : due.dataset.clock;
    }
  }

  setInterval(countDown, 1000);
  listen();
  window.addEventListener("offline", broken);
  setInterval(() => { if (Date.now() - lastHeard > QUIET_MILLISECONDS) broken(); }, 500);
})();
