// SPDX-License-Identifier: BSD-2-Clause
// Charts that grow: the server says which there are, dygraphs draws them.
/* global Dygraph */
const kMostPoints = 3600;
// Its legend has styles within its markup, which the page's policy forbids; the page has a legend of its own.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

const prefixes = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

function inUnit(value, unit) {
  if (value === null || value === undefined) return "n/a";
  const digits = (number) => (number === 0 ? "0" : String(Number(number.toPrecision(4))));
  if (unit === "microseconds") {
    if (value >= 1e6) return digits(value / 1e6) + " s";
    return value >= 1e3 ? digits(value / 1e3) + " ms" : digits(value) + " µs";
  }
  const suffix = { "per second": "pps", "bits per second": "bit/s", percent: "%", seconds: "s" }[unit] ?? "";
  for (const [size, prefix] of prefixes)
    if (Math.abs(value) >= size) return `${digits(value / size)} ${prefix}${suffix}`.trim();
  return `${digits(value)} ${suffix}`.trim();
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
const colours = (count) => Array.from({ length: count }, (_, i) => colour(`--c${i % 8}`));

class Chart {
  constructor(parent, chart) {
    this.title = chart.title;
    this.unit = chart.unit;
    this.log = chart.log;
    this.names = [];
    this.rows = new Map(); // by x
    this.figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = chart.title;
    this.plot = document.createElement("div");
    this.plot.className = "plot";
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", chart.description);
    this.legend = document.createElement("ul");
    this.legend.className = "legend";
    this.figure.append(caption, this.plot, this.legend);
    parent.append(this.figure);
  }

  take(series) {
    for (const { name, points } of series) {
      if (!this.names.includes(name)) {
        this.names.push(name);
        for (const row of this.rows.values()) row.push(null);
      }
      const column = this.names.indexOf(name) + 1;
      for (const [x, y] of points) {
        const row = this.rows.get(x) ?? [x, ...this.names.map(() => null)];
        row[column] = this.log && y !== null && y <= 0 ? null : y;
        this.rows.set(x, row);
      }
    }
    for (const x of this.rows.keys()) {
      if (this.rows.size <= kMostPoints) break;
      this.rows.delete(x);
    }
    this.draw();
  }

  draw() {
    const file = [...this.rows.values()].sort((a, b) => a[0] - b[0]);
    const few = file.length < 40;
    const options = {
      file,
      labels: ["seconds", ...this.names],
      colors: colours(this.names.length),
      axisLineColor: colour("--soft"),
      gridLineColor: colour("--line"),
      drawPoints: few,
      pointSize: few ? 3 : 1,
    };
    if (this.graph) {
      this.graph.updateOptions(options);
    } else {
      const label = (value) => inUnit(value, this.unit);
      this.graph = new Dygraph(this.plot, file, {
        ...options,
        logscale: this.log,
        includeZero: !this.log,
        strokeWidth: 2,
        xRangePad: 6,
        yRangePad: 6,
        connectSeparatedPoints: true,
        interactionModel: {}, // a finger on it scrolls the page
        highlightCallback: (event, x, points, row) => this.say(this.graph.getValue(row, 0), row),
        unhighlightCallback: () => this.say(),
        axes: { y: { axisLabelFormatter: label, axisLabelWidth: 76 } },
        xlabel: "seconds",
        xLabelHeight: 16,
      });
    }
    this.say();
  }

  /** The legend with the values of a row, else the latest. */
  say(x, row) {
    const shown = row ?? this.graph.numRows() - 1;
    this.legend.replaceChildren(...this.names.map((name, i) => {
      const item = document.createElement("li");
      item.style.setProperty("--colour", colour(`--c${i % 8}`));
      const value = document.createElement("b");
      value.textContent = inUnit(shown < 0 ? null : this.graph.getValue(shown, i + 1), this.unit);
      item.append(`${name || this.title} `, value);
      return item;
    }));
    if (x !== undefined) {
      const item = document.createElement("span");
      item.className = "soft";
      item.textContent = `at ${Number(x.toPrecision(4))} s`;
      this.legend.append(item);
    }
  }
}

export class Charts {
  constructor(parent) {
    this.parent = parent;
    this.clear();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.charts.forEach((c) => c.draw()));
  }

  clear() {
    for (const chart of this.charts ?? []) chart.graph?.destroy();
    this.charts = [];
    this.parent.replaceChildren();
  }

  take(charts) {
    for (const chart of charts) {
      let known = this.charts.find((c) => c.title === chart.title);
      if (!known) this.charts.push((known = new Chart(this.parent, chart)));
      known.take(chart.series);
    }
  }
}
