"use strict";

// The page talks to its own server only: Data API commands below /v1, and what the Data
// API has no command for below /explorer/. Documents are shown as text, never as HTML.

const PAGE_TEXT = "text";
const STREAM = "_ab_stream";
const SHOWN = { _id: 1, text: 1, [STREAM]: 1, $vectorize: 1, $lexical: 1 };
const COLOURS = ["#3b6fd4", "#d4593b", "#2f9e69", "#a356c9", "#c58a12", "#1a9cb0", "#c4417f", "#7a7f2b"];

const state = { about: {}, keyspace: "", collection: "", options: {}, tab: "documents", pages: [null], next: null, points: [] };

const $ = (id) => document.getElementById(id);

function element(name, properties, ...children) {
  const e = Object.assign(document.createElement(name), properties);
  e.append(...children);
  return e;
}

// post sends JSON and returns the decoded answer; every problem is an Error.
async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  const token = sessionStorage.getItem("token");
  headers.Token = token || "any";
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  $("login").hidden = response.status !== 401 && !token;
  const text = await response.text();
  if (!text.startsWith("{")) throw new Error(text || "HTTP " + response.status);
  const answer = JSON.parse(text);
  if (answer.errors) throw new Error(answer.errors.map((e) => e.errorCode + ": " + e.message).join("\n\n"));
  return answer;
}

const command = (body, ...path) => post(["/v1", ...path.map(encodeURIComponent)].join("/"), body);
const here = (body) => command(body, state.keyspace, state.collection);

// attempt runs an action and shows its error instead of throwing it.
async function attempt(action) {
  $("message").hidden = true;
  try {
    await action();
  } catch (error) {
    $("message").textContent = error.message;
    $("message").hidden = false;
  }
}

async function start() {
  state.about = await post("/explorer/about", {});
  $("backend").textContent = "Answers as " + state.about.backend +
    (state.about.embedder ? ", with an embedder" : ", without an embedder");
  await listCollections();
  const [keyspace, collection, tab] = location.hash.slice(1).split("/").map(decodeURIComponent);
  if (collection) await open(keyspace, collection, tab || "documents");
}

async function listCollections() {
  const list = $("collections");
  list.replaceChildren();
  const { status } = await command({ findKeyspaces: {} });
  for (const keyspace of status.keyspaces.filter((name) => !name.startsWith("system"))) {
    list.append(element("h2", { textContent: keyspace }));
    const found = await command({ findCollections: { options: { explain: true } } }, keyspace);
    for (const { name } of found.status.collections) {
      const counted = await command({ estimatedDocumentCount: {} }, keyspace, name);
      const count = element("span", { textContent: counted.status.count.toLocaleString() });
      const button = element("button", { onclick: () => attempt(() => open(keyspace, name, state.tab)) }, name, count);
      button.dataset.collection = keyspace + "/" + name;
      list.append(button);
    }
    if (!found.status.collections.length) list.append(element("p", { textContent: "No collections yet." }));
  }
}

async function open(keyspace, name, tab) {
  const { status } = await command({ findCollections: { options: { explain: true } } }, keyspace);
  const found = status.collections.find((c) => c.name === name);
  if (!found) throw new Error("There is no collection " + name + " in " + keyspace + ".");
  Object.assign(state, { keyspace, collection: name, options: found.options, pages: [null], next: null, points: [] });
  for (const button of document.querySelectorAll("nav button[data-collection]")) {
    button.toggleAttribute("aria-current", button.dataset.collection === keyspace + "/" + name);
  }
  $("welcome").hidden = true;
  $("collection").hidden = false;
  $("detail").hidden = true;
  $("title").textContent = name;
  $("filter-text").value = "";
  $("hits").replaceChildren();
  showSettings();
  showModes();
  await show(tab);
}

function showSettings() {
  const { vector, indexing, lexical, rerank, defaultId } = state.options;
  const facts = [];
  if (vector) facts.push(vector.dimension + " dimensions", vector.metric, "source model " + vector.sourceModel);
  else facts.push("no vectors");
  if (vector?.service) facts.push("embedded by " + vector.service.provider);
  if (indexing?.deny) facts.push("not indexed: " + indexing.deny.join(", "));
  if (indexing?.allow) facts.push("indexed: " + indexing.allow.join(", "));
  facts.push(lexical?.enabled ? "lexical search" : "no lexical search");
  if (rerank?.enabled) facts.push("reranking");
  if (defaultId) facts.push("default _id " + defaultId.type);
  $("settings").replaceChildren(...facts.map((textContent) => element("li", { textContent })));
}

