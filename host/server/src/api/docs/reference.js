// Makes /openapi.json readable. Everything is set as text, never as HTML.
"use strict";

const KEY = "sandglass-token";
const message = document.getElementById("message");
const reference = document.getElementById("reference");

function element(name, options = {}, ...children) {
  const made = document.createElement(name);
  if (options.class) made.className = options.class;
  if (options.id) made.id = options.id;
  if (options.href) made.href = options.href;
  made.append(...children);
  return made;
}

// What a schema is, in a word or a link.
function kind(schema) {
  if (!schema) return "anything";
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return element("a", { href: `#schema-${name}` }, name);
  }
  const choices = schema.oneOf || schema.anyOf;
  if (choices) {
    const list = element("span");
    choices.forEach((choice, index) => list.append(index ? " or " : "", kind(choice)));
    return list;
  }
  if (schema.type === "array") return element("span", {}, "list of ", kind(schema.items));
  const types = Array.isArray(schema.type) ? schema.type.join(" or ") : schema.type || "anything";
  return schema.format ? `${types} (${schema.format})` : types;
}

function limits(schema) {
  const words = [
    ["minimum", "at least"], ["maximum", "at most"], ["minLength", "at least, characters:"],
    ["maxLength", "at most, characters:"], ["maxItems", "at most, items:"], ["default", "default"], ["example", "such as"],
  ];
  return words.filter(([word]) => schema && schema[word] !== undefined)
    .map(([word, text]) => `${text} ${JSON.stringify(schema[word])}`).join(", ");
}

function row(name, required, schema, description) {
  const more = [description || (schema && schema.description) || "", limits(schema)].filter(Boolean).join(" · ");
  return element("tr", {},
    element("td", {}, element("code", {}, name), required ? " *" : ""),
    element("td", {}, kind(schema)),
    element("td", { class: "quiet" }, more));
}

function table(rows) {
  return element("table", {}, element("tbody", {}, ...rows));
}

function content(part) {
  const list = element("span");
  Object.entries(part.content || {}).forEach(([type, { schema }], index) => {
    list.append(index ? ", " : "", kind(schema), ` (${type})`);
  });
  return list;
}

function operation(path, method, described) {
  const body = element("div");
  if (described.description && described.description !== described.summary) {
    body.append(element("p", {}, described.description));
  }
  if (described.parameters && described.parameters.length) {
    body.append(element("h3", {}, "Parameters"), table(described.parameters.map((parameter) =>
      row(`${parameter.name} (${parameter.in})`, parameter.required, parameter.schema, parameter.description))));
  }
  if (described.requestBody) body.append(element("h3", {}, "Body"), content(described.requestBody));
  body.append(element("h3", {}, "Answers"), table(Object.entries(described.responses || {}).map(([status, answer]) =>
    element("tr", {}, element("td", {}, element("code", {}, status)), element("td", {}, content(answer)),
      element("td", { class: "quiet" }, answer.description || "")))));
  return element("details", {}, element("summary", {},
    element("span", { class: "method" }, method.toUpperCase()), " ", element("code", {}, path), " ",
    element("span", { class: "quiet" }, described.summary || "")), body);
}

function schemaOf(name, schema) {
  const required = schema.required || [];
  const body = element("div", {}, element("p", { class: "quiet" }, schema.description || ""));
  const fields = Object.entries(schema.properties || {});
  if (fields.length) body.append(table(fields.map(([field, inner]) => row(field, required.includes(field), inner))));
  else body.append(kind(schema));
  return element("details", { id: `schema-${name}` }, element("summary", {}, element("code", {}, name)), body);
}

function show(api) {
  reference.replaceChildren(element("p", {}, api.info.description || ""));
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).filter(([, described]) => described && described.responses)
      .map(([method, described]) => ({ path, method, described })));
  for (const tag of api.tags || []) {
    reference.append(element("h2", {}, tag.description || tag.name));
    operations.filter(({ described }) => (described.tags || []).includes(tag.name))
      .forEach(({ path, method, described }) => reference.append(operation(path, method, described)));
  }
  reference.append(element("h2", {}, "Shapes"));
  Object.entries((api.components && api.components.schemas) || {})
    .forEach(([name, schema]) => reference.append(schemaOf(name, schema)));
  message.textContent = `Version ${api.info.version}. Fields with * are required.`;
}

async function load(token) {
  message.textContent = "Loading…";
  const answer = await fetch("/openapi.json", { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) {
    sessionStorage.removeItem(KEY);
    const problem = await answer.json().catch(() => ({}));
    message.textContent = problem.detail || `The server answered ${answer.status}.`;
    return;
  }
  sessionStorage.setItem(KEY, token);
  show(await answer.json());
}

function open() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target) {
    target.open = true;
    target.scrollIntoView();
  }
}

document.getElementById("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  load(document.getElementById("token").value.trim()).catch((error) => { message.textContent = String(error); });
});
addEventListener("hashchange", open);
const kept = sessionStorage.getItem(KEY);
if (kept) load(kept).then(open).catch((error) => { message.textContent = String(error); });
