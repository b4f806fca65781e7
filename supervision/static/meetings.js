// Counts between two looks at the server, whose clock is the one that counts.
(() => {
  "use strict";

  let shown = "";
  let left = 0;
  let since = 0;

  function write(timer, seconds) {
    const whole = Math.abs(seconds);
    const sign = seconds < 0 ? "\u2212" : "";
    timer.textContent = `${sign}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
    timer.classList.toggle("over", seconds < 0);
  }

  function tick() {
    const timer = document.querySelector(".timer[data-left]");
    if (!timer) return;
    const key = `${timer.dataset.version} ${timer.dataset.left}`;
    if (key !== shown) {
      shown = key;
      left = Number(timer.dataset.left);
      since = Date.now();
    }
    if ("running" in timer.dataset) write(timer, left - Math.floor((Date.now() - since) / 1000));
  }

  document.addEventListener("DOMContentLoaded", tick);
  document.addEventListener("htmx:after:settle", tick);
  setInterval(tick, 250);
})();