async function show(tab) {
  state.tab = tab;
  location.replace("#" + [state.keyspace, state.collection, tab].map(encodeURIComponent).join("/"));
  for (const button of $("tabs").children) button.ariaSelected = String(button.dataset.tab === tab);
  for (const pane of document.querySelectorAll(".pane")) pane.hidden = pane.id !== tab;
  if (tab === "documents") await showPage();
  if (tab === "map") await showMap();
}

// Documents

async function showPage() {
  const typed = $("filter-text").value.trim();
  const filter = typed ? JSON.parse(typed) : {};
  const pageState = state.pages.at(-1);
  const { data } = await here({ find: { filter, projection: SHOWN, options: pageState ? { pageState } : {} } });
  state.next = data.nextPageState;
  $("rows").replaceChildren(...data.documents.map((d) => row(d)));
  if (!data.documents.length) $("rows").append(element("p", { textContent: "No documents here." }));
  $("page").textContent = "Page " + state.pages.length;
  $("back").disabled = state.pages.length === 1;
  $("next").disabled = !state.next;
}

const excerpt = (d) => d[PAGE_TEXT] ?? d.$vectorize ?? d.$lexical ?? "";
// shown is any JSON value as a text. String() would call a toString that came with the data.
const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function row(d, score) {
  const first = score ?? element("span", { className: "id", textContent: shown(d._id) });
  return element("button", { className: score ? "row hit" : "row", title: shown(d._id), onclick: () => attempt(() => inspect(d._id)) },
    first,
    element("span", { className: "stream", textContent: shown(d[STREAM] ?? "") }),
    element("span", { textContent: shown(excerpt(d)) }));
}

async function inspect(id) {
  const { data } = await here({ findOne: { filter: { _id: id } } });
  if (!data.document) throw new Error("The document is gone.");
  $("detail").hidden = false;
  $("detail-title").textContent = shown(id);
  $("detail-json").textContent = JSON.stringify(data.document, null, 2);
  $("similar").hidden = !state.options.vector;
  $("similar").onclick = () => attempt(async () => {
    await show("search");
    $("mode").value = "document";
    showHint();
    $("query-text").value = JSON.stringify(id);
    await search();
  });
}

// Search

// modes are the ways to search that this collection and this server have.
function modes() {
  const list = [];
  if (state.options.vector && state.about.embedder) list.push(["text", "text", "Any text: its vector is searched for."]);
  if (state.options.lexical?.enabled) list.push(["words", "words", "Words of the documents' $lexical field."]);
  if (state.options.vector) {
    list.push(["document", "similarity to a document", "The _id of a stored document, as JSON or plain."]);
    list.push(["vector", "vector", "An array of " + state.options.vector.dimension + " numbers."]);
  }
  return list;
}

function showModes() {
  $("mode").replaceChildren(...modes().map(([value, textContent]) => element("option", { value, textContent })));
  showHint();
}

function showHint() {
  const mode = modes().find(([value]) => value === $("mode").value);
  $("hint").textContent = mode ? mode[2] : "This collection has neither vectors nor lexical search.";
}

// sortFor turns what was typed into a sort clause.
async function sortFor(mode, typed) {
  if (mode === "words") return { $lexical: typed };
  if (mode === "vector") return { $vector: JSON.parse(typed) };
  if (mode === "text") return { $vector: (await post("/explorer/embed", { text: typed })).vector };
  let id = typed;
  try { id = JSON.parse(typed); } catch { /* a plain string */ }
  const { data } = await here({ findOne: { filter: { _id: id }, projection: { $vector: 1 } } });
  if (!data.document?.$vector) throw new Error("There is no document " + shown(id) + " with a vector.");
  return { $vector: data.document.$vector };
}

async function search() {
  const typed = $("query-text").value.trim();
  if (!typed) return;
  const sort = await sortFor($("mode").value, typed);
  const { data } = await here({ find: { sort, projection: SHOWN, options: { limit: 20, includeSimilarity: "$vector" in sort } } });
  $("hits").replaceChildren(...data.documents.map((d, i) => row(d, scoreOf(d.$similarity, i))));
  if (!data.documents.length) $("hits").append(element("p", { textContent: "Nothing was found." }));
}

function scoreOf(similarity, position) {
  if (similarity === undefined) return element("span", { className: "score", textContent: "#" + (position + 1) });
  return element("span", { className: "score", textContent: similarity.toFixed(4) },
    element("progress", { max: 1, value: similarity }));
}

