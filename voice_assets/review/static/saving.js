// Keeps what a person says until the server has it on disk: in the page, and in the browser's storage.

const RETRY_MS = 3000;
const REFUSED = [400, 413, 415, 422];

export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// Ask the server; returns its JSON. Throws a Refusal with the server's words, or a TypeError when nothing answers.
export async function ask(url, body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(url, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body), keepalive: true });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(answer.status, content.error ?? `the server answered ${answer.status}`);
  return content;
}

export class Saver {
  // `onState` is given the server's state after each saved mark; `onTrouble` a message, or null when all is saved.
  constructor(base, version, onState, onTrouble) {
    Object.assign(this, { base, version, onState, onTrouble, running: null, timer: null });
    this.slot = `voice-assets unsaved ${base} ${version}`;
    try {
      this.waiting = JSON.parse(localStorage.getItem(this.slot)) ?? [];
    } catch {
      this.waiting = [];
    }
    if (this.waiting.length) this.flush();
  }

  // Returns true when the mark, and all before it, are on the server's disk.
  save(by, clip, changes) {
    this.waiting.push({ by, clip, changes });
    this.keep();
    return this.flush();
  }

  keep() {
    if (this.waiting.length) localStorage.setItem(this.slot, JSON.stringify(this.waiting));
    else localStorage.removeItem(this.slot);
  }

  flush() {
    clearTimeout(this.timer);
    this.running ??= this.sendAll().finally(() => (this.running = null));
    return this.running;
  }

  async sendAll() {
    while (this.waiting.length) {
      try {
        const state = await ask(`${this.base}/mark`, { data_version: this.version, ...this.waiting[0] });
        this.waiting.shift();
        this.keep();
        this.onState(state);
      } catch (error) {
        if (REFUSED.includes(error.status)) {
          this.waiting.shift(); // the server will never take this change: the others must not wait behind it
          this.keep();
          this.onTrouble(`Not saved, and dropped: ${error.message}`, false);
          return false;
        }
        this.onTrouble(this.described(error), error.status === 409);
        if (error.status !== 409) this.timer = setTimeout(() => this.flush(), RETRY_MS);
        return false;
      }
    }
    this.onTrouble(null, false);
    return true;
  }

  described(error) {
    const count = this.waiting.length === 1 ? "1 change is" : `${this.waiting.length} changes are`;
    const why = error instanceof Refusal ? error.message : "the server does not answer; is it still running?";
    return `Not saved: ${why} ${count} kept in this browser${error.status === 409 ? "." : ", and sent again every 3 seconds."}`;
  }
}
