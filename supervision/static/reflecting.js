// The editor's sliders, and the picture of the three systems that moves with them.
// The numbers alone are sent; without this file they are simply numbers.
(() => {
  "use strict";

  function draw(number) {
    const { system, whose } = number.dataset;
    const picture = system && document.querySelector(`[data-picture="${whose}"]`);
    if (!picture) return;
    picture.querySelector(`[data-circle="${system}"]`).setAttribute("r", Number(number.value || 0) * 2.2);
    const told = [...document.querySelectorAll(`[data-whose="${whose}"]`)]
      .map((one) => `${one.getAttribute("aria-label").split(",")[0]} ${one.value || "–"}`);
    picture.setAttribute("aria-label", `${picture.dataset.name}: ${told.join(", ")}`);
  }

  function prepare() {
    for (const slider of document.querySelectorAll("[data-slides][hidden]")) {
      const number = document.getElementById(slider.dataset.slides);
      slider.hidden = false;
      slider.classList.toggle("untouched", number.value === "");
      slider.addEventListener("input", () => {
        number.value = slider.value;
        slider.classList.remove("untouched");
        draw(number);
      });
      number.addEventListener("input", () => {
        if (number.value !== "") slider.value = number.value;
        slider.classList.toggle("untouched", number.value === "");
        draw(number);
      });
    }
  }

  prepare();
  // What a form brings back, another way to write above all, takes the page's place.
  document.addEventListener("htmx:after:swap", prepare);
})();
