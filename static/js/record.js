// The record while it is written: blocks are saved as one types and kept on this device until the server has them,
// others' changes come in every few seconds and never touch the block that is being typed. Without this file each
// block is a form of its own.
const root = document.querySelector("[data-record]");
const { record, person, save, news } = root.dataset;
const PAUSE = 900, LONGEST = 5000, ASK = 4000, PATIENCE = 15000, REST = 20 * 60000, FRESH = 12 * 3600000, MOST = 20000;
const ZERO = "00000000-0000-0000-0000-000000000000";
const said = (word, names = {}) => {
  const text = root.querySelector("[data-said]").content.querySelector(`[data-say="${word}"]`).textContent;
  return text.replace(/\{(\w+)\}/g, (_, name) => names[name] ?? "");
};
const uuid = () =>
  ZERO.replace(/0/g, (_, place) => {
    const dice = crypto.getRandomValues(new Uint8Array(1))[0];
    return (place === 14 ? 4 : place === 19 ? 8 + (dice % 4) : dice % 16).toString(16);
  });
const blocks = new Map();
let cursor = root.dataset.cursor, offline = false, item = "", lastInput = Date.now(), open = true, asking = false;

const announce = (text) => { root.querySelector("[data-live]").textContent = text; };
const trouble = (text, label, address) => {
  const place = root.querySelector("[data-trouble]");
  place.hidden = !text;
  place.textContent = text;
  if (!label) return;
  const link = document.createElement("a");
  link.className = "iwg-btn";
  link.href = address;
  link.textContent = label;
  place.append(" ", link);
};
const connected = (yes) => {
  if (yes !== offline) return;
  offline = !yes;
  trouble(offline ? said("offline") : "");
  announce(said(offline ? "offline" : "online"));
};

async function send(address, values, keepalive = false) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), PATIENCE);
  try {
    const token = root.querySelector("[name=csrfmiddlewaretoken]").value;
    const body = new URLSearchParams([["csrfmiddlewaretoken", token], ...values]);
    const reply = await fetch(address, {
      method: "POST", body, keepalive, signal: abort.signal, credentials: "same-origin", redirect: "manual",
      headers: { Accept: "application/json", "HX-Request": "true" },
    });
    const onward = reply.headers.get("HX-Redirect");
    if (onward) return { outcome: "ended", onward };
    if (reply.type === "opaqueredirect" || [403, 404].includes(reply.status)) return { outcome: "stale" };
    if (!reply.headers.get("Content-Type")?.includes("json")) return { outcome: reply.status === 413 ? "invalid" : "failed", words: [], keep: true };
    return await reply.json();
  } catch {
    return { outcome: "failed" };
  } finally {
    clearTimeout(timer);
  }
}

// -- Drafts: one entry of localStorage per person and block, gone with the receipt -------------------------------------
const keyOf = (id) => `record:${person}:${record}:${id}`;
function keep(block) {
  const draft = {
    text: block.field.value, base: block.base, kind: block.kind, item: block.item, after: block.after,
    sent: block.sent, said: block.speaker(), at: Date.now(),
  };
  try {
    localStorage.setItem(keyOf(block.id), JSON.stringify(draft));
  } catch { /* full, or forbidden: the field still holds it */ }
}
const forget = (id) => { try { localStorage.removeItem(keyOf(id)); } catch { /* forbidden */ } };

