// The page on which people listen and decide. Keys: space, g, b, u, c, n, p, arrows, a, r, ?. All texts are set as text, never as HTML.

import { ask, Saver } from "./saving.js";
import { button, confirmed, element, letter, NAME, nameDialog, plainName } from "./parts.js";
import { Player } from "./player.js";

const POLL_MS = 4000;
const TYPING_MS = 600;
const base = location.pathname.replace(/\/+$/, "");
const main = document.getElementById("review");
const KEYS = [
  ["space", "play or pause"], ["g", "good, then the next clip"], ["b", "bad"], ["u", "no mark"], ["c", "comment (Esc leaves the field)"],
  ["n →", "next clip"], ["p ←", "previous clip"], ["⇧ → ⇧ ←", "one second on or back"], ["a", "approve all"], ["r", "reject all"],
];

let clips = [], version = "", state = { marks: {}, standing: null }, current = 0;
let reviewer = localStorage.getItem(NAME) ?? "";
let saver, player, typing = null, stale = false;
const ui = {};

// ---- marks

// The marks as the person sees them: those of the server, and over them those that wait to be saved.
function marksOf(by) {
  const found = { ...(state.marks[by] ?? {}) };
  for (const one of saver.waiting) {
    if (one.by === by) found[one.clip] = { mark: "", comment: "", heard: false, ...found[one.clip], ...one.changes };
  }
  return found;
}

function own(clip) {
  return marksOf(reviewer)[clip.id] ?? { mark: "", comment: "", heard: false };
}

async function change(clip, changes) {
  const saved = saver.save(reviewer, clip.id, changes);
  show();
  return saved;
}

async function mark(word) {
  if (!(await named())) return;
  const clip = clips[current];
  await saveComment();
  if (await change(clip, { mark: word }) && word === "good" && clip === clips[current]) go(current + 1, true);
}

function saveComment() {
  clearTimeout(typing);
  if (!typing || !reviewer) return Promise.resolve(!typing);
  typing = null;
  return change(clips[current], { comment: ui.comment.value });
}

async function comment() {
  if (await named()) ui.comment.focus();
}

function heard(number) {
  const clip = clips[number];
  if (reviewer && !own(clip).heard) change(clip, { heard: true });
}

// ---- moving

function go(number, play) {
  if (number < 0 || number >= clips.length) return;
  saveComment();
  current = number;
  history.replaceState(null, "", `#${number + 1}`);
  player.load(number, clips[number].duration_s, play);
  ui.comment.value = own(clips[number]).comment;
  show();
  reveal(ui.list.children[number]);
}

// Scroll the list, and not the page, until a row is seen.
function reveal(row) {
  const box = ui.clips, end = row.offsetTop + row.offsetHeight;
  if (row.offsetTop < box.scrollTop) box.scrollTop = row.offsetTop - 6;
  else if (end > box.scrollTop + box.clientHeight) box.scrollTop = end - box.clientHeight + 6;
}

// ---- drawing

function counts() {
  const mine = marksOf(reviewer);
  const all = clips.map((clip) => mine[clip.id] ?? {});
  const count = (test) => all.filter(test).length;
  return {
    heard: count((one) => one.heard || one.mark), good: count((one) => one.mark === "good"),
    bad: count((one) => one.mark === "bad"), all: clips.length,
  };
}

function others(clip) {
  return Object.keys(state.marks).filter((by) => by !== reviewer && state.marks[by][clip.id]).map((by) => [by, state.marks[by][clip.id]]);
}

const WORDS = { good: "good", bad: "bad", "": "no mark" };

function show() {
  const found = counts();
  ui.who.textContent = reviewer || "nobody yet";
  ui.summary.textContent = `${found.good + found.bad} of ${found.all} marked · ${found.good} good · ${found.bad} bad · ${found.heard} heard`;
  ui.good.style.width = `${(100 * found.good) / found.all}%`;
  ui.bad.style.width = `${(100 * found.bad) / found.all}%`;
  ui.heard.style.width = `${(100 * Math.max(found.heard - found.good - found.bad, 0)) / found.all}%`;
  ui.bar.setAttribute("aria-valuenow", found.good + found.bad);
  showStanding();
  showList();
  showClip();
}

