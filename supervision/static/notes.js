// Pages with private text: blank as soon as the vault is locked, here or in another window.
// Nothing is written to the browser's storage, nor left in its history.
(() => {
  "use strict";

  const watch = document.getElementById("vault-watch");
  const door = document.querySelector("[data-locked]");
  // Looked for each time: what a form brings back takes the page's place.
  const noteForm = () => document.getElementById("note-form");
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("vault") : null;
  const MINUTE = 60_000;

  const print = document.querySelector("[data-print]");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }

  // True while open. Asking does not keep the vault open.
  async function isOpen(address) {
    try {
      const answer = await fetch(address, { redirect: "manual", cache: "no-store" });
      return answer.status === 204;
    } catch {
      return null; // the server cannot be reached: nothing is known
    }
  }

  // The page after a lock: tell the other windows. A link from a mail comes without the vault's
  // cookie (SameSite=Strict), so ask once whether the vault is open after all.
  if (door) {
    const address = new URL(location.href);
    if (address.searchParams.has("locked")) tabs?.postMessage("locked");
    else if (door.dataset.next) {
      isOpen(door.dataset.state).then((open) => { if (open) location.reload(); });
    }
  }
  if (!watch) return;

  // On a page that is about something else, only what is private goes.
  const isPart = "part" in watch.dataset;
  const root = document.documentElement;
  const parts = [...document.querySelectorAll("[data-private]")];
  const hide = (hidden) => (isPart ? parts.forEach((one) => { one.hidden = hidden; }) : root.toggleAttribute("data-blank", hidden));
  const blank = () => hide(true);
  const show = () => hide(false);
  // What came back from the server with a question is stored nowhere yet.
  const returned = () => Boolean(noteForm()?.hasAttribute("data-unsaved"));
  let unsaved = returned();
  let leaving = false;

  // What was typed in the last seconds goes out; behind a lock the server seals it as a draft.
  function flush() {
    const form = noteForm();
    if (!form || !unsaved) return Promise.resolve();
    unsaved = false;
    return fetch(`${form.getAttribute("action")}/autosave`, {
      method: "POST", body: new URLSearchParams(new FormData(form)), keepalive: true, redirect: "manual",
    }).catch(() => {});
  }

  async function leave() {
    if (leaving) return;
    leaving = true;
    blank();
    if (isPart) return parts.forEach((one) => { one.remove(); });
    await flush();
    const here = location.pathname + location.search;
    location.replace(`${watch.dataset.unlock}?next=${encodeURIComponent(here)}`);
  }

  // Nobody is here: close the vault itself, or going to the door would only open it again.
  async function lock() {
    if (leaving) return;
    blank();
    await flush();
    const button = document.querySelector('form[action="/lock"]');
    if (button) {
      await fetch("/lock", { method: "POST", body: new URLSearchParams(new FormData(button)), redirect: "manual" })
        .catch(() => {});
      tabs?.postMessage("locked");
    }
    leave();
  }

  // Hidden until the server says that the vault is still open.
  async function check() {
    blank();
    if (await isOpen(watch.dataset.state) === false) leave();
    else show();
  }

  // The word comes before the lock is done: stay blank until the server says so, then go.
  async function lockedElsewhere() {
    blank();
    await flush();
    for (let tries = 0; tries < 20; tries += 1) {
      if (await isOpen(watch.dataset.state) === false) return leave();
      await new Promise((resolve) => { setTimeout(resolve, 250); });
    }
    return show();
  }

  tabs?.addEventListener("message", (event) => { if (event.data === "locked") lockedElsewhere(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) check(); else show(); });
  window.addEventListener("pagehide", () => { flush(); blank(); });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") check();
    else flush();
  });

  document.addEventListener("submit", (event) => {
    const target = event.target.getAttribute("action");
    if (event.target === noteForm()) unsaved = false;
    if (target === "/lock" || target === "/sign-out") {
      flush();
      tabs?.postMessage("locked");
    }
  });

  document.addEventListener("input", (event) => {
    if (event.target.form && event.target.form === noteForm()) unsaved = true;
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const place = event.detail.ctx.target?.id;
    if (place === "main") unsaved = returned();
    if (place === "note-state" && document.querySelector("#note-state.saved, #note-state.sealed")) unsaved = false;
  });
  // It did not arrive, or was refused, and still stands in the form.
  for (const fault of ["htmx:error", "htmx:response:error"]) {
    document.addEventListener(fault, (event) => {
      if (event.detail.ctx?.sourceElement === noteForm()) unsaved = true;
    });
  }

  // Fifteen minutes without a hand on a page that can be seen: lock, whatever the server thinks.
  // A hidden page is looked after when it is shown again.
  let touched = Date.now();
  for (const sign of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"]) {
    document.addEventListener(sign, () => { touched = Date.now(); }, { passive: true });
  }
  setInterval(async () => {
    if (document.visibilityState !== "visible") return;
    if (Date.now() - touched >= Number(watch.dataset.idle) * 1000) lock();
    else if (await isOpen(watch.dataset.state) === false) leave();
  }, MINUTE / 2);
})();
