/** The review over HTTP: who may, one way of a verdict, what is sent and when, and what nobody may send. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { DecideBody } from '#core/linkage/review/commands.ts'
import type { ReviewPair } from '#core/linkage/review/review-queue.ts'
import type { LinkServices } from '../../../services/console/review/link-services.ts'
import type { ReviewView } from '../../../services/console/review/view.ts'
import { type TestConsole, testConsole } from './test-console.ts'

const RECORD = (digit: string) => `patient/p1_${digit.repeat(43)}`
const pairs = ['a', 'b', 'c'].map(
  (digit, n): ReviewPair => ({
    ...{ pair: digit.repeat(24), changes: 3 - n, gain: 1.5 - n / 2 },
    explained: {
      records: [RECORD(digit), RECORD('z')],
      ...{ model: 'm', decided_by: 'model', edge: null, one_person: false, prior: -3, weight: -1, probability: 0.33 },
      classes: [{ name: 'twins', one_person: false, probability: 0.6 }],
      fields: [{ trait: 'family_name', level: 'equal', weight: 2, removed: 2, frequency: null }],
    },
  }),
)

let own: TestConsole | undefined
let sent: DecideBody[] = []
let down = false
afterEach(async () => {
  await own?.close()
  own = undefined
  sent = []
  down = false
})

const links: LinkServices = {
  async review({ clerical }) {
    const kind = clerical === undefined ? 'queue' : 'clerical'
    const of = { model: 'm', compared: 9, known: 9, in_band: 3, strata: [], pairs }
    return { kind: 'answer', value: { format: 'chainon-link-review/2', kind, ...of } }
  },
  pair: async () => ({ kind: 'refused', detail: 'RECORD_B is not in the linkage index, or it is cancelled' }),
  person: async () => ({ kind: 'failed', detail: 'the linker does not answer' }),
  history: async () => ({ kind: 'failed', detail: 'curate does not answer' }),
  async decide(body) {
    if (down) return { kind: 'failed', detail: 'curate does not answer' }
    sent.push(body)
    return { kind: 'answer', text: '{}' }
  },
}

async function begin(env: NodeJS.ProcessEnv = {}) {
  own = await testConsole(undefined, env, links)
  const { app, cookie, otherCookie } = own
  const logIn = async (user: string) => {
    const password = readFileSync(join(own?.folder ?? '', `${user}.password`), 'utf8').trim()
    const answer = await app.inject({
      ...{ method: 'POST', url: '/login', payload: new URLSearchParams({ user, password }).toString() },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    return String(answer.headers['set-cookie']).split(';')[0] ?? ''
  }
  const get = (url: string, as = cookie) => app.inject({ url, headers: { cookie: as } })
  const view = async (list = 'queue', as = cookie, more = '') =>
    (await get(`/api/link/review?list=${list}${more}`, as)).json<ReviewView>()
  const post = async (pair: string, verdict: string, as = cookie, list = 'queue', over: object = {}) => {
    const { csrf_token } = (await get('/api/session', as)).json<{ csrf_token: string }>()
    const headers = { cookie: as, 'x-csrf-token': csrf_token, ...over }
    return app.inject({ method: 'POST', url: '/api/link/verdict', headers, payload: { list, pair, verdict } })
  }
  // The list is made when it is first asked for.
  while ((await view()).state === 'making') await new Promise((resolve) => setImmediate(resolve))
  return { app, cookie, otherCookie, logIn, get, view, post }
}
const settled = () => new Promise((resolve) => setTimeout(resolve, 20))
const name = (digit: string) => digit.repeat(24)

test('a verdict is kept and sent with the name of the account, is in the journal, and is taken back by a withdrawal', async () => {
  const { view, post } = await begin()
  expect(await view()).toMatchObject({ state: 'ready', done: 0, left: 3, gain_left: 3, reviewer: 'operator' })
  expect((await post(name('a'), 'never')).json()).toMatchObject({ result: 'sending' })
  await settled()
  expect(sent).toEqual([
    {
      ...{ id: expect.stringMatching(/^[0-9a-f]{16}$/), decision: 'never', records: [RECORD('a'), RECORD('z')] },
      ...{ reason: 'review-alone', by: 'operator' },
    },
  ])
  const noted = own?.entries.filter(({ action }) => action === 'link-decide')
  expect(noted).toMatchObject([{ actor: 'console:operator', object: `decision:${sent[0]?.id}` }])
  expect(await view()).toMatchObject({ done: 1, left: 2, gain_left: 1.5, unsent: 0 })
  expect((await post(name('a'), 'back')).json()).toMatchObject({ result: 'back' })
  expect(sent.at(-1)).toMatchObject({ decision: 'withdraw', reason: 'review-undone' })
  expect((await post(name('b'), 'unsure')).json()).toMatchObject({ result: 'taken' })
  // Nobody is asked twice; what is in doubt decides nothing.
  expect((await post(name('b'), 'accept')).json()).toMatchObject({ result: 'others' })
  expect(sent).toHaveLength(2)
  expect(await view()).toMatchObject({ done: 1, left: 2, agreement: { unsure: 1 } })
})

test('where two must agree, one decides nothing and is shown nothing of the other; two who differ leave it to a third', async () => {
  const { view, post, logIn } = await begin({ CHAINON_LINKAGE_REVIEWERS: '2' })
  const anna = await logIn('anna')
  for (const digit of ['a', 'b']) await post(name(digit), 'never')
  await settled()
  expect(sent).toEqual([])
  const hers = await view('queue', anna)
  expect(hers).toMatchObject({ reviewer: 'anna', left: 3, done: 0, reviewers: 2 })
  expect(JSON.stringify(hers)).not.toContain('never')
  await post(name('a'), 'never', anna)
  expect((await post(name('b'), 'accept', anna)).json()).toMatchObject({ text: expect.stringContaining('a third') })
  await settled()
  expect(sent).toMatchObject([{ decision: 'never', reason: 'review-two-agree', by: 'operator:anna' }])
  expect((await view('disputes', anna)).left).toBe(0)
  expect(await view()).toMatchObject({ agreement: { pairs: 2, percent: 50, decided: 1, disputed: 1 } })
})

test('what could not be sent is said, waits, and is sent later; a sample is kept as drawn', async () => {
  const { view, post } = await begin()
  down = true
  await post(name('a'), 'accept')
  await settled()
  expect(await view()).toMatchObject({ unsent: 1, problem: 'curate does not answer' })
  expect((await post(name('a'), 'back')).json()).toMatchObject({ result: 'back' })
  await post(name('c'), 'never')
  await settled()
  down = false
  await view('queue', undefined, '&fresh=1')
  await settled()
  await view()
  await settled()
  expect(await view()).toMatchObject({ unsent: 0, problem: null })
  expect(sent.map(({ decision, records }) => [decision, records[0]])).toEqual([['never', RECORD('c')]])
  await view('clerical')
  await settled()
  await post(name('b'), 'accept', undefined, 'clerical')
  const lines = readFileSync(join(own?.folder ?? '', 'link-reviews', 'verdicts.jsonl'), 'utf8').split('\n')
  const drawn = lines.filter(Boolean).map((line) => JSON.parse(line) as { entry: string; drawn?: true })
  expect(drawn.filter((one) => one.drawn).map(({ entry }) => entry)).toContain('accept')
})

test('who is not logged in, may not review, or has no token of the page, changes and reads nothing', async () => {
  const { app, get, post, otherCookie, cookie } = await begin()
  const paths = ['/api/link/review?list=queue', `/api/link/explain?a=${RECORD('a')}`]
  for (const url of paths) {
    expect((await app.inject(url)).statusCode).toBe(401)
    expect((await get(url, otherCookie)).json()).toMatchObject({ status: 403, title: 'not-a-reviewer' })
  }
  expect((await post(name('a'), 'never', otherCookie)).statusCode).toBe(403)
  expect((await post(name('a'), 'never', cookie, 'queue', { 'x-csrf-token': 'x' })).statusCode).toBe(403)
  expect((await post('d'.repeat(24), 'never')).statusCode).toBe(422)
  expect((await post('../../x', 'never')).statusCode).toBe(400)
  for (const page of ['/review', '/explain']) {
    const answer = await app.inject(page)
    expect([answer.statusCode, answer.headers.location]).toEqual([303, '/login'])
    expect((await get(page)).headers['content-type']).toContain('text/html')
  }
  await settled()
  expect(sent).toEqual([])
})

test('of an explanation a wrong name, an unknown record and a service that is down are told apart, without the value', async () => {
  const { get } = await begin()
  const asked = async (query: string) =>
    (await get(`/api/link/explain?${query}`)).json<{ status: number; detail: string }>()
  const wrong = await asked(`a=${encodeURIComponent('Zoé Vasselin')}`)
  expect(wrong).toMatchObject({ status: 422, detail: expect.stringContaining('<feed>/p1_') })
  expect(JSON.stringify(wrong)).not.toContain('Vasselin')
  expect(await asked(`a=${RECORD('a')}&b=${RECORD('b')}`)).toMatchObject({
    ...{ status: 422, detail: 'RECORD_B is not in the linkage index, or it is cancelled' },
  })
  expect(await asked(`a=${RECORD('a')}`)).toMatchObject({ status: 503, detail: 'the linker does not answer.' })
})