class Block {
  constructor(element) {
    this.element = element;
    this.id = element.dataset.block;
    this.kind = element.dataset.kind;
    this.item = element.closest("[data-item]").dataset.item;
    this.base = Number(element.dataset.version);
    this.field = element.querySelector("textarea");
    this.form = element.querySelector("form");
    this.saved = this.field.value;
    this.heard = this.speaker();
    this.wait = 0;
    this.after = "";
    this.liftable = this.kind === "action" && this.saved.includes("@");
    blocks.set(this.id, this);
    this.field.addEventListener("input", () => this.typed());
    element.addEventListener("focusin", () => { item = this.item; });
    element.addEventListener("focusout", (event) => {
      if (event.target === this.field || event.target.name === "said_by") this.left();
      if (!element.contains(event.relatedTarget) && this.empty) this.vanish();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.pressed(event.submitter);
    });
  }
  part(name) { return this.element.querySelector(`[data-${name}]`); }
  speaker() { return this.form.elements.said_by.value; }
  get dirty() { return this.field.value !== this.saved || this.speaker() !== this.heard; }
  get empty() { return !this.field.value.trim() && !this.base && !this.sent; }
  get busy() { return this.element.contains(document.activeElement); }
  receipt(text) { this.part("receipt").textContent = text; }
  complain(words) {
    const place = this.part("words");
    place.hidden = !words?.length;
    place.textContent = words?.join(" ") ?? "";
    if (words?.length) announce(place.textContent);
  }
  typed() {
    lastInput = Date.now();
    this.refused = false;
    if (this.dirty) keep(this);
    this.receipt(said(offline ? "local" : "typing"));
    this.first ??= Date.now();
    if (this.parked || this.wait) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), Math.max(0, Math.min(PAUSE, this.first + LONGEST - Date.now())));
  }
  left() {
    if (this.dirty || this.liftable) return this.flush({ lift: true });
    if (this.waiting?.version > this.base) this.take(this.waiting);
  }
  vanish() {
    forget(this.id);
    blocks.delete(this.id);
    this.element.remove();
  }
  async pressed(button) {
    if (button?.name === "drop") return this.flush({ lift: true, more: [["drop", button.value]] });
    if (button?.name === "revive") return this.flush({ lift: true, more: [["revive", "1"]] });
    if (!button || button.value === "save") return this.flush({ lift: true });
    if (this.dirty) await this.flush({ lift: true });
    if (this.dirty) return;
    const answer = await send(save, [
      ["block", this.id], ["base", this.base], ["client_id", uuid()], ["kind", this.kind], ["text", this.field.value],
      ["do", button.value],
    ]);
    if (answer.outcome === "failed") return connected(false);
    this.complain(answer.words);
    if (answer.outcome !== "saved") return;
    this.base = answer.version;
    this.receipt(answer.receipt);
    if (button.value === "remove") {
      const next = this.element.nextElementSibling ?? this.element.previousElementSibling;
      this.vanish();
      blocks.get(next?.dataset.block)?.field.focus();
    }
    this.moving = true;
    await ask();
    this.moving = false;
  }
  // One save at a time; what is on its way is sent again exactly as it was until there is a receipt for it.
  async flush({ lift = false, more = [], keepalive = false } = {}) {
    clearTimeout(this.timer);
    if (this.sending) {
      this.again = { lift: lift || this.again?.lift, more: [...(this.again?.more ?? []), ...more] };
      return this.sending;
    }
    if (!this.sent) {
      const text = this.field.value;
      if (!this.dirty && !more.length && !(lift && this.liftable)) return;
      if (!this.base && !text.trim()) return;
      if ([...text].length > MOST) {
        this.refused = true;
        return this.complain([said("long", { size: [...text].length })]);
      }
      if (this.refused && !more.length) return;
      this.sent = {
        text, said: this.speaker(), fresh: !this.base,
        values: [
          ["block", this.id], ["base", this.base], ["client_id", uuid()], ["kind", this.kind], ["item", this.item],
          ["after", this.after], ["text", text], ["said_by", this.speaker()], ...(lift ? [["lift", "1"]] : []), ...more,
        ],
      };
    }
    this.first = undefined;
    keep(this);
    this.receipt(said("saving"));
    this.sending = this.go(keepalive);
    await this.sending;
  }
  async go(keepalive) {
    const { sent } = this;
    const answer = await send(save, sent.values, keepalive);
    this.sending = undefined;
    const next = this.again;
    this.again = undefined;
    if (answer.outcome === "failed") {
      this.receipt(said("local"));
      connected(false);
      this.wait = Math.min(30, this.wait * 2 || 1);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.flush(next), this.wait * 1000 * (0.8 + Math.random() * 0.4));
      return;
    }
    this.wait = 0;
    if (answer.outcome === "ended" || answer.outcome === "stale") {
      this.receipt(said("local"));
      this.sent = answer.outcome === "stale" ? sent : this.sent;
      // At the head with its way out, and at the block: whoever types on item 40 does not see the head.
      this.complain([said(answer.outcome)]);
      if (answer.outcome === "ended") trouble(said("ended"), said("again"), answer.onward);
      else trouble(said("stale"), said("reload"), location.href);
      open = false;
      return;
    }
    connected(true);
    this.sent = undefined;
    this.complain(answer.words);
    if (answer.outcome === "invalid") {
      this.refused = true;
      this.receipt("");
      if (answer.keep) keep(this); else forget(this.id);
      return;
    }
    if (answer.outcome === "parked") {
      this.parked = true;
      this.saved = sent.text;
      this.heard = sent.said;
      this.receipt("");
      this.part("revive").hidden = answer.reason !== "removed";
      if (this.dirty) keep(this); else forget(this.id);
      return;
    }
    const { waiting } = this;
    this.parked = false;
    this.part("revive").hidden = true;
    this.part("offer").hidden = true;
    this.waiting = undefined;
    this.heard = sent.said;
    if (this.field.value === sent.text) {
      this.show(answer.text);
      this.base = answer.version;
      this.saved = answer.text;
    } else {
      // She typed on meanwhile: what she types grew from exactly what was sent.
      this.base = answer.own;
      this.saved = sent.text;
    }
    this.element.dataset.version = this.base;
    this.liftable = this.kind === "action" && this.saved.includes("@");
    this.receipt(answer.receipt);
    if (this.kind === "action") this.chips(answer.chips);
    if (sent.fresh) ask();  // its number
    if (this.dirty) {
      keep(this);
      return this.flush(next ?? {});
    }
    forget(this.id);
    if (next?.more.length || (next?.lift && this.liftable)) return this.flush(next);
    if (waiting) this.changed(waiting);
  }
  // The text that stands, with the cursor where it was in the words around it.
  show(text) {
    const old = this.field.value;
    if (old === text) return;
    let { selectionStart: start, selectionEnd: end } = this.field;
    let head = 0;
    while (head < old.length && old[head] === text[head]) head++;
    const shift = (place) => (place <= head ? place : Math.max(head, place + text.length - old.length));
    [start, end] = [shift(start), shift(end)];
    this.field.value = text;
    if (document.activeElement === this.field) this.field.setSelectionRange(start, end);
  }
  chips(list, loud = true) {
    const make = (chip) => {
      const entry = document.createElement("li");
      const button = document.createElement("button");
      Object.assign(button, { className: "iwg-chip-drop", name: "drop", value: chip.value });
      const hint = Object.assign(document.createElement("span"), { className: "visually-hidden", textContent: said("drop") });
      button.append(`${chip.words} ×`, hint);
      entry.append(button);
      if (chip.doubt) entry.append(" ", Object.assign(document.createElement("span"), { className: "iwg-due", textContent: chip.doubt }));
      return entry;
    };
    this.part("chips").replaceChildren(...list.map(make));
    if (loud && list.length) announce(list.map((chip) => `${chip.words} ${chip.doubt}`).join(", "));
  }
  offer(title, text, choices = []) {
    const place = this.part("offer");
    const words = ["b", "p"].map((tag, number) => Object.assign(document.createElement(tag), { textContent: [title, text][number] }));
    place.replaceChildren(...words);
    for (const [label, action] of choices) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "iwg-btn", textContent: label });
      button.addEventListener("click", () => { place.hidden = true; action(); });
      place.append(button);
    }
    place.hidden = false;
  }
  changed(change) {
    if (change.version <= this.base) return false;
    if (this.dirty || this.parked || this.sent || document.activeElement === this.field) {
      this.waiting = change;
      if (!this.sent && change.text !== this.saved) this.offer(said("changed", { name: change.by }), change.text);
      return true;
    }
    this.take(change);
    return true;
  }
  take(change) {
    this.waiting = undefined;
    this.part("offer").hidden = true;
    this.show(change.text);
    this.form.elements.said_by.value = change.said_by;
    Object.assign(this, { base: change.version, saved: change.text, heard: change.said_by });
    this.liftable = this.kind === "action" && this.saved.includes("@");
    this.receipt(change.receipt);
    if (this.kind === "action") this.chips(change.chips, false);
  }
}
const parsed = (html) => document.createRange().createContextualFragment(html).querySelector("[data-block]");

