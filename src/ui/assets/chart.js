// Draws each [data-chart] with uPlot: bars by day.
const DAY_S = 86400
const FORMATS = {
  usd: (value) =>
    value.toLocaleString('en-US', {
      style: 'currency',
      currency: 'USD',
      ...(value > 0 && value < 1 ? { maximumSignificantDigits: 3 } : { minimumFractionDigits: 2 }),
    }),
  count: (value) => value.toLocaleString('en-US'),
}
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

const text = (seconds) => day.format(new Date(seconds * 1000))

function draw(box) {
  const { days, series, unit } = JSON.parse(box.dataset.chart)
  const color = (name) => getComputedStyle(box).getPropertyValue(name)
  const format = FORMATS[unit]
  const grid = { stroke: color('--line'), width: 1 }
  const axis = { stroke: color('--soft'), grid, ticks: grid, font: '12px system-ui, sans-serif' }
  const paths = uPlot.paths.bars({ size: [0.7, 40] })
  const options = {
    width: box.clientWidth,
    height: 180,
    scales: {
      // A whole bar at both ends.
      x: { time: true, range: (_plot, from, to) => [from - DAY_S / 2, to + DAY_S / 2] },
      y: { range: (_plot, _from, to) => [0, to > 0 ? to * 1.05 : 1] },
    },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    axes: [
      { ...axis, grid: { show: false }, values: (_plot, splits) => splits.map(text) },
      { ...axis, size: 72, values: (_plot, splits) => splits.map(format) },
    ],
    series: [
      { label: 'Day', value: (_plot, seconds) => (seconds == null ? '–' : text(seconds)) },
      ...series.map(({ name, color: fill }) => ({
        label: name,
        width: 0,
        fill: color(fill),
        paths,
        points: { show: false },
        value: (_plot, value) => (value == null ? '–' : format(value)),
      })),
    ],
    cursor: { drag: { x: false, y: false }, points: { show: false } },
  }
  const seconds = days.map((date) => Date.parse(date) / 1000)
  const plot = new uPlot(options, [seconds, ...series.map(({ values }) => values)])
  box.replaceChildren(plot.root)
}

function drawAll() {
  for (const box of document.querySelectorAll('[data-chart]')) draw(box)
}

drawAll()
document.addEventListener('live', drawAll)
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)
let resizing = 0
addEventListener('resize', () => {
  clearTimeout(resizing)
  resizing = setTimeout(drawAll, 100)
})