function showStanding() {
  const { standing } = state;
  ui.standing.hidden = !standing;
  if (!standing) return;
  const kind = standing.verdict === "approved" ? "pass" : "fail";
  ui.standing.replaceChildren(
    element(`span.badge.${kind}`, {}, standing.verdict), ` by ${standing.by}, ${standing.time}`, standing.comment ? `: ${standing.comment}` : "",
  );
}

function showList() {
  clips.forEach((clip, number) => {
    const { mark: word, comment: said, heard: played } = own(clip);
    const row = ui.list.children[number];
    row.classList.toggle("current", number === current);
    row.firstChild.setAttribute("aria-current", number === current);
    const dot = element(`span.dot${word ? `.${word}` : played ? ".heard" : ""}`, { title: word || (played ? "heard" : "not heard") }, word === "good" ? "✓" : word === "bad" ? "✗" : "");
    const theirs = others(clip).filter(([, one]) => one.mark);
    const right = element("span.theirs");
    if (said) right.append(element("span", { title: said }, "✎"));
    for (const [by, one] of theirs) right.append(element(`span.small.${one.mark}`, { title: `${by}: ${one.mark}` }, by.slice(0, 1).toUpperCase()));
    row.firstChild.replaceChildren(dot, element("span.label", {}, clip.reference), right);
  });
}

function words(pieces) {
  const tags = { same: "span", missing: "del", added: "ins" };
  const titles = { missing: { title: "only in the reference" }, added: { title: "only in the hypothesis" }, same: {} };
  return pieces.flatMap((piece) => [element(tags[piece.kind], titles[piece.kind], piece.words), " "]);
}

