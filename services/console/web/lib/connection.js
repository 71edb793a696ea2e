/**
 * The live connection. The browser reconnects an event stream by itself after a network error but gives up after an HTTP
 * error, and does not see a server that hangs: both are handled here.
 */
const SILENT_MS = 6_000
const AGAIN_MS = 2_000

/**
 * @param on.hello called with the history and a snapshot at each (re)connection
 * @param on.snapshot called each second
 */
export function connect(on) {
  let events
  let heardAt = Date.now()
  let timer

  const open = () => {
    clearTimeout(timer)
    events?.close()
    heardAt = Date.now()
    events = new EventSource('/api/live')
    events.addEventListener('hello', heard(on.hello))
    events.addEventListener('snapshot', heard(on.snapshot))
    events.addEventListener('error', () => {
      on.lost()
      if (events.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_MS)
    })
  }
  const heard = (take) => (event) => {
    heardAt = Date.now()
    take(JSON.parse(event.data))
  }
  setInterval(() => {
    if (Date.now() - heardAt < SILENT_MS) return
    on.lost()
    open()
  }, 1_000)
  open()
}