// -- New blocks --------------------------------------------------------------------------------------------------------
function add(place, kind, { id = uuid(), after = null, focus = true } = {}) {
  const fresh = parsed(root.querySelector(`[data-pattern="${kind}"]`).innerHTML.replaceAll(ZERO, id));
  const list = place.querySelector("[data-blocks]");
  if (after && list.contains(after)) after.after(fresh); else list.append(fresh);
  const block = new Block(fresh);
  // The nearest block above that the server knows.
  let above = fresh.previousElementSibling;
  while (above && !blocks.get(above.dataset.block)?.base) above = above.previousElementSibling;
  block.after = above?.dataset.block ?? "";
  if (focus) {
    block.field.focus();
    fresh.scrollIntoView({ block: "nearest" });
  }
  return block;
}
for (const form of root.querySelectorAll("[data-add]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add(form.closest("[data-item]"), event.submitter?.value ?? "text");
  });
}
function here() {
  const focused = document.activeElement.closest?.("[data-item]");
  return focused ?? root.querySelector(`[data-item="${item}"]`) ?? root.querySelector("[data-item]");
}
document.addEventListener("keydown", (event) => {
  lastInput = Date.now();
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s") {
    event.preventDefault();
    blocks.get(document.activeElement.closest("[data-block]")?.dataset.block)?.flush({ lift: true });
  }
  if (!event.altKey || event.ctrlKey || event.metaKey) return;
  // On some keyboards Alt makes another letter: then the key counts by its place.
  const letter = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.replace("Key", "").toLowerCase();
  const kind = { d: "decision", a: "action", t: "text" }[letter];
  const place = here();
  if (!kind || !place) return;
  event.preventDefault();
  add(place, kind, { after: document.activeElement.closest("[data-block]") });
});