function showClip() {
  const clip = clips[current], mine = own(clip);
  ui.number.textContent = `Clip ${current + 1} of ${clips.length}`;
  ui.id.textContent = clip.id;
  ui.reference.textContent = clip.reference;
  ui.hypothesis.textContent = clip.hypothesis ?? "not transcribed yet";
  ui.hypothesis.classList.toggle("soft", clip.hypothesis === null);
  ui.diff.replaceChildren(...words(clip.diff ?? []));
  ui.diffRow.hidden = clip.diff === null;
  ui.signals.replaceChildren(...clip.signals.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
  ui.markGood.setAttribute("aria-pressed", mine.mark === "good");
  ui.markBad.setAttribute("aria-pressed", mine.mark === "bad");
  ui.others.replaceChildren(...others(clip).map(([by, one]) => element("li", {},
    element("strong", {}, by), " ", element(`span.badge.${{ good: "pass", bad: "fail" }[one.mark] ?? "none"}`, {}, WORDS[one.mark]), one.comment ? ` ${one.comment}` : "",
  )));
  ui.othersBox.hidden = !ui.others.children.length;
  ui.previous.disabled = current === 0;
  ui.next.disabled = current === clips.length - 1;
  if (document.activeElement !== ui.comment && !typing) ui.comment.value = mine.comment;
}

// ---- trouble

function trouble(message, other) {
  stale ||= Boolean(other);
  if (stale && !message) return;
  ui.alert.hidden = !message;
  const again = element("button", { type: "button", onclick: () => location.reload() }, "Reload");
  ui.alert.replaceChildren(message ?? "", ...(stale ? [" ", again] : []));
}

function receive(fresh) {
  if (fresh.data_version !== version) return trouble("There are other data now: reload the page and listen again.", true);
  state = fresh;
  show();
}

async function poll() {
  if (!document.hidden && !stale) {
    try {
      receive(await ask(`${base}/state`));
      if (!saver.waiting.length && !stale) trouble(null, false);
    } catch (error) {
      if (!saver.waiting.length) trouble(`The server does not answer: ${error.message}`, error.status === 409);
    }
  }
  setTimeout(poll, POLL_MS);
}

// ---- dialogs

async function named(again = false) {
  if (reviewer && !again) return true;
  await saveComment();
  ui.name.input.value = reviewer;
  const done = await confirmed(ui.name.dialog, () => ui.name.input.value.trim() !== "");
  if (done) {
    reviewer = plainName(ui.name.input.value);
    localStorage.setItem(NAME, reviewer);
    ui.comment.value = own(clips[current]).comment;
    show();
  }
  return done;
}

function decideDialog() {
  const title = element("h2", { id: "decide-title" }), facts = element("ul"), error = element("p.error", { role: "alert" });
  const input = element("textarea", { id: "decide-comment", rows: 3, maxlength: main.dataset.longestComment });
  const yes = element("button.primary", { type: "submit", autofocus: "" });
  const no = element("button", { type: "button", onclick: () => dialog.close("") }, "Cancel", element("kbd", {}, "Esc"));
  const dialog = element("dialog", { "aria-labelledby": "decide-title" }, element("form", {},
    title, facts, element("label", { for: "decide-comment" }, "Comment on the whole (may be empty)"), input, error,
    element("div.row", {}, no, yes),
  ));
  return { dialog, title, facts, input, yes, error };
}

async function decide(verdict) {
  if (!(await named())) return;
  await saveComment();
  const { dialog, title, facts, input, yes, error } = ui.decide, found = counts();
  const approve = verdict === "approved";
  const left = found.all - found.heard;
  title.textContent = approve ? "Approve these clips?" : "Reject these clips?";
  yes.textContent = approve ? "Approve" : "Reject";
  yes.className = `primary ${approve ? "good" : "bad"}`;
  error.textContent = "";
  const lines = [`You (${reviewer}) heard ${found.heard} of ${found.all}, marked ${found.good} good and ${found.bad} bad.`];
  if (left) lines.push(`${left} ${left === 1 ? "clip was" : "clips were"} not heard.`);
  for (const by of Object.keys(state.marks).filter((one) => one !== reviewer)) {
    const theirs = Object.values(state.marks[by]);
    lines.push(`${by} marked ${theirs.filter((one) => one.mark === "good").length} good and ${theirs.filter((one) => one.mark === "bad").length} bad.`);
  }
  if (state.standing) lines.push(`So far: ${state.standing.verdict} by ${state.standing.by}.`);
  facts.replaceChildren(...lines.map((line, index) => element(index === 1 && left ? "li.warn" : "li", {}, line)));
  await confirmed(dialog, async () => {
    try {
      if (!(await saver.flush())) throw new Error("some marks are not saved yet");
      receive(await ask(`${base}/decide`, { data_version: version, by: reviewer, verdict, comment: input.value }));
      input.value = "";
      return true;
    } catch (failure) {
      error.textContent = `Not recorded: ${failure.message}`;
      if (failure.status === 409) trouble(failure.message, true);
      return false;
    }
  });
}

// ---- keys

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target === ui.comment) {
    if (event.key === "Escape") { ui.comment.blur(); event.preventDefault(); }
    return;
  }
  if (event.target === player.wave && event.key.startsWith("Arrow")) {
    event.preventDefault();
    player.seek(player.audio.currentTime + (["ArrowRight", "ArrowUp"].includes(event.key) ? 0.5 : -0.5));
    return;
  }
  const onControl = event.target.closest("button, a, summary");
  const actions = {
    " ": () => player.toggle(), g: () => mark("good"), b: () => mark("bad"), u: () => mark(""), c: comment,
    n: () => go(current + 1, true), p: () => go(current - 1, true), a: () => decide("approved"), r: () => decide("rejected"),
    arrowright: () => (event.shiftKey ? player.seek(player.audio.currentTime + 1) : go(current + 1, true)),
    arrowleft: () => (event.shiftKey ? player.seek(player.audio.currentTime - 1) : go(current - 1, true)),
  };
  const action = actions[letter(event)];
  if (!action || (onControl && event.key === " ")) return;
  event.preventDefault();
  if (!event.repeat || event.key.startsWith("Arrow")) action();
}

// ---- building the page

function listRow(clip, number) {
  const open = (event) => { if (event.detail) event.currentTarget.blur(); go(number, true); };
  return element("li", {}, element("button", { type: "button", onclick: open }));
}

