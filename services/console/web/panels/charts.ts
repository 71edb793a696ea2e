/** The two charts: records per second and freshness, the last ten minutes. Colours come from the style sheet. */
import { render } from 'preact'
import uPlot from 'uplot'
import type { HistoryPoint } from '../../snapshot.ts'
import { rate, secondsText, timeOfDay } from '../lib/format.ts'
import { html, type VNode } from '../lib/html.ts'

const SECONDS = 600

interface Series {
  readonly key: Exclude<keyof HistoryPoint, 't'>
  readonly name: string
  /** Name of a colour in the style sheet. */
  readonly hue: string
  readonly dash: number[]
  readonly width: number
}

interface ChartSpec {
  readonly id: string
  readonly title: string
  readonly note: string
  readonly series: readonly Series[]
  /** Text of a value on the axis. */
  readonly axis: (value: number) => string
  /** Text of a value in the legend. */
  readonly text: (value: number | null) => string
  /** The axis ends at this value or above. */
  readonly minimumTop: number
}

const RATES: ChartSpec = {
  id: 'rates',
  title: 'Records per second',
  note: 'last 10 min, each point a mean of 5 s',
  series: [
    { key: 'accepted', name: 'accepted', hue: 'gateway', dash: [], width: 2 },
    { key: 'deidentified', name: 'de-identified', hue: 'deidentify', dash: [7, 4], width: 2 },
    { key: 'loaded', name: 'curated', hue: 'curate', dash: [2, 3], width: 2.5 },
  ],
  axis: (value) => rate(value),
  text: (value) => (value === null ? rate(value) : `${rate(value)} /s`),
  minimumTop: 10,
}
const FRESHNESS: ChartSpec = {
  id: 'freshchart',
  title: 'From 202 to queryable',
  note: 'last 10 min, each point over 60 s',
  series: [
    { key: 'p50', name: 'p50', hue: 'p50', dash: [], width: 2 },
    { key: 'p95', name: 'p95', hue: 'p95', dash: [7, 4], width: 2 },
    { key: 'p99', name: 'p99', hue: 'p99', dash: [2, 3], width: 2 },
  ],
  axis: (value) =>
    value > 10 && value < 60 && !Number.isInteger(value) ? `${value.toFixed(1)} s` : secondsText(value),
  text: (value) => secondsText(value),
  minimumTop: 0.1,
}

export interface Charts {
  /** Replaces all points. */
  load(history: readonly HistoryPoint[]): void
  add(point: HistoryPoint): void
  panels(): readonly VNode[]
  /** Draws the points; the panels must be on the page. */
  draw(): void
}

export function createCharts(): Charts {
  const charts = [createChart(RATES), createChart(FRESHNESS)]
  let points: readonly HistoryPoint[] = []
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => {
    for (const chart of charts) chart.repaint()
  })
  return {
    load(history) {
      points = history
    },
    add(point) {
      points = [...points.filter(({ t }) => t > point.t - SECONDS), point]
    },
    panels: () => charts.map((chart) => chart.panel()),
    draw() {
      for (const chart of charts) chart.draw(points)
    },
  }
}

function createChart(spec: ChartSpec) {
  let place: HTMLElement | null = null
  let legend: HTMLElement | null = null
  let plot: uPlot | undefined
  let points: readonly HistoryPoint[] = []

  const data = (): uPlot.AlignedData => [
    points.map(({ t }) => t),
    ...spec.series.map(({ key }) => points.map((point) => point[key])),
  ]
  const sizeOf = ({ clientWidth, clientHeight }: HTMLElement) => ({
    width: Math.max(120, clientWidth),
    height: Math.max(120, clientHeight),
  })
  const resized = new ResizeObserver(() => place && plot?.setSize(sizeOf(place)))

  /** The legend shows the newest second, or the second under the pointer. uPlot reports the pointer, so the legend is drawn here. */
  const drawLegend = () => {
    if (!legend) return
    const at = plot?.cursor.idx
    const chosen = typeof at === 'number' ? points[at] : undefined
    render(legendRows(spec, chosen ?? points.at(-1), chosen), legend)
  }

  /** uPlot reads the colours when it is created: another colour scheme needs a new plot. */
  const create = () => {
    plot?.destroy()
    plot = place
      ? new uPlot(
          optionsOf(spec, () => points, drawLegend, sizeOf(place)),
          data(),
          place,
        )
      : undefined
  }

  const placeRef = (element: HTMLElement | null) => {
    if (element === place) return
    resized.disconnect()
    plot?.destroy()
    plot = undefined
    place = element
    if (place) resized.observe(place)
  }
  const legendRef = (element: HTMLElement | null) => {
    legend = element
  }

  return {
    panel: () => html`
      <section class="panel chart ${spec.id}" key=${spec.id} aria-labelledby="${spec.id}-title">
        <div class="head"><h2 id="${spec.id}-title">${spec.title}</h2><p class="note">${spec.note}</p></div>
        <ul class="legend" ref=${legendRef}></ul>
        <div class="plot" ref=${placeRef} role="img" aria-labelledby="${spec.id}-title"></div>
      </section>
    `,
    draw(next: readonly HistoryPoint[]) {
      points = next
      if (plot) plot.setData(data())
      else create()
      drawLegend()
    },
    repaint() {
      if (plot) create()
    },
  }
}

function legendRows({ series, text }: ChartSpec, shown?: HistoryPoint, chosen?: HistoryPoint): VNode {
  return html`
    ${series.map(
      ({ key, name, hue, dash }) => html`
        <li class="hue-${hue}">
          <svg viewBox="0 0 26 8" aria-hidden="true"><path d="M0 4h26" stroke-dasharray=${dash.join(' ') || null} /></svg>
          <span class="name">${name}</span>
          <b>${text(shown?.[key] ?? null)}</b>
        </li>
      `,
    )}
    ${chosen && html`<li class="dim">at ${timeOfDay(new Date(chosen.t * 1000))}</li>`}
  `
}

function optionsOf(
  spec: ChartSpec,
  points: () => readonly HistoryPoint[],
  onCursor: () => void,
  size: { readonly width: number; readonly height: number },
): uPlot.Options {
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
  const font = `12px ${getComputedStyle(document.body).fontFamily}`
  const axis = { stroke: colour('dim'), font, grid: { stroke: colour('grid'), width: 1 }, ticks: { show: false } }
  return {
    ...size,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: true, range: () => lastTenMinutes(points()) },
      y: { range: (_plot, _minimum, maximum) => [0, Math.max(spec.minimumTop, (maximum ?? 0) * 1.12)] },
    },
    axes: [
      {
        ...axis,
        size: 26,
        space: 90,
        values: (_plot, times) => times.map((t) => timeOfDay(new Date(t * 1000)).slice(0, 5)),
      },
      { ...axis, size: 62, space: 34, values: (_plot, values) => values.map((value) => spec.axis(value)) },
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
    hooks: { setCursor: [onCursor] },
  }
}

function lastTenMinutes(points: readonly HistoryPoint[]): [number, number] {
  const end = points.at(-1)?.t ?? Math.round(Date.now() / 1000)
  return [end - SECONDS, end]
}
