// Keeps an open page true: listens for news about it, then reads the same page again and puts its live parts in place of
// those shown. A part is an element with an id and, say, data-live="busy sessions": what it is made from. Without this
// script the page is whole, but has to be reloaded.
"use strict";

const address = document.body.dataset.stream && new URL(document.body.dataset.stream, location);
const here = document.body.dataset.here || location.href;
const spoken = document.getElementById("news");
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60000;
const TOLD_MS = 10000;
const RENEWED_MS = 60000;
const ALL = ["accounts", "calendars", "busy", "sessions"];

const topics = new Set(); // of which there is news that is not shown yet
let stream = null; // open while the page is seen: browsers open few connections to one host, for all pages together
let reading = false;
let pauseMs = FIRST_PAUSE_MS;

function listen() {
  if (stream || document.hidden) return;
  stream = new EventSource(address);
  stream.onopen = () => { document.body.dataset.listening = "yes"; };
  stream.onmessage = (message) => {
    pauseMs = FIRST_PAUSE_MS;
    address.searchParams.set("since", message.lastEventId);
    const news = JSON.parse(message.data);
    news.topics.forEach((topic) => topics.add(topic));
    if (news.words) tell(news.words);
    refresh();
  };
  stream.onerror = () => {
    delete document.body.dataset.listening;
    // After a break the browser comes back by itself, after a refusal it doesn't.
    if (stream.readyState !== EventSource.CLOSED) return;
    stream = null;
    later(listen);
  };
}

function stopListening() {
  stream?.close();
  stream = null;
  delete document.body.dataset.listening;
}

function tell(words) {
  spoken.textContent = words;
  clearTimeout(spoken.timer);
  spoken.timer = setTimeout(() => { spoken.textContent = ""; }, TOLD_MS);
}

function later(action) {
  setTimeout(action, pauseMs * (0.5 + Math.random() / 2));
  pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
}

async function refresh() {
  if (reading || document.hidden) return; // once it is read, or seen, what came meanwhile is read as well
  reading = true;
  try {
    while (concerned().length > 0) {
      const asked = [...topics];
      const parts = concerned();
      topics.clear();
      const fresh = await readAgain();
      if (fresh === null) {
        asked.forEach((topic) => topics.add(topic));
        return later(refresh);
      }
      parts.forEach((part) => replace(part, fresh.getElementById(part.id)));
    }
    topics.clear();
  } finally {
    reading = false;
  }
}

// Some of what is shown changes with the clock, and nobody tells of it: how old evidence is, and whether a provider that
// didn't answer does so now.
function renew() {
  if (document.hidden) return;
  ALL.forEach((topic) => topics.add(topic));
  refresh();
}

function concerned() {
  const parts = [...document.querySelectorAll("[data-live][id]")];
  return parts.filter((part) => part.dataset.live.split(" ").some((topic) => topics.has(topic)));
}

// The page as it is now; null if it can't be had at the moment.
async function readAgain() {
  try {
    const answer = await fetch(here, { headers: { "X-Live": "1" }, cache: "no-store" });
    if (answer.redirected) openAnew(); // nobody is logged in any more
    if (!answer.ok) return null;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.body.dataset.expert === document.body.dataset.expert) return fresh;
    openAnew(); // somebody else is logged in now: no part of theirs under this one's name
    return null;
  } catch {
    return null;
  }
}

// Where a form has led here, a reload would send it once more.
function openAnew() {
  if (document.body.dataset.here) location.assign(here);
  else location.reload();
}

function replace(part, fresh) {
  if (fresh === null) return part.remove();
  if (part.outerHTML === fresh.outerHTML || isFilledIn(part)) return;
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const opened = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
  const scrolled = [...part.querySelectorAll("[data-scrolls][id]")].map((one) => [one.id, one.scrollLeft]);
  const [left, top] = [scrollX, scrollY];
  part.replaceWith(document.adoptNode(fresh));
  opened.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  scrolled.forEach(([id, x]) => document.getElementById(id)?.scrollTo(x, 0));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  scrollTo(left, top);
}

// What somebody is filling in stays; they see what is new once they have sent it.
function isFilledIn(part) {
  return [...part.querySelectorAll("input:not([type=hidden]), textarea, select")].some((one) => {
    if (one.matches("[type=checkbox], [type=radio]")) return one.checked !== one.defaultChecked;
    if (one.matches("select")) return one.selectedIndex !== Math.max(0, [...one.options].findIndex((option) => option.defaultSelected));
    return one.value !== one.defaultValue;
  });
}

if (address) {
  listen();
  addEventListener("pagehide", stopListening);
  addEventListener("pageshow", listen);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return stopListening();
    listen();
    renew();
  });
  setInterval(renew, RENEWED_MS);
}
