/** The operator's page in a real browser, on real components: from empty to streaming, through a crash, to balanced again. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureKey } from '#core/keys/admin.ts'
import { type Stack, startStack } from '../../deploy/local/stack.ts'
import { launchBrowser } from '../helpers/browser.ts'
import { type Isolated, isolated } from '../helpers/servers.ts'

/** Where a value could leak: in a good record, in one that a rule rejects, in one rejected by the gateway. */
const CANARY = 'ZZCANARYZZ'
const GOOD = 40
const REJECTED_BY_RULE = 3
const REJECTED_BY_GATEWAY = 2

let own: Isolated
let stack: Stack
let browser: Browser
let page: Page
const foreign: string[] = []
const faults: string[] = []

beforeAll(async () => {
  own = isolated()
  stack = await startStack({ dataDir: own.folder, services: 'all', env: { ...process.env, ...own.env } })
  browser = await launchBrowser()
  page = await browser.newPage({ viewport: { width: 1920, height: 1080 } })
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(stack.url('console')) && !url.startsWith('data:')) foreign.push(url)
  })
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    // A server that is killed breaks its stream, and the browser says so; that is what the banner is for.
    if (message.type() === 'error' && !message.text().includes('net::ERR_')) faults.push(message.text())
  })
  await page.goto(stack.url('console'))
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await stack?.stop()
  own?.remove()
}, 60_000)

function observation(n: number, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    record_id: `r${n}`,
    record_version: 1,
    patient_ipp: `${CANARY}${n % 7}`,
    code_system: 'loinc',
    code: '718-7',
    effective_at: '2026-01-05T08:00:00Z',
    value_number: 13.5,
    value_unit: 'g/dL',
    ...over,
  }
}

async function push(records: readonly Record<string, unknown>[]): Promise<number> {
  const { key } = ensureKey(own.folder, 'hospital-e2e')
  const response = await fetch(`${stack.url('gateway')}/v1/feeds/observation/records`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
    body: records.map((record) => JSON.stringify(record)).join('\n'),
  })
  await response.arrayBuffer()
  return response.status
}

/** The figure of a tile in the sum, by its label. */
function tile(label: string): Promise<string | null> {
  return page.locator('#equation .tile', { hasText: label }).locator('.value').textContent()
}

const eventually = { timeout: 60_000, interval: 500 }

describe('the page', () => {
  test('is ready before the first record, and says how to send one', async () => {
    await page.getByRole('heading', { name: 'No record was received yet' }).waitFor()
    await expect.poll(() => page.title(), eventually).toContain('ready')
    expect(await page.locator('#empty').textContent()).toContain('npx chainon push')
    expect(await page.getByRole('banner').count()).toBe(1)
    expect(await page.getByRole('main').count()).toBe(1)
  })

  test('accounts for what is streamed, to the record', async () => {
    const records = [
      ...Array.from({ length: GOOD }, (_, n) => observation(n)),
      ...Array.from({ length: REJECTED_BY_RULE }, (_, n) =>
        observation(1_000 + n, { effective_at: '2098-01-01T00:00:00Z', comment: CANARY }),
      ),
      ...Array.from({ length: REJECTED_BY_GATEWAY }, (_, n) => observation(2_000 + n, { value_number: CANARY })),
    ]
    expect(await push(records)).toBe(202)
    await expect.poll(() => tile('Loaded'), eventually).toBe(String(GOOD))
    expect(await tile('Accepted')).toBe(String(GOOD + REJECTED_BY_RULE))
    await expect.poll(() => tile('Rejected by a rule'), eventually).toBe(String(REJECTED_BY_RULE))
    await expect.poll(() => tile('In flight'), eventually).toBe('0')
    expect(await page.locator('#balance-title').textContent()).toContain('Balanced')
    expect(await page.locator('#received').textContent()).toContain(`${REJECTED_BY_GATEWAY} in total`)
    await expect.poll(() => page.locator('#fresh').textContent(), eventually).toMatch(/p95.*\d+ ?m?s/)
  })

  test('names rule and field of what was rejected', async () => {
    const rule = page.locator('#failures tbody tr', { hasText: 'not-in-future' })
    await rule.waitFor({ timeout: 30_000 })
    expect(await rule.textContent()).toContain('/effective_at')
    expect(await page.locator('#failures tbody tr', { hasText: 'rejected by the gateway' }).count()).toBe(1)
  })

  test('shows no value of any record, on the page or behind it', async () => {
    expect(await page.content()).not.toContain(CANARY)
    for (const path of ['/api/snapshot', '/api/ledger', '/metrics', '/alarms']) {
      const response = await fetch(`${stack.url('console')}${path}`)
      expect(response.status, path).toBe(200)
      expect(await response.text(), path).not.toContain(CANARY)
    }
  })

  test('opens a feed to its partitions with the keyboard, and they add up', async () => {
    await page.getByRole('button', { name: 'observation' }).focus()
    await page.keyboard.press('Enter')
    const accepted = page.locator('#ledger tr.partition td:nth-of-type(2)')
    await expect.poll(() => accepted.count(), eventually).toBeGreaterThan(0)
    const sum = (await accepted.allTextContents()).reduce((all, text) => all + Number(text), 0)
    expect(sum).toBe(GOOD + REJECTED_BY_RULE)
    // The figures are drawn again each second; the focus stays where it was.
    await page.waitForTimeout(2_500)
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('observation')
  })

  test('shows a definition on focus and closes it with Escape', async () => {
    await page.locator('#balance-title [data-tip]').focus()
    expect(await page.getByRole('tooltip').textContent()).toContain('without a gap')
    await page.keyboard.press('Escape')
    expect(await page.getByRole('tooltip').count()).toBe(0)
  })

  test('says what is down and that it is restarted, and that nothing was lost when it is back', async () => {
    stack.kill('curate', 'SIGKILL')
    await expect.poll(() => page.locator('#overall').textContent(), eventually).toContain('Curation')
    expect(await page.title()).toContain('✖')
    expect(await page.locator('#alarms').textContent()).toContain('Curation')
    expect(await push(Array.from({ length: GOOD }, (_, n) => observation(5_000 + n)))).toBe(202)
    await expect.poll(() => tile('Loaded'), { timeout: 120_000, interval: 500 }).toBe(String(2 * GOOD))
    await expect.poll(() => page.locator('#balance-title').textContent(), eventually).toContain('Balanced')
    await expect.poll(() => page.locator('#overall').textContent(), eventually).toContain('every component is up')
  })

  test('greys its figures when the console is gone, and comes back by itself', async () => {
    stack.kill('console', 'SIGKILL')
    await page.locator('#banner', { hasText: 'was lost' }).waitFor({ timeout: 20_000 })
    expect(await page.locator('body.lost').count()).toBe(1)
    expect(await page.title()).toContain('connection lost')
    await expect.poll(() => page.locator('#live').textContent(), eventually).toContain('live')
    await expect.poll(() => tile('Loaded'), eventually).toBe(String(2 * GOOD))
  })

  test('fits a wall without scrolling, and a phone without scrolling sideways', async () => {
    const overflow = () =>
      page.evaluate(() => {
        const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement
        return { x: scrollWidth - clientWidth, y: scrollHeight - clientHeight }
      })
    await expect.poll(() => page.locator('#banner').isHidden(), eventually).toBe(true)
    expect(await overflow()).toEqual({ x: 0, y: 0 })
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 844 })
      expect((await overflow()).x, `${width} px`).toBe(0)
    }
  })

  test('connects only to its own server, and nothing fails in it', () => {
    expect(foreign).toEqual([])
    expect(faults).toEqual([])
  })
})
