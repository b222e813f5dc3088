// Draws the curve of a device's readings with uPlot in the place of the server's picture: marked stretches are magnified.
"use strict";
(() => {
  const HEIGHT = 260;
  const LEAST_PIXELS = 6; // a shorter drag is a click
  const NEAREST_SECONDS = 60; // as the server has it
  const NEAR_PIXELS = 8;
  const DAY = 86400;
  let chart = null;
  let drawn = null; // the element that it stands in
  let before = null; // the address before the first magnifying

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const marked = { fault: "--chart-fault", command: "--chart-quiet", loan: "--chart-text", software: "--chart-text" };
  const swedish = (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Europe/Stockholm");
  const two = (number) => String(number).padStart(2, "0");
  const dayOf = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const clockOf = (at, step) => `${two(at.getHours())}:${two(at.getMinutes())}${step < 60 ? `:${two(at.getSeconds())}` : ""}`;

  // The day below the first hour and wherever it changes; days alone where the steps are days.
  function moments(splits, step) {
    let last = "";
    return splits.map((seconds) => {
      const at = swedish(seconds);
      const day = dayOf(at);
      if (step >= DAY) return day.slice(5) + (day.slice(0, 4) === last ? "" : `\n${(last = day.slice(0, 4))}`);
      return clockOf(at, step) + (day === last ? "" : `\n${(last = day)}`);
    });
  }

  function read(plot) {
    const data = JSON.parse(plot.dataset.plotted);
    const numbers = new Intl.NumberFormat(plot.dataset.numbers, { maximumFractionDigits: 2 });
    return { ...data, number: (value) => numbers.format(value) };
  }

  // Seconds to the address that shows that stretch, with everything else of the present one kept.
  function address(metric, from, to) {
    const here = new URL(location.href);
    for (const name of ["hours", "from", "to"]) here.searchParams.delete(name);
    here.searchParams.set("metric", metric);
    if (from !== undefined) {
      for (const [name, at] of [["from", from], ["to", to]]) here.searchParams.set(name, new Date(at * 1000).toISOString().replace(/\.\d+/, ""));
    }
    return here.pathname + here.search;
  }

  function go(there) {
    if (!window.htmx) return location.assign(there);
    return htmx.ajax("GET", there, { source: "#readings", target: "#readings", swap: "outerHTML", select: "#readings" });
  }

  function magnify(data, from, to) {
    const last = Math.min(Math.floor(to), Math.floor(data.now));
    const first = Math.min(Math.floor(from), last - NEAREST_SECONDS);
    if (!data.zoomed) before = location.pathname + location.search;
    return go(address(data.metric, first, last));
  }

  const widen = (data) => go(before ?? address(data.metric));

  function mark(u, data) {
    const { ctx, bbox } = u;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.font = `${13 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    for (const one of data.marks) {
      const x = u.valToPos(one.at, "x", true);
      ctx.strokeStyle = ctx.fillStyle = color(marked[one.kind] ?? "--chart-text");
      ctx.lineWidth = ratio;
      ctx.setLineDash([4 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.fillText(one.sign, x, bbox.top - 4 * ratio);
    }
    ctx.restore();
  }

  // A finger drags the page, not the chart: it has the links.
  const hint = (readout) => (matchMedia("(pointer: fine)").matches ? readout.dataset.hint : "");

  // What is under the pointer, in the words that the server wrote.
  function tell(u, data, readout) {
    const left = u.cursor.left ?? -1;
    const near = left < 0 ? [] : data.marks.filter((one) => Math.abs(u.valToPos(one.at, "x") - left) < NEAR_PIXELS);
    const value = left < 0 || u.cursor.idx == null ? [] : [data.said[u.cursor.idx]];
    readout.textContent = [...near.map((one) => `${one.sign} ${one.said}`), ...value].join(" · ") || hint(readout);
  }

  function line(more) {
    return { stroke: () => color("--chart-line"), width: 2, points: { show: false }, ...more };
  }

  function dots(hollow) {
    const fill = () => color(hollow ? "--chart-ground" : "--chart-line");
    return line({ paths: () => null, points: { show: true, size: hollow ? 7 : 5, width: 1.5, stroke: () => color("--chart-line"), fill } });
  }

  const axis = { stroke: () => color("--chart-text"), font: "12px system-ui, sans-serif", ticks: { show: false } };
  const grid = { stroke: () => color("--chart-grid"), width: 1, dash: [2, 4] };

  function options(data, plot, readout) {
    const unseen = { width: 0, stroke: () => "transparent" };
    return {
      width: plot.clientWidth,
      height: HEIGHT,
      padding: [20, 12, 0, 0],
      tzDate: swedish,
      legend: { show: false },
      scales: { x: { time: true, range: () => [data.from, data.to] } },
      axes: [
        { ...axis, space: 76, grid, values: (u, splits, place, space, step) => moments(splits, step) },
        { ...axis, grid, size: (u, values) => Math.max(36, ...(values ?? []).map((value) => 16 + 7 * value.length)), values: (u, splits) => splits.map(data.number) },
      ],
      series: [{}, line(), line(unseen), line(unseen), dots(true), dots(false)],
      bands: data.high.length ? [{ series: [3, 2], fill: () => color("--chart-band") }] : [],
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false, dist: LEAST_PIXELS },
        points: { size: (u, place) => (place === 1 ? 8 : 0) },
        bind: { dblclick: () => () => { widen(data); return null; } },
      },
      hooks: {
        draw: [(u) => mark(u, data)],
        setCursor: [(u) => tell(u, data, readout)],
        setSelect: [(u) => {
          const { left, width } = u.select;
          if (width < LEAST_PIXELS) return;
          magnify(data, u.posToVal(left, "x"), u.posToVal(left + width, "x"));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
      },
    };
  }

  function draw() {
    const plot = document.getElementById("plot");
    if (!plot || plot === drawn) return;
    chart?.destroy();
    drawn = plot;
    const data = read(plot);
    if (!data.zoomed) before = null;
    const readout = document.getElementById("readout");
    const reset = document.getElementById("plot-reset");
    const empty = data.at.map(() => null);
    plot.closest(".drawable").classList.add("drawn");
    const columns = [data.at, data.value, data.high.length ? data.low : empty, data.high.length ? data.high : empty, data.late, data.single];
    chart = new uPlot(options(data, plot, readout), columns, plot);
    Object.assign(plot.dataset, { from: data.from, to: data.to });
    readout.textContent = hint(readout);
    reset.hidden = !data.zoomed;
    reset.addEventListener("click", () => widen(data));
    new ResizeObserver(() => { if (plot.isConnected && plot.clientWidth) chart.setSize({ width: plot.clientWidth, height: HEIGHT }); }).observe(plot);
  }

  draw();
  document.addEventListener("htmx:afterSwap", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart?.redraw(false));
})();
