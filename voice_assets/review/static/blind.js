// The page on which people compare two samples blind. Keys: 1 and 2 play, space plays both, a, b and n vote, u goes back.
// The page never learns which epoch a sample is from before the server shows the result.

import { button, confirmed, element, letter, NAME, nameDialog, plainName } from "./parts.js";
import { ask } from "./saving.js";

const base = location.pathname.replace(/\/+$/, "");
const main = document.getElementById("blind");
const HEARD = 0.9; // a sample counts as heard when this share of it was played
const SIDES = ["a", "b"];
const KEYS = [
  ["1", "play A"], ["2", "play B"], ["space", "play A, then B; or stop"], ["a", "A is better"], ["b", "B is better"],
  ["n", "no difference"], ["u", "back to the pair before"], ["r", "the result, when you are done"],
];

let reviewer = localStorage.getItem(NAME) ?? "";
let version = "", state = null, pair = null, before = null, busy = false, thenOther = false;
const ui = { sides: [] };

const query = () => `by=${encodeURIComponent(reviewer)}`;

// ---- playing

function side(index) {
  const audio = element("audio", { preload: "auto" });
  const name = SIDES[index].toUpperCase();
  const one = { audio, heard: false, bar: element("i"), mark: element("span.soft", {}, "not heard yet") };
  one.play = button(`▶ ${name}`, String(index + 1), () => toggle(index), ".sample");
  one.play.append(element("span.bar", {}, one.bar), one.mark);
  for (const event of ["play", "pause", "timeupdate", "ended"]) audio.addEventListener(event, () => played(index));
  audio.addEventListener("error", () => pair && trouble("This audio cannot be played: the file is gone, or was changed."));
  return one;
}

function stop() {
  for (const { audio } of ui.sides) audio.pause();
}

function start(index, other = false) {
  stop();
  thenOther = other;
  const { audio } = ui.sides[index];
  audio.currentTime = 0;
  audio.play().catch(() => {}); // the browser refuses until the person has pressed a key on this page
}

const isPlaying = (index) => !ui.sides[index].audio.paused;

function toggle(index) {
  if (!pair) return;
  if (isPlaying(index)) stop();
  else start(index);
}

function both() {
  if (!pair) return;
  if (isPlaying(0) || isPlaying(1)) stop();
  else start(0, true);
}

function played(index) {
  const one = ui.sides[index], { currentTime, duration, paused, ended } = one.audio;
  const share = duration ? Math.min(currentTime / duration, 1) : 0;
  one.bar.style.width = `${share * 100}%`;
  one.play.classList.toggle("playing", !paused);
  if (ended || (!paused && share >= HEARD)) one.heard = true;
  if (ended && index === 0 && thenOther) start(1);
  show();
}

// ---- voting

const ready = () => pair && !busy && ui.sides.every((one) => one.heard);

async function vote(choice) {
  if (!ready()) return;
  busy = true;
  show();
  const said = pair;
  try {
    const fresh = await ask(`${base}/vote`, { by: reviewer, data_version: version, pair: said.name, choice });
    stop();
    before = said;
    receive(fresh);
    trouble(null);
  } catch (error) {
    trouble(error.status ? `Not recorded: ${error.message}` : "Not recorded: the server does not answer. Vote again.", error.status === 409);
  }
  busy = false;
  show();
}

function back() {
  if (before && !busy) {
    stop();
    set(before);
    before = null;
  }
}

async function result() {
  if (!state || state.done < state.goal) return;
  try {
    showResult(await ask(`${base}/result?${query()}`));
  } catch (error) {
    trouble(`No result: ${error.message}`);
  }
}

// ---- drawing

function set(next) {
  pair = next;
  thenOther = false;
  ui.sides.forEach((one, index) => {
    Object.assign(one, { heard: false });
    one.bar.style.width = "0";
    if (!pair) return one.audio.removeAttribute("src");
    one.audio.volume = pair.gains[index];
    one.audio.src = `${base}/audio/${pair.name}/${SIDES[index]}?${query()}`;
  });
  show();
}

function receive(fresh) {
  state = fresh;
  version = fresh.data_version;
  ui.result.hidden = true;
  set(fresh.pair);
}

function show() {
  const { done, goal } = state ?? { done: 0, goal: 0 };
  ui.who.textContent = reviewer || "nobody yet";
  ui.summary.textContent = `${done} of ${goal} pairs` + (done < goal ? "" : pair ? " · enough; you may go on" : " · done");
  ui.done.style.width = `${goal ? Math.min(100, (100 * done) / goal) : 0}%`;
  ui.bar.setAttribute("aria-valuenow", Math.min(done, goal));
  ui.bar.setAttribute("aria-valuemax", goal);
  ui.text.textContent = pair ? pair.text : "You have compared every pair. Thank you.";
  ui.pair.hidden = !pair;
  for (const one of ui.sides) one.mark.textContent = one.heard ? "heard" : "not heard yet";
  for (const choice of ui.choices) choice.disabled = !ready();
  ui.hint.textContent = !pair || ready() || busy ? "" : "Hear both to their ends, then choose.";
  ui.back.disabled = !before || busy;
  ui.show.disabled = done < goal;
  main.setAttribute("aria-busy", busy);
}

