// Live updates and small comforts. Every page works without this script.
"use strict";

// Replaces the content of an element with data-live by what its address returns, again and again. Keeps the focus.
function live(element) {
  const every = () => Number(element.dataset.every);
  let isOn = true;
  let button = null;
  const update = async () => {
    const isUsed = element.querySelector("input:checked, details[open]");
    if (isOn && !document.hidden && !isUsed) {
      try {
        const response = await fetch(element.dataset.live, { credentials: "same-origin", redirect: "error" });
        if (response.ok) show(element, await response.text());
        if (button) button.classList.toggle("late", !response.ok);
      } catch {
        if (button) button.classList.add("late");
      }
    }
    if (!element.querySelector("[data-ended]")) setTimeout(update, every());
  };
  if (element.dataset.switch) {
    button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet-button live";
    button.textContent = element.dataset.switch;
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      isOn = !isOn;
      button.setAttribute("aria-pressed", String(isOn));
    });
    element.before(button);
  }
  setTimeout(update, every());
}

function show(element, text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const part = element.dataset.part ? page.getElementById(element.dataset.part) : page.body;
  if (!part) return;
  if (part.dataset.every) element.dataset.every = part.dataset.every;
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const href = focused && focused.getAttribute("href");
  const label = focused && focused.getAttribute("aria-label");
  element.replaceChildren(...part.childNodes);
  localTimes(element);
  if (!focused) return;
  const same = [...element.querySelectorAll("a, button, input, [tabindex]")].find(
    (found) => (href && found.getAttribute("href") === href) || (label && found.getAttribute("aria-label") === label),
  );
  if (same) same.focus({ preventScroll: true });
}

// A time in the zone of the browser, where the pointer rests on it.
function localTimes(element) {
  for (const time of element.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.title = at.toLocaleString(undefined, { timeZoneName: "short" });
  }
}

// A button that copies each URL.
function copyable(code) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${code.textContent}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  code.after(button);
}

// A row of links that is wider than a phone shows the one of this page.
function showCurrent(link) {
  link.scrollIntoView({ block: "nearest", inline: "center" });
}

document.querySelectorAll("[data-live]").forEach(live);
document.querySelectorAll("code.url").forEach(copyable);
document.querySelectorAll(".list a[aria-current]").forEach(showCurrent);
localTimes(document);
