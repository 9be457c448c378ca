// Draws every [data-chart] with ECharts. The page brings all texts; the table under a chart says the same without us.
(function () {
  const root = document.documentElement;
  const rtl = root.dir === "rtl";
  const numbers = (decimals) => new Intl.NumberFormat(root.lang || "en", { maximumFractionDigits: decimals });
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--mm-${name}`).trim();
  const SYMBOLS = ["circle", "rect", "triangle", "diamond", "emptyCircle"];
  const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 6]];
  const ROW = 34;

  function palette() {
    const tones = Object.fromEntries(["strong", "soft", "good", "lost"].map((tone) => [tone, colour(`chart-${tone}`)]));
    return {
      series: [1, 2, 3, 4, 5].map((number) => colour(`chart-${number}`)), tones,
      ink: colour("ink"), muted: colour("muted"), line: colour("line"), surface: colour("surface"),
    };
  }

  function frame(paint, spec, narrow) {
    return {
      animation: false,
      color: paint.series,
      textStyle: { color: paint.ink, fontFamily: getComputedStyle(document.body).fontFamily },
      // The library's own tooltip writes styles into the page, which our security policy refuses.
      tooltip: {
        renderMode: "richText", confine: true, backgroundColor: paint.surface, borderColor: paint.line,
        textStyle: { color: paint.ink, fontSize: 13 },
      },
      legend: { show: (spec.series || []).length > 1, top: 0, left: rtl ? "auto" : 0, right: rtl ? 0 : "auto", align: rtl ? "right" : "left", itemGap: 14, type: narrow ? "scroll" : "plain", textStyle: { color: paint.ink }, pageTextStyle: { color: paint.muted }, pageIconColor: paint.ink },
      grid: { left: 8, right: 16, top: (spec.series || []).length > 1 ? 40 : 12, bottom: 8, containLabel: true },
    };
  }

  const axes = {
    value: (paint, decimals, more) => ({
      type: "value", splitNumber: 4, axisLabel: { color: paint.muted, hideOverlap: true, formatter: (value) => numbers(decimals).format(value) },
      splitLine: { lineStyle: { color: paint.line } }, axisLine: { show: false }, ...more,
    }),
    names: (paint, names, more) => ({
      type: "category", data: names, axisTick: { show: false }, axisLine: { lineStyle: { color: paint.line } },
      axisLabel: { color: paint.ink, ...(more && more.axisLabel) }, ...(more && more.axis),
    }),
  };
  const decimalsOf = (spec) => (spec.decimals === undefined ? 0 : spec.decimals);

  // The texts of one row for the tooltip: its name, then each series that has something to say.
  function row(spec, index) {
    const said = spec.series.map((one) => (one.values[index] === null ? "" : `${one.name}: ${one.texts[index]}`));
    return [spec.x[index], ...said.filter(Boolean)].join("\n");
  }

  const kinds = {
    lines(spec, paint, narrow) {
      const option = frame(paint, spec, narrow);
      option.tooltip.trigger = "axis";
      option.tooltip.formatter = (found) => row(spec, found[0].dataIndex);
      option.xAxis = axes.names(paint, spec.x, { axis: { inverse: rtl, boundaryGap: spec.x.length < 3 }, axisLabel: { color: paint.muted, hideOverlap: true } });
      option.yAxis = axes.value(paint, decimalsOf(spec), { position: rtl ? "right" : "left", minInterval: spec.decimals === undefined ? 1 : 0, scale: spec.decimals !== undefined });
      option.series = spec.series.flatMap((one, number) => {
        const line = {
          name: one.name, type: "line", data: one.values, symbol: SYMBOLS[number % 5], symbolSize: 8, connectNulls: true,
          color: paint.series[number % 5], lineStyle: { width: 2.5, type: DASHES[number % 5] }, z: 5,
        };
        if (!one.low) return [line];
        // A band is what lies on top of an invisible line at its lower end.
        const band = (data, style) => ({ type: "line", data, stack: `band${number}`, stackStrategy: "all", symbol: "none", silent: true, lineStyle: { opacity: 0 }, ...style });
        const width = one.high.map((high, i) => (high === null ? null : high - one.low[i]));
        return [line, band(one.low, {}), band(width, { areaStyle: { color: paint.series[number % 5], opacity: 0.16 } })];
      });
      option.legend.data = spec.series.map((one) => one.name);
      return { option, height: 320 };
    },

    bars(spec, paint, narrow) {
      const option = frame(paint, spec, narrow), layout = spec.layout || "stacked";
      option.tooltip.trigger = "axis";
      option.tooltip.axisPointer = { type: "shadow" };
      option.tooltip.formatter = (found) => row(spec, found[0].dataIndex);
      const room = narrow ? 104 : 220;
      option.xAxis = axes.value(paint, decimalsOf(spec), { inverse: rtl, minInterval: spec.decimals === undefined ? 1 : 0 });
      option.yAxis = axes.names(paint, spec.x, { axis: { inverse: true, position: rtl ? "right" : "left" }, axisLabel: { width: room, overflow: "break", interval: 0 } });
      const nested = layout === "nested" ? [0.28, 0.45, 0.62, 0.8, 1] : null;
      option.series = spec.series.map((one, number) => ({
        name: one.name, type: "bar", data: one.values, stack: layout === "stacked" ? "all" : undefined,
        barGap: nested ? "-100%" : "10%", barMaxWidth: 24,
        itemStyle: {
          color: nested ? paint.tones.strong : paint.tones[one.tone] || paint.series[number % 5],
          opacity: nested ? nested[Math.min(4, number)] : 1, borderColor: paint.surface, borderWidth: layout === "stacked" ? 1 : 0,
        },
      }));
      if (spec.ends) {
        const end = narrow ? 78 : 96;
        option.grid.right = rtl ? 16 : end;
        option.grid.left = rtl ? end : 8;
        option.series.push({
          type: "bar", stack: "all", data: spec.x.map(() => 0), silent: true,
          label: { show: true, position: rtl ? "left" : "right", color: paint.ink, formatter: (one) => spec.ends[one.dataIndex] },
        });
        option.legend.data = spec.series.map((one) => one.name);
      }
      const each = layout === "grouped" ? ROW + 10 : ROW;
      return { option, height: 96 + each * spec.x.length };
    },

    dots(spec, paint, narrow) {
      const option = frame(paint, spec, narrow);
      option.tooltip.trigger = "axis";
      option.tooltip.formatter = (found) => `${spec.x[found[0].dataIndex]}\n${spec.texts[found[0].dataIndex]}`;
      option.xAxis = axes.value(paint, decimalsOf(spec), { inverse: rtl, min: Math.min(0, ...spec.low) });
      option.yAxis = axes.names(paint, spec.x, { axis: { inverse: true, position: rtl ? "right" : "left" }, axisLabel: { width: narrow ? 104 : 260, overflow: "break", interval: 0 } });
      const bar = (data, style) => ({ type: "bar", stack: "interval", stackStrategy: "all", data, barWidth: 6, silent: true, itemStyle: style });
      option.series = [
        bar(spec.low, { opacity: 0 }),
        bar(spec.high.map((high, i) => high - spec.low[i]), { color: paint.series[0], opacity: 0.35, borderRadius: 3 }),
        {
          type: "scatter", symbolSize: 12, data: spec.values.map((value, i) => [value, i]), itemStyle: { color: paint.series[0] },
          label: { show: !narrow, position: "top", color: paint.ink, formatter: (one) => numbers(decimalsOf(spec)).format(one.value[0]) },
        },
      ];
      return { option, height: 60 + (ROW + 12) * spec.x.length };
    },

    curves(spec, paint, narrow) {
      const option = frame(paint, spec, narrow);
      const unit = (name, more) => axes.value(paint, 2, { min: 0, max: 1, interval: 0.2, name, nameLocation: "middle", nameGap: 30, nameTextStyle: { color: paint.muted }, ...more });
      option.tooltip.trigger = "item";
      option.tooltip.formatter = (found) => `${found.seriesName}\n${found.value.map((value) => numbers(2).format(value)).join(" · ")}`;
      option.grid = { ...option.grid, bottom: 34, left: rtl ? 16 : 34, right: rtl ? 34 : 16 };
      option.xAxis = unit(spec.x_title, { inverse: rtl });
      option.yAxis = unit(spec.y_title, { position: rtl ? "right" : "left", nameGap: 40 });
      option.series = spec.series.map((one, number) => ({
        name: one.name, type: "line", data: one.points, symbol: one.dots ? "circle" : "none", symbolSize: 9, smooth: false,
        lineStyle: { type: one.dashed ? "dashed" : "solid", width: one.dashed ? 1.5 : 3, color: one.dashed ? paint.muted : paint.series[0] },
        itemStyle: { color: one.dashed ? paint.muted : paint.series[0] }, areaStyle: undefined, z: number,
      }));
      return { option, height: narrow ? 320 : 400 };
    },
  };

  const drawn = [];

  function draw(chart) {
    const narrow = chart.element.clientWidth < 560;
    const { option, height } = kinds[chart.spec.kind](chart.spec, palette(), narrow);
    chart.element.style.height = `${height}px`;
    chart.board.resize();
    chart.board.setOption(option, true);
  }

  // Words, pointer and highlight away: drawn anew, since the library keeps some of them.
  function quiet(chart) {
    if (chart.at === undefined) return;
    chart.at = undefined;
    chart.board.clear();
    draw(chart);
  }

  // Arrow keys go from value to value, Escape puts the words away.
  function walk(chart, event) {
    const count = (chart.spec.x || chart.spec.series.at(-1).points).length;
    const series = chart.spec.x ? 0 : chart.spec.series.length - 1;
    const steps = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1, ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Escape") {
      quiet(chart);
      return;
    }
    if (!(event.key in steps) || !count) return;
    event.preventDefault();
    chart.at = chart.at === undefined ? 0 : (chart.at + steps[event.key] + count) % count;
    chart.board.dispatchAction({ type: "showTip", seriesIndex: series, dataIndex: chart.at });
  }

  for (const element of document.querySelectorAll("[data-chart]")) {
    const spec = JSON.parse(element.dataset.chart);
    element.dataset.kind = spec.kind;
    const chart = { element, spec, board: window.echarts.init(element, null, { renderer: "canvas" }) };
    let width = element.clientWidth;
    new ResizeObserver(() => {
      if (element.clientWidth === width) return;
      width = element.clientWidth;
      draw(chart);
    }).observe(element);
    element.addEventListener("keydown", (event) => walk(chart, event));
    element.addEventListener("blur", () => quiet(chart));
    drawn.push(chart);
    draw(chart);
    const table = element.parentElement.querySelector(".mm-chart-table");
    if (table) table.open = false;
    element.dataset.drawn = "true";
  }
  new MutationObserver(() => drawn.forEach(draw)).observe(root, { attributes: true, attributeFilter: ["data-bs-theme"] });

  // On paper: light, and with every table open.
  let before = null;
  window.addEventListener("beforeprint", () => {
    const closed = [...document.querySelectorAll(".mm-chart-table:not([open])")];
    before = { closed, theme: root.dataset.bsTheme };
    closed.forEach((table) => { table.open = true; });
    root.dataset.bsTheme = "light";
    drawn.forEach(draw);
  });
  window.addEventListener("afterprint", () => {
    if (!before) return;
    before.closed.forEach((table) => { table.open = false; });
    root.dataset.bsTheme = before.theme;
    before = null;
  });
})();