function build() {
  const text = (name) => (ui[name] = element(`span.${name}`));
  const said = (label, name) => element("div", {}, element("dt", {}, label), (ui[name] = element("dd.text", { dir: "auto" })));
  ui.alert = element("div.alert", { role: "alert", hidden: "" });
  ui.standing = element("p.standing", { hidden: "" });
  ui.bar = element("div.bar", { role: "progressbar", "aria-label": "Marked clips", "aria-valuemin": 0, "aria-valuemax": clips.length },
    (ui.good = element("i.good")), (ui.bad = element("i.bad")), (ui.heard = element("i.heard")));
  const you = element("button.link", { type: "button", title: "Change the name", onclick: () => named(true) }, (ui.who = element("strong")));
  ui.list = element("ol", {}, ...clips.map(listRow));
  const wave = element("div.wave", { role: "slider", tabindex: 0, "aria-label": "Position in the clip", "aria-valuemin": 0, "aria-valuemax": 100 });
  const audio = element("audio", { preload: "auto" }), play = element("button.play", { type: "button" }), time = element("span.time");
  ui.diffRow = said("Difference", "diff");
  ui.comment = element("textarea", { id: "comment", rows: 2, maxlength: main.dataset.longestComment, placeholder: "What is wrong, or good to know" });
  ui.comment.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(saveComment, TYPING_MS); });
  ui.comment.addEventListener("focus", () => reviewer || named());
  ui.comment.addEventListener("blur", saveComment);
  ui.markGood = button("Good", "g", () => mark("good"), ".good");
  ui.markBad = button("Bad", "b", () => mark("bad"), ".bad");
  ui.previous = button("Previous", "p", () => go(current - 1, true));
  ui.next = button("Next", "n", () => go(current + 1, true));
  ui.others = element("ul.others");
  ui.othersBox = element("section", {}, element("h3", {}, "Other reviewers"), ui.others);
  ui.signals = element("dl.signals");
  ui.name = nameDialog(main.dataset.longestName, "Your name stands beside your marks. This browser remembers it.");
  ui.decide = decideDialog();
  main.querySelector("header").append(element("p.you", {}, "Reviewer: ", you));
  main.append(
    ui.standing, ui.alert, element("div.status", {}, ui.bar, element("p.soft", { "aria-live": "polite" }, text("summary"))),
    element("div.columns", {},
      element("section.card.clip", { "aria-label": "Clip" },
        element("div.head", {}, element("h2", {}, text("number")), (ui.id = element("code")), element("span.space"), ui.previous, ui.next),
        audio, element("div.player", {}, play, wave, time),
        element("dl.texts", {}, said("Reference", "reference"), said("Hypothesis", "hypothesis"), ui.diffRow),
        element("div.marks", {}, ui.markGood, ui.markBad),
        element("label", { for: "comment" }, "Comment", element("kbd", {}, "c")), ui.comment,
        ui.othersBox, ui.signals),
      (ui.clips = element("nav.card.clips", { "aria-label": "All clips" }, ui.list))),
    element("div.decision", {},
      element("p", {}, "When you have heard enough:"),
      button("Approve…", "a", () => decide("approved"), ".primary.good"), button("Reject…", "r", () => decide("rejected"), ".primary.bad")),
    element("details.keys", { open: "" }, element("summary", {}, "Keys"), element("dl", {}, ...KEYS.map(([keys, what]) =>
      element("div", {}, element("dt", {}, ...keys.split(" ").map((key) => element("kbd", {}, key))), element("dd", {}, what))))),
    ui.name.dialog, ui.decide.dialog,
  );
  player = new Player({ audio, wave, button: play, time, base, version, onHeard: heard });
}

async function start() {
  try {
    const found = await ask(`${base}/clips`);
    ({ clips } = found);
    version = found.data_version;
    state = await ask(`${base}/state`);
  } catch (error) {
    main.append(element("div.alert", { role: "alert" }, `This page cannot be shown: ${error.message}`));
    return;
  }
  if (!clips.length) {
    main.append(element("p.soft", {}, "There is no clip to listen to."));
    return;
  }
  build();
  saver = new Saver(base, version, receive, trouble);
  const place = Number(location.hash.slice(1)) - 1;
  go(Number.isInteger(place) && place >= 0 && place < clips.length ? place : 0, false);
  document.addEventListener("keydown", pressed);
  window.addEventListener("pagehide", saveComment);
  document.documentElement.dataset.ready = "yes";
  setTimeout(poll, POLL_MS);
  if (!reviewer) named();
}

start();
