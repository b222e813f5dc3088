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
    const before = cards();
    const focused = document.activeElement;
    const rest = page.getElementById("board-rest"); // how many more there are, where there are
    content.replaceChildren(...[list, rest].filter(Boolean).map((part) => document.adoptNode(part)));
    empty.hidden = list.children.length > 0;
    for (const [address, card] of cards()) {
      if (before.has(address)) putBack(before.get(address), card, focused);
    }
  }

  // The cards by the address of their alarm.
  function cards() {
    return new Map([...content.querySelectorAll("li.alarm")].map((card) => [card.querySelector("h3 a").getAttribute("href"), card]));
  }

  // What a person has opened, written or stands on must not vanish under the finger because some alarm changed.
  function putBack(before, card, focused) {
    const [were, are] = [before, card].map((one) => [...one.querySelectorAll("details")]);
    if (were.length === are.length) are.forEach((part, place) => { part.open = were[place].open; });
    for (const was of before.querySelectorAll("form input:not([type=hidden]), form textarea, form select, form button")) {
      const form = `form[action="${CSS.escape(was.form.getAttribute("action"))}"]`;
      const named = `[name="${CSS.escape(was.name)}"]${was.tagName === "BUTTON" ? `[value="${CSS.escape(was.value)}"]` : ""}`;
      const is = card.querySelector(`${form} ${was.name ? named : "button"}`);
      if (!is) continue;
      if (was.type === "checkbox" || was.type === "radio") is.checked = was.checked;
      else if (was.tagName !== "BUTTON") is.value = was.value;
      if (was !== focused) continue;
      is.focus();
      if (was.selectionStart !== null && is.setSelectionRange) is.setSelectionRange(was.selectionStart, was.selectionEnd);
    }
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