// -- What others do ----------------------------------------------------------------------------------------------------
const entry = (text) => Object.assign(document.createElement("li"), { textContent: text });
async function ask() {
  if (asking) return;
  asking = true;
  const answer = await send(news, [["since", cursor], ["item", item]]);
  asking = false;
  if (answer.outcome === "failed") return connected(false);
  if (answer.outcome === "ended") { open = false; return trouble(said("ended"), said("again"), answer.onward); }
  if (answer.outcome) { open = false; return trouble(said("stale"), said("reload"), location.href); }
  if (offline) {
    connected(true);
    for (const block of blocks.values()) if (block.wait) { block.wait = 0; block.flush(); }
  }
  cursor = answer.cursor;
  const list = document.querySelector("[data-here]");
  list.replaceChildren(...(answer.here.length ? answer.here : [said("alone")]).map(entry));
  if (!answer.open && open) {
    open = false;
    trouble(said("closed"));
    announce(said("closed"));
  } else if (answer.sign !== root.dataset.sign) trouble(said("agenda"), said("reload"), location.href);
  take(answer);
}
function take(answer) {
  let heard = "";
  for (const change of answer.blocks) {
    const known = blocks.get(change.id);
    const place = root.querySelector(`[data-item="${change.item}"]`);
    // Under another item, or of another kind: made anew there, unless somebody is in it just now.
    if (known && place && (known.item !== String(change.item) || known.kind !== change.kind) && change.version > known.base
      && !known.busy && !known.dirty && !known.sent && !known.parked) {
      known.vanish();
      const fresh = parsed(change.html);
      place.querySelector("[data-blocks]").append(fresh);
      new Block(fresh);
      heard = said("news", { name: change.by, number: change.number });
      continue;
    }
    if (known ? known.changed(change) : place) heard = said("news", { name: change.by, number: change.number });
    if (!known && place) {
      const fresh = parsed(change.html);
      place.querySelector("[data-blocks]").append(fresh);
      new Block(fresh);
    }
  }
  for (const gone of answer.gone) {
    const block = blocks.get(gone.id);
    if (!block || gone.version <= block.base || block.sending) continue;
    if (block.busy || block.dirty) block.offer(said("removed", { name: gone.by }), "");
    else block.vanish();
    heard = said("took", { name: gone.by });
  }
  for (const [number, order] of Object.entries(answer.order)) arrange(root.querySelector(`[data-item="${number}"] [data-blocks]`), order);
  if (heard) announce(heard);
}
// Into the order of the server, moving no more than must move: what has the focus keeps it.
function arrange(list, order) {
  if (!list) return;
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  let before = null;
  for (const [id, heading] of order) {
    const block = blocks.get(id);
    if (!block) continue;
    let wanted = before ? before.nextElementSibling : list.firstElementChild;
    while (wanted && wanted !== block.element && !blocks.get(wanted.dataset.block)?.base) wanted = wanted.nextElementSibling;
    if (wanted !== block.element && (block.moving || !block.element.contains(focused))) {
      list.insertBefore(block.element, wanted);
      if (block.element.contains(focused)) focused.focus();
    }
    if (heading) block.part("heading").textContent = heading;
    before = block.element;
  }
}

