// SPDX-License-Identifier: BSD-2-Clause
// The page of serve. Whatever the server says is put in as text, never as markup.
import { file, get, lines, post, Refusal, remove, token } from "./api.js";
import { Charts } from "./charts.js";
import { Form } from "./form.js";

const kLookMs = 1000;
const byId = (id) => document.getElementById(id);

let form, charts;
let shown = null; // id of the test in view
let following = new AbortController();
let looking = false, lookFailed = false;

function cell(...parts) {
  const td = document.createElement("td");
  td.append(...parts);
  return td;
}

/** A row of a table; on a phone each cell is shown with its column's name. */
function row(body, ...cells) {
  const tr = document.createElement("tr");
  tr.append(...cells);
  const names = byId(body).parentNode.querySelectorAll("th");
  cells.forEach((each, i) => {
    if (names[i].textContent) each.dataset.label = names[i].textContent;
  });
  return tr;
}

function button(text, about, key, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", `${text} ${about}`);
  made.dataset.key = `${text} ${key}`;
  made.addEventListener("click", act);
  return made;
}

/** Shows what went wrong there; without the right token, asks for one. */
function complain(error, place) {
  if (!(error instanceof Refusal)) throw error;
  if (error.status === 401) return askForToken(token.get() ? error.message : "");
  byId(place).textContent = error.message;
}

/** Runs what an event asks for, and says beside the place what came of it. */
const guarded = (place, act) => async (event) => {
  event?.preventDefault();
  byId(place).textContent = "";
  try {
    await act(event);
  } catch (error) {
    complain(error, place);
  }
};

function askForToken(why) {
  token.forget();
  byId("trouble").textContent = why;
  byId("main").hidden = byId("sign-out").hidden = true;
  byId("sign-in").hidden = false;
  byId("token").value = "";
  byId("token").focus();
}

