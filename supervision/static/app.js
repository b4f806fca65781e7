// Small helps on top of pages that work without them. No framework, nothing kept in the browser.
(() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  // Readers hear a live region only when its text changes.
  function announce(text) {
    const live = byId("live");
    if (!live || !text) return;
    live.textContent = "";
    setTimeout(() => { live.textContent = text; }, 50);
  }

  function showProblem(text) {
    const messages = byId("messages");
    if (!messages || !text) return;
    const line = document.createElement("p");
    line.className = "flash bad";
    line.textContent = text;
    messages.replaceChildren(line);
    messages.scrollIntoView({ block: "nearest" });
  }

  function take(element) {
    if (!element.matches("a[href], button, input, select, textarea, summary, [tabindex]")) {
      element.tabIndex = -1;
    }
    element.focus();
  }

  async function copy(button) {
    const field = byId(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy");
    }
    announce(button.dataset.copied);
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = button.dataset.copied;
    setTimeout(() => { label.textContent = before; }, 2000);
  }

  // What was typed is shown and hidden again; hidden it leaves, or the browser would offer it later.
  function reveal(button, shown) {
    const word = button.dataset.hide;
    if (shown === (byId(button.dataset.reveal).type === "text")) return;
    byId(button.dataset.reveal).type = shown ? "text" : "password";
    button.dataset.hide = button.textContent;
    button.textContent = word;
  }

  function enhance(root) {
    root.querySelectorAll("[data-copy][hidden], [data-reveal][hidden]").forEach((button) => { button.hidden = false; });
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    root.querySelectorAll("[data-detect-zone]").forEach((field) => {
      const fits = field.tagName !== "SELECT" || [...field.options].some((o) => o.value === zone);
      if (!field.value && fits) field.value = zone;
    });
  }

  // After a swap the focus goes to what changed, and is never left on nothing.
  function settleFocus(added) {
    const elements = added.filter((node) => node instanceof Element && node.isConnected);
    const wanted = elements
      .map((e) => (e.matches("[data-focus]") ? e : e.querySelector("[data-focus]")))
      .find(Boolean);
    if (wanted) take(wanted);
    else if (document.activeElement === document.body && elements.length) take(elements[0]);
    elements.forEach((e) => {
      const said = e.matches("[data-announce]") ? e : e.querySelector("[data-announce]");
      if (said) announce(said.dataset.announce || said.textContent.trim());
    });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    const eye = event.target.closest("[data-reveal]");
    if (eye) reveal(eye, byId(eye.dataset.reveal).type === "password");
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("details[data-menu][open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  document.addEventListener("submit", (event) => {
    event.target.querySelectorAll("[data-reveal]").forEach((button) => reveal(button, false));
  });

  // A lock or sign-out here is one everywhere: windows that show notes go blank. Pages of notes
  // say it themselves, once what was typed is on its way.
  document.addEventListener("submit", (event) => {
    const target = event.target.getAttribute("action");
    if ((target === "/lock" || target === "/sign-out") && !document.getElementById("vault-watch") && "BroadcastChannel" in window) {
      new BroadcastChannel("vault").postMessage("locked");
    }
  });

  // A page that comes back from the browser's memory may be older than a lock or a sign-out.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted || !document.body.classList.contains("signed-in")) return;
    document.body.hidden = true;
    location.reload();
  });

  // Refusals that are a form's own answer are swapped in, and those that come with their place; any
  // other leaves the page as it is.
  document.addEventListener("htmx:before:swap", (event) => {
    const { response, hx } = event.detail.ctx;
    const status = response?.status ?? 200;
    if (status < 400 || status === 409 || status === 422 || hx?.retarget === "#messages") return;
    event.preventDefault();
    showProblem(byId("live").dataset.failed);
  });

  document.addEventListener("htmx:error", (event) => {
    if (event.detail.error instanceof TypeError && event.detail.ctx) {
      showProblem(byId("live").dataset.offline);
    }
  });

  document.addEventListener("htmx:after:settle", (event) => {
    const added = event.detail.newContent;
    queueMicrotask(() => {
      added.forEach((node) => { if (node instanceof Element) enhance(node.parentNode ?? node); });
      settleFocus(added);
    });
  });

  // `HX-Trigger: {"announce": {"text": "Saved"}}` is spoken.
  document.addEventListener("announce", (event) => announce(event.detail.text));

  document.addEventListener("DOMContentLoaded", () => {
    enhance(document);
    const wanted = document.querySelector("[data-focus]");
    if (wanted) take(wanted);
    announce(byId("messages")?.textContent.trim());
  });
})();
