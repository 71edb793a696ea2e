/** The two charts: records per second and freshness, the last ten minutes. Colours come from the style sheet. */
import uPlot from '/vendor/uplot.js'
import { byId, h, render, svg } from '../lib/dom.js'
import { rate, secondsText, timeOfDay } from '../lib/format.js'

const SECONDS = 600

const RATES = {
  id: 'rates',
  series: [
    { key: 'accepted', name: 'gateway accepted', hue: 'gateway', dash: [], width: 2 },
    { key: 'deidentified', name: 'de-identified', hue: 'deidentify', dash: [7, 4], width: 2 },
    { key: 'loaded', name: 'curate settled', hue: 'curate', dash: [2, 3], width: 2.5 },
  ],
  axis: (n) => rate(n),
  words: (n) => (n === null || n === undefined ? '–' : `${rate(n)} /s`),
  least: 10,
}
const FRESHNESS = {
  id: 'freshchart',
  series: [
    { key: 'p50', name: 'p50', hue: 'p50', dash: [], width: 2 },
    { key: 'p95', name: 'p95', hue: 'p95', dash: [7, 4], width: 2 },
    { key: 'p99', name: 'p99', hue: 'p99', dash: [2, 3], width: 2 },
  ],
  axis: (n) => (n > 10 && n < 60 && !Number.isInteger(n) ? `${n.toFixed(1)} s` : secondsText(n)),
  words: (n) => secondsText(n),
  least: 0.1,
}

export function createCharts() {
  const charts = [createChart(RATES), createChart(FRESHNESS)]
  let points = []
  const repaint = () => {
    for (const chart of charts) chart.remake(points)
  }
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', repaint)
  return {
    load(history) {
      points = history
    },
    add(point) {
      points = [...points.filter(({ t }) => t > point.t - SECONDS), point]
    },
    draw() {
      for (const chart of charts) chart.draw(points)
    },
  }
}

function createChart(spec) {
  const place = byId(`${spec.id}-plot`)
  const legend = byId(`${spec.id}-legend`)
  let plot
  let points = []

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
  const data = () => [points.map(({ t }) => t), ...spec.series.map(({ key }) => points.map((point) => point[key]))]
  const size = () => ({ width: Math.max(120, place.clientWidth), height: Math.max(120, place.clientHeight) })

  const make = () => {
    plot?.destroy()
    const font = `12px ${getComputedStyle(document.body).fontFamily}`
    const axis = { stroke: colour('dim'), font, grid: { stroke: colour('grid'), width: 1 }, ticks: { show: false } }
    const options = {
      ...size(),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: true, range: () => lastTenMinutes(points) },
        y: { range: (_, __, most) => [0, Math.max(spec.least, (most ?? 0) * 1.12)] },
      },
      axes: [
        {
          ...axis,
          size: 26,
          space: 90,
          values: (_, times) => times.map((t) => timeOfDay(new Date(t * 1000)).slice(0, 5)),
        },
        { ...axis, size: 62, space: 34, values: (_, values) => values.map((n) => spec.axis(n)) },
      ],
      series: [
        {},
        ...spec.series.map(({ name, hue, dash, width }) => ({
          label: name,
          stroke: colour(hue),
          width,
          dash,
          points: { show: false },
          spanGaps: false,
        })),
      ],
      hooks: { setCursor: [describe] },
    }
    plot = new uPlot(options, data(), place)
  }

  /** The legend shows the newest second, or the one under the pointer. */
  function describe() {
    const at = plot?.cursor.idx
    const chosen = at === null || at === undefined ? undefined : points[at]
    const point = chosen ?? points.at(-1)
    render(
      legend,
      spec.series.map(({ key, name, hue, dash }) =>
        h(
          'li',
          { class: `hue-${hue}` },
          svg(
            'svg',
            { viewBox: '0 0 26 8', 'aria-hidden': 'true' },
            svg('path', { d: 'M0 4h26', 'stroke-dasharray': dash.join(' ') || null }),
          ),
          h('span', { class: 'name' }, name),
          h('b', {}, spec.words(point?.[key])),
        ),
      ),
      chosen ? h('li', { class: 'dim' }, `at ${timeOfDay(new Date(chosen.t * 1000))}`) : null,
    )
  }

  const draw = (next) => {
    points = next
    if (plot) plot.setData(data())
    else make()
    describe()
  }
  new ResizeObserver(() => plot?.setSize(size())).observe(place)
  return {
    draw,
    remake(next) {
      points = next
      if (plot) make()
    },
  }
}

function lastTenMinutes(points) {
  const end = points.at(-1)?.t ?? Math.round(Date.now() / 1000)
  return [end - SECONDS, end]
}