// -- Begin -------------------------------------------------------------------------------------------------------------
for (const element of root.querySelectorAll("[data-block]")) new Block(element);
root.dataset.alive = "";
function restore() {
  const prefix = keyOf("");
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith(prefix))) {
    let draft;
    try { draft = JSON.parse(localStorage.getItem(key)); } catch { continue; }
    const id = key.slice(prefix.length);
    const place = root.querySelector(`[data-item="${draft.item}"]`) ?? root.querySelector("[data-item]");
    if (!place) continue;
    const block = blocks.get(id) ?? add(place, draft.kind, { id, focus: false });
    if (block.field.value === draft.text && block.speaker() === draft.said) { forget(id); continue; }
    const use = () => {
      block.field.value = draft.text;
      block.form.elements.said_by.value = draft.said;
      Object.assign(block, { base: draft.base, sent: draft.sent, after: draft.after, saved: null });
      block.flush({ lift: true });
    };
    if (Date.now() - draft.at < FRESH) use();
    else block.offer(said("back"), draft.text, [[said("use"), use], [said("discard"), () => { forget(id); if (block.empty) block.vanish(); }]]);
  }
}
try { restore(); } catch { /* no storage in this browser */ }
setInterval(() => {
  if (!open || document.visibilityState !== "visible") return;
  // Asking keeps a session alive: whoever has gone away is not to stay signed in by it.
  if (Date.now() - lastInput < REST) ask();
  else document.querySelector("[data-here]").replaceChildren(entry(said("asleep")));
}, ASK);
addEventListener("online", () => {
  for (const block of blocks.values()) if (block.wait) { block.wait = 0; block.flush(); }
  ask();
});
addEventListener("offline", () => connected(false));
addEventListener("pointerdown", () => { lastInput = Date.now(); });
addEventListener("pagehide", () => {
  for (const block of blocks.values()) if (block.dirty) { keep(block); block.flush({ keepalive: true }); }
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") { lastInput = Date.now(); ask(); }
});
