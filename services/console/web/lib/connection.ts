/**
 * The live connection. The browser reconnects an event stream by itself after a network error, but not after an HTTP error, and not
 * when a server sends nothing: this file handles both.
 */
import type { Hello, Snapshot } from '../../snapshot.ts'

export interface Listener {
  /** Called at each connection and reconnection. */
  hello(hello: Hello): void
  /** Called each second. */
  snapshot(snapshot: Snapshot): void
  /** Called when the connection is lost; it can be called several times for one loss. */
  lost(): void
}

const STALE_AFTER_MS = 6_000
const RETRY_MS = 2_000

/** An event stream does not tell why it was refused. */
async function toLoginIfEnded(): Promise<void> {
  const session = await fetch('/api/session').catch(() => null)
  if (session?.status === 401) location.assign('/login')
}

export function connect(listener: Listener): void {
  let events: EventSource | undefined
  let lastEventAt = Date.now()
  let timer: ReturnType<typeof setTimeout> | undefined

  // The same console sends the events and this file, so both have the same types; a page of another version reloads itself.
  const on = <Data>(source: EventSource, name: string, handle: (data: Data) => void) =>
    source.addEventListener(name, (event: MessageEvent<string>) => {
      lastEventAt = Date.now()
      handle(JSON.parse(event.data) as Data)
    })

  const open = () => {
    clearTimeout(timer)
    events?.close()
    lastEventAt = Date.now()
    const source = new EventSource('/api/live')
    events = source
    on<Hello>(source, 'hello', (hello) => listener.hello(hello))
    on<Snapshot>(source, 'snapshot', (snapshot) => listener.snapshot(snapshot))
    source.addEventListener('error', () => {
      listener.lost()
      if (source.readyState !== EventSource.CLOSED) return
      timer = setTimeout(open, RETRY_MS)
      void toLoginIfEnded()
    })
  }
  setInterval(() => {
    if (Date.now() - lastEventAt < STALE_AFTER_MS) return
    listener.lost()
    open()
  }, 1_000)
  open()
}