// Map

async function showMap() {
  if (!state.options.vector) {
    $("map-note").textContent = "This collection has no vectors.";
    return;
  }
  const answer = await post("/explorer/map", { keyspace: state.keyspace, collection: state.collection });
  state.points = answer.points;
  const drawn = answer.points.length.toLocaleString();
  $("map-note").textContent = answer.total > answer.points.length
    ? drawn + " of " + answer.total.toLocaleString() + " vectors, evenly chosen, on the two axes in which they differ most."
    : drawn + " vectors on the two axes in which they differ most.";
  const streams = [...new Set(state.points.map((p) => p.stream))].sort();
  state.colours = new Map(streams.map((s, i) => [s, COLOURS[i % COLOURS.length]]));
  $("legend").replaceChildren(...streams.map((s) => element("li", {}, dotOf(state.colours.get(s)), s || "no stream")));
  draw();
}

function dotOf(colour) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const circle = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  for (const [name, v] of Object.entries({ cx: 6, cy: 6, r: 5, fill: colour })) circle.setAttribute(name, v);
  svg.setAttribute("viewBox", "0 0 12 12");
  svg.append(circle);
  return svg;
}

// place gives each point its pixel; both axes have the same scale.
function place(width, height) {
  const margin = 24;
  const range = (axis) => {
    let low = Infinity, high = -Infinity;
    for (const p of state.points) { low = Math.min(low, p[axis]); high = Math.max(high, p[axis]); }
    return { middle: (low + high) / 2, span: high - low };
  };
  const x = range("x"), y = range("y");
  const scale = Math.min((width - 2 * margin) / (x.span || 1), (height - 2 * margin) / (y.span || 1));
  for (const p of state.points) {
    p.left = width / 2 + (p.x - x.middle) * scale;
    p.top = height / 2 - (p.y - y.middle) * scale;
  }
}

function draw() {
  const canvas = $("canvas"), ratio = devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  if (!width || !state.points.length) return;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  place(width, height);
  const paint = canvas.getContext("2d");
  paint.scale(ratio, ratio);
  paint.globalAlpha = 0.75;
  for (const p of state.points) {
    paint.fillStyle = state.colours.get(p.stream);
    paint.beginPath();
    paint.arc(p.left, p.top, state.points.length > 500 ? 3 : 5, 0, 2 * Math.PI);
    paint.fill();
  }
  canvas.dataset.drawn = state.points.length;
}

function pointAt(event) {
  const box = $("canvas").getBoundingClientRect();
  const x = event.clientX - box.left, y = event.clientY - box.top;
  let best = null, nearest = 100;
  for (const p of state.points) {
    const distance = (p.left - x) ** 2 + (p.top - y) ** 2;
    if (distance < nearest) { best = p; nearest = distance; }
  }
  return best;
}

function hover(event) {
  const p = pointAt(event);
  $("tip").hidden = !p;
  if (!p) return;
  $("tip").textContent = (p.stream ? p.stream + ": " : "") + (p.text || p.id);
  const flip = p.left > $("chart").clientWidth / 2;
  $("tip").style.left = flip ? "" : p.left + 12 + "px";
  $("tip").style.right = flip ? $("chart").clientWidth - p.left + 12 + "px" : "";
  $("tip").style.top = p.top + "px";
}

// Events

const on = (id, event, action) => $(id).addEventListener(event, (e) => {
  if (event === "submit") e.preventDefault();
  attempt(() => action(e));
});

on("login", "submit", async () => {
  sessionStorage.setItem("token", $("token").value);
  await start();
});
on("filter", "submit", async () => {
  state.pages = [null];
  await showPage();
});
on("next", "click", async () => {
  state.pages.push(state.next);
  await showPage();
});
on("back", "click", async () => {
  state.pages.pop();
  await showPage();
});
on("query", "submit", search);
on("mode", "change", showHint);
on("close", "click", () => { $("detail").hidden = true; });
on("canvas", "mousemove", hover);
on("canvas", "mouseleave", () => { $("tip").hidden = true; });
on("canvas", "click", async (e) => {
  const p = pointAt(e);
  if (p) await inspect(JSON.parse(p.id));
});
for (const button of $("tabs").children) {
  button.addEventListener("click", () => attempt(() => show(button.dataset.tab)));
}
new ResizeObserver(draw).observe($("chart"));
attempt(start);
