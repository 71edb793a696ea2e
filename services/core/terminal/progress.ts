/** Shows that something long goes on: one line that is rewritten on a terminal, a plain line every few seconds elsewhere. */

const TERMINAL_EVERY_MS = 200
const PLAIN_EVERY_MS = 5_000

export interface Progress {
  /** What it is busy with now. */
  show(what: string): void
  /** Ends the line, with how long it took. */
  done(): void
}

/** @param title what goes on, for instance `Fetching the local parts` */
export function startProgress(title: string, out: NodeJS.WriteStream = process.stderr): Progress {
  const started = Date.now()
  const seconds = () => Math.round((Date.now() - started) / 1000)
  let current = ''
  const line = () => `${title}: ${seconds()} s${current ? `, ${current}` : ''}`
  const draw = () => {
    if (out.isTTY) out.write(`\r\x1b[2K${line().slice(0, (out.columns || 80) - 1)}`)
    else out.write(`${line()}\n`)
  }
  draw()
  const timer = setInterval(draw, out.isTTY ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS)
  timer.unref()
  return {
    show: (what) => {
      current = what
    },
    done: () => {
      clearInterval(timer)
      out.write(`${out.isTTY ? '\r\x1b[2K' : ''}${title}: ${seconds()} s, done\n`)
    },
  }
}