function ago(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3600)} h ago`;
}

function speed(bits) {
  if (!bits) return "unknown";
  return bits >= 1e9 ? `${bits / 1e9} Gbit/s` : `${bits / 1e6} Mbit/s`;
}

function showInterfaces(answer) {
  byId("host").textContent = answer.hostname;
  document.title = `${answer.hostname}: xdp-trafficgen`;
  byId("interfaces").replaceChildren(...answer.interfaces.map((each) =>
    row("interfaces", cell(each.name), cell(each.carrier ? "up" : each.up ? "no carrier" : "down"), cell(each.addresses.join(", ")),
      cell(each.driver), cell(speed(each.speed_bits_per_second)), cell(String(each.mtu)))));
  byId("interface-names").replaceChildren(...answer.interfaces.map((each) => new Option(each.name, each.name)));
  const { rate, duration, packets } = answer.ceilings;
  byId("ceilings").textContent = `At most ${rate} and ${duration} a test` + (packets ? `, ${packets} packets.` : ".");
}

function stateText(test) {
  if (test.state === "waiting") return `waiting, place ${test.position}`;
  return test.error ? `${test.state}: ${test.error}` : test.state;
}

const isOver = (test) => test.state === "done" || test.state === "failed";

function showTests(tests) {
  const list = tests.reverse();
  byId("no-results").hidden = list.length > 0;
  byId("results-table").hidden = list.length === 0;
  const focused = document.activeElement?.dataset.key; // the buttons are made anew
  byId("results").replaceChildren(...list.map((test) => {
    const about = `${test.command} of ${ago(test.age_seconds)}`;
    const show = button("Show", about, test.id, () => view(test));
    const forget = button("Forget", about, test.id, guarded("trouble", async () => {
      await remove(`/v1/tests/${test.id}`);
      await look();
    }));
    forget.hidden = !isOver(test);
    const age = cell(ago(test.age_seconds));
    age.className = "number";
    const actions = document.createElement("div");
    actions.className = "actions";
    actions.append(show, forget);
    const tr = row("results", cell(test.command), cell(stateText(test)), cell(test.interfaces.join(", ")), cell(test.client), age,
      cell(actions));
    tr.className = test.id === shown ? "chosen" : "";
    tr.dataset.test = test.id;
    return tr;
  }));
  if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  const test = list.find((each) => each.id === shown);
  byId("shown").hidden = !test;
  if (test) showState(test);
  else shown = null;
}

function showState(test) {
  byId("shown-title").textContent = `Test: ${test.command} on ${test.interfaces.join(", ")}`;
  // Read out when it changes, unlike the time that is left.
  if (byId("state").textContent !== stateText(test)) byId("state").textContent = stateText(test);
  byId("left").textContent = test.state === "running" ? `${Math.ceil(test.seconds_left)} s left at most` : "";
  byId("stop").hidden = isOver(test);
  byId("json").disabled = byId("report").disabled = !isOver(test);
  byId("again").onclick = () => {
    form.use(test.test);
    byId("command").focus();
  };
}

function showResult({ figures, verdict }) {
  byId("verdict").hidden = false;
  byId("verdict").className = `verdict ${verdict.good ? "good" : ""}${verdict.bad ? "bad" : ""}`;
  const title = document.createElement("strong");
  title.textContent = verdict.title;
  const details = document.createElement("ul");
  for (const text of verdict.details) details.append(Object.assign(document.createElement("li"), { textContent: text }));
  byId("verdict").replaceChildren(title, ...(verdict.details.length ? [details] : []));
  byId("figures").replaceChildren(...figures.map(({ label, text }) => {
    const item = document.createElement("li");
    const value = document.createElement("b");
    value.textContent = text;
    const name = document.createElement("span");
    name.textContent = label;
    item.append(value, name);
    return item;
  }));
}

/** Follows a test to its end, or until another is chosen. */
async function view(test) {
  const id = (shown = test.id);
  following.abort();
  const { signal } = (following = new AbortController());
  charts.clear();
  byId("figures").replaceChildren();
  byId("verdict").hidden = true;
  byId("shown").hidden = false;
  showState(test);
  byId("shown-title").focus();
  await guarded("trouble", async () => {
    await lines(`/v1/tests/${id}/charts`, signal, (value) => {
      charts.take(value.charts);
      if (value.verdict) showResult(value);
    });
    await look();
  })();
}

/** Tests and interfaces as they are now. */
async function look() {
  const [{ tests }, interfaces] = await Promise.all([get("/v1/tests"), get("/v1/interfaces")]);
  showInterfaces(interfaces);
  showTests(tests);
}

async function keepLooking() {
  if (looking) return;
  looking = true;
  while (!byId("main").hidden) {
    try {
      if (!document.hidden) {
        await look();
        if (lookFailed) byId("trouble").textContent = "";
        lookFailed = false;
      }
    } catch (error) {
      lookFailed = true;
      complain(error, "trouble");
    }
    await new Promise((done) => setTimeout(done, kLookMs));
  }
  looking = false;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function begin() {
  const health = await get("/v1/health");
  byId("version").textContent = `xdp-trafficgen ${health.version}`;
  const openapi = await get("/v1/openapi.json");
  byId("sign-in").hidden = true;
  byId("main").hidden = false;
  byId("sign-out").hidden = token.get() === "";
  form ??= new Form(openapi, () => (byId("refusal").textContent = ""));
  charts ??= new Charts(byId("charts"));
  await look();
  keepLooking();
}

byId("sign-in").addEventListener("submit", guarded("trouble", () => {
  token.set(byId("token").value.trim());
  return begin();
}));
byId("sign-out").addEventListener("click", () => askForToken(""));
byId("new").addEventListener("submit", guarded("refusal", async () => {
  byId("start").disabled = true;
  try {
    view(await post(`/v1/tests?wait=${byId("wait").checked}`, form.test()));
    await look();
  } finally {
    byId("start").disabled = false;
  }
}));
byId("stop").addEventListener("click", guarded("trouble", () => remove(`/v1/tests/${shown}?keep=true`)));
byId("json").addEventListener("click", guarded("trouble", async () => {
  save(await file(`/v1/tests/${shown}/result`), `${shown}.json`);
}));
byId("report").addEventListener("click", guarded("trouble", async () => {
  save(await file(`/v1/tests/${shown}/report`), `${shown}.html`);
}));
guarded("trouble", begin)();
