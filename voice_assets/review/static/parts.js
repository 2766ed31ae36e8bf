// What the scripts of the review pages share: elements, buttons with a key, dialogs, the person's name, the key's letter.

export const NAME = "voice-assets reviewer"; // where the browser keeps the name

// element("p.soft", {title: "x"}, "text", child): an element with classes, attributes and children.
export function element(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export function button(label, key, action, kind = "") {
  // The focus leaves a clicked button: the space bar is for playing.
  const act = (event) => { if (event.detail) event.currentTarget.blur(); action(); };
  return element(`button${kind}`, { type: "button", onclick: act }, label, element("kbd", {}, key));
}

// Shows a dialog; resolves with true when the person confirms it.
export function confirmed(dialog, ready) {
  return new Promise((resolve) => {
    const form = dialog.querySelector("form");
    form.onsubmit = async (event) => {
      event.preventDefault();
      if (await ready()) dialog.close("yes");
    };
    dialog.returnValue = "";
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
    dialog.showModal();
  });
}

// The dialog that asks for the name of the person.
export function nameDialog(longest, note) {
  const input = element("input", { id: "name", maxlength: longest, autocomplete: "name", required: "", autofocus: "" });
  const dialog = element("dialog", { "aria-labelledby": "name-title" }, element("form", {},
    element("h2", { id: "name-title" }, "Who listens?"),
    element("p.soft", {}, note),
    element("label", { for: "name" }, "Name"), input,
    element("div.row", {}, element("button.primary", { type: "submit" }, "Start", element("kbd", {}, "⏎"))),
  ));
  return { dialog, input };
}

// A name as the server takes it: one line, no control characters.
export function plainName(text) {
  return text.replace(/\p{C}/gu, "").trim().replace(/\s+/g, " ");
}

const LATIN = /^[a-z]$/;

export function letter(event) {
  const key = event.key.toLowerCase();
  // On a Russian or a Greek keyboard the key with the place of G counts as g.
  return LATIN.test(key) || !event.code.startsWith("Key") ? key : event.code.slice(3).toLowerCase();
}
