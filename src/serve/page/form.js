// SPDX-License-Identifier: BSD-2-Clause
// The form of a new test. It knows no option: all are from the schema of the API, which is made from the program's table
// of options.
const byId = (id) => document.getElementById(id);

/** Names a field for itself: "pkt_size" is "pkt size". */
const words = (key) => key.replaceAll("_", " ");

function defaultOf(schema) {
  return (schema.$comment ?? "").replace(/^default: /, "");
}

export class Form {
  constructor(openapi, onChange) {
    this.schemas = openapi.components.schemas;
    this.kept = {}; // what the form cannot show: streams and ports
    this.onChange = onChange;
    for (const { $ref } of this.schemas.test.oneOf) {
      const name = $ref.split("/").pop();
      byId("command").append(new Option(name, name));
    }
    byId("command").addEventListener("change", () => {
      this.kept = {};
      this.show(this.values());
    });
    byId("find").addEventListener("input", () => this.find());
    byId("options").addEventListener("input", () => this.changed());
    this.show({});
  }

  /** Options that a client may give, of the command chosen. */
  options() {
    const { properties } = this.schemas[byId("command").value];
    return Object.entries(properties).filter(([key, schema]) =>
      schema["x-group"] !== undefined && schema.type !== "array" && !schema.readOnly && !schema["x-local"]);
  }

  show(values) {
    const groups = new Map();
    this.fields = new Map();
    for (const [key, schema] of this.options()) {
      const group = schema["x-group"] || "Test";
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(this.field(key, schema, values[key]));
    }
    byId("options").replaceChildren(...[...groups].map(([name, fields]) => {
      const details = document.createElement("details");
      const summary = document.createElement("summary");
      summary.append(name, document.createElement("small"));
      const grid = document.createElement("div");
      grid.className = "fields";
      grid.append(...fields);
      details.append(summary, grid);
      return details;
    }));
    this.changed();
    this.find();
  }

  field(key, schema, value) {
    const box = document.createElement("div");
    const label = document.createElement("label");
    const one = schema.anyOf ? schema.anyOf[0] : schema;
    const hint = document.createElement("small");
    const about = schema.description ?? "";
    const many = schema.anyOf !== undefined;
    hint.textContent = about + (many ? "; several: with spaces between" : "");
    hint.id = `about-${key}`;
    const input = document.createElement(one.enum ? "select" : "input");
    input.id = `option-${key}`;
    input.setAttribute("aria-describedby", hint.id);
    label.htmlFor = input.id;
    if (one.type === "boolean") {
      input.type = "checkbox";
      input.checked = value === true;
      label.className = "check";
      label.append(input, words(key));
      box.append(label, hint);
    } else {
      label.textContent = words(key);
      if (one.enum) {
        input.append(new Option(`default: ${defaultOf(schema) || "none"}`, ""), ...one.enum.map((each) => new Option(each, each)));
      } else {
        input.placeholder = defaultOf(schema);
        input.autocomplete = "off";
        input.spellcheck = false;
        if (about.startsWith("INTERFACE")) input.setAttribute("list", "interface-names");
      }
      input.value = Array.isArray(value) ? value.join(" ") : value ?? "";
      box.append(label, input, hint);
    }
    this.fields.set(key, { box, input, many });
    return box;
  }

  /** Of the fields that are set, without those of another command. */
  values() {
    const out = {};
    for (const [key, { input, many }] of this.fields) {
      const text = input.value.trim();
      if (input.type === "checkbox") {
        if (input.checked) out[key] = true;
      } else if (text) {
        const parts = many ? text.split(/\s+/) : [text];
        out[key] = parts.length > 1 ? parts : parts[0];
      }
    }
    return out;
  }

  test() {
    return { command: byId("command").value, ...this.values(), ...this.kept };
  }

  /** Fills in a test that was made before. */
  use(test) {
    byId("command").value = test.command;
    this.kept = {};
    for (const key of ["streams", "ports"]) if (test[key]) this.kept[key] = test[key];
    this.show(test);
  }

  changed() {
    for (const details of byId("options").children) {
      const set = [...this.fields.values()].filter(({ box, input }) =>
        details.contains(box) && (input.type === "checkbox" ? input.checked : input.value.trim() !== ""));
      details.querySelector("small").textContent = set.length ? `${set.length} set` : "";
    }
    for (const { box, input } of this.fields.values())
      box.classList.toggle("set", input.type === "checkbox" ? input.checked : input.value.trim() !== "");
    byId("profile").textContent = JSON.stringify(this.test(), null, 2);
    this.onChange();
  }

  /** Hides what does not match, and opens what does. */
  find() {
    const wanted = byId("find").value.trim().toLowerCase();
    for (const details of byId("options").children) {
      let any = false;
      for (const { box } of this.fields.values()) {
        if (!details.contains(box)) continue;
        box.hidden = wanted !== "" && !box.textContent.toLowerCase().includes(wanted);
        any ||= !box.hidden;
      }
      details.hidden = !any;
      details.open = wanted ? any : !details.previousSibling || details.querySelector(".set") !== null;
    }
  }
}