function showResult({ candidates, clearly, votes, people }) {
  const cell = (text, kind = "td") => element(kind, {}, text);
  const rows = candidates.map((one) => element("tr", {},
    cell(one.epoch_key), cell(`${one.preferred} of ${one.votes}`), cell(`${Math.round(100 * one.share)} %`)));
  const names = Object.entries(people).map(([name, count]) => `${name} (${count})`).join(", ");
  const said = clearly.map(([better, worse]) => element("li", {}, `${better} is clearly preferred to ${worse}.`));
  if (!said.length) said.push(element("li", {}, "The votes tell no two candidates apart yet."));
  ui.result.replaceChildren(
    element("h2", {}, "Result so far"),
    element("p.soft", {}, `${votes} votes by ${names}. The share is expected against an average candidate.`),
    element("table", {}, element("thead", {}, element("tr", {}, ...["Candidate", "Preferred", "Share"].map((name) => cell(name, "th")))),
      element("tbody", {}, ...rows)),
    element("ul", {}, ...said),
    element("p.soft", {}, "best_epoch counts the votes when it is made again."),
  );
  ui.result.hidden = false;
  ui.result.scrollIntoView({ block: "nearest" });
}

function trouble(message, stale = false) {
  ui.alert.hidden = !message;
  const again = element("button", { type: "button", onclick: () => location.reload() }, "Reload");
  ui.alert.replaceChildren(message ?? "", ...(stale ? [" ", again] : []));
}

// ---- the person

async function named(again = false) {
  if (reviewer && !again) return;
  stop();
  ui.name.input.value = reviewer;
  if (!(await confirmed(ui.name.dialog, () => plainName(ui.name.input.value) !== ""))) return;
  reviewer = plainName(ui.name.input.value);
  localStorage.setItem(NAME, reviewer);
  before = null;
  await next();
}

async function next() {
  if (!reviewer) return;
  try {
    receive(await ask(`${base}/pair?${query()}`));
  } catch (error) {
    trouble(`No pair: ${error.message}`);
  }
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
  const actions = {
    1: () => toggle(0), 2: () => toggle(1), " ": both, a: () => vote("a"), b: () => vote("b"), n: () => vote("none"), u: back, r: result,
  };
  const action = actions[letter(event)];
  if (!action || (event.key === " " && event.target.closest("button, a, summary"))) return;
  event.preventDefault();
  action();
}

// ---- building the page

function build() {
  ui.alert = element("div.alert", { role: "alert", hidden: "" });
  ui.bar = element("div.bar", { role: "progressbar", "aria-label": "Compared pairs", "aria-valuemin": 0 }, (ui.done = element("i.good")));
  ui.sides = [side(0), side(1)];
  ui.choices = [
    button("A is better", "a", () => vote("a")), button("No difference", "n", () => vote("none")), button("B is better", "b", () => vote("b")),
  ];
  ui.back = button("Back", "u", back);
  ui.show = button("Result", "r", result);
  ui.result = element("section.card.result", { hidden: "", "aria-live": "polite" });
  ui.name = nameDialog(main.dataset.longestName, "Your name stands beside your votes. This browser remembers it.");
  const you = element("button.link", { type: "button", title: "Change the name", onclick: () => named(true) }, (ui.who = element("strong")));
  main.querySelector("header").append(element("p.you", {}, "Reviewer: ", you));
  main.append(
    ui.alert,
    element("div.status", {}, ui.bar, element("p.soft", { "aria-live": "polite" }, (ui.summary = element("span.summary")))),
    element("section.card.pair", { "aria-label": "Pair" },
      (ui.text = element("p.sentence", { dir: "auto" })),
      (ui.pair = element("div", {},
        element("div.sides", {}, ...ui.sides.flatMap((one) => [one.audio, one.play])),
        element("div.choices", {}, ...ui.choices), (ui.hint = element("p.soft.hint"))))),
    element("div.decision", {}, ui.back, ui.show),
    ui.result,
    element("details.keys", { open: "" }, element("summary", {}, "Keys"), element("dl", {}, ...KEYS.map(([key, what]) =>
      element("div", {}, element("dt", {}, element("kbd", {}, key)), element("dd", {}, what))))),
    ui.name.dialog,
  );
}

build();
show();
document.addEventListener("keydown", pressed);
document.documentElement.dataset.ready = "yes";
if (reviewer) next();
else named();
