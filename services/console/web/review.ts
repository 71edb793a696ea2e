/** The page `/review`: the state of a session, and its keys. The console keeps a verdict at once, and sends what it decides afterwards: the reviewer does not wait. */
import { render } from 'preact'
import type { ListName, ReviewView, VerdictResult } from '../review/view.ts'
import { byId } from './lib/html.ts'
import { ask } from './lib/link-api.ts'
import { ACTIONS, type ActionName, type ReviewPair, reviewPage } from './panels/review.ts'

const POLL_MS = 1_500

const root = byId('page')
let list: ListName = 'queue'
let view: ReviewView | null = null
let pairs: readonly ReviewPair[] = []
let said = ''
let problem = ''
let busy = false
const skipped = new Set<string>()
const judged: ReviewPair[] = []

const current = () => pairs.find(({ pair }) => !skipped.has(pair))

function draw(): void {
  render(
    reviewPage({
      ...{ list, view, pair: current(), skipped: skipped.size, canGoBack: judged.length > 0, said, problem },
      act: (name) => void act(name),
      choose(next) {
        list = next
        view = null
        forget()
        void load()
      },
      fresh: () => void load('&fresh=1'),
      again() {
        skipped.clear()
        void load()
      },
    }),
    root,
  )
}

/** A list that is another, or was made again. */
function forget(): void {
  pairs = []
  judged.length = 0
  skipped.clear()
  said = ''
}

async function load(more = ''): Promise<void> {
  const asked = list
  const answer = await ask<ReviewView>(`/api/link/review?list=${asked}${more}`)
  // Another list was chosen meanwhile.
  if (asked !== list) return
  if (answer.ok) {
    view = answer.value
    pairs = view.pairs
    problem = view.problem ?? ''
  } else problem = answer.problem
  draw()
}

async function act(name: ActionName): Promise<void> {
  const pair = current()
  if (busy) return
  if (name === 'back') await back()
  else if (!pair) return
  else if (name === 'skip') {
    skipped.add(pair.pair)
    said = 'Skipped.'
  } else await judge(pair, name)
  draw()
  // Not there while another list is read.
  document.getElementById('pair-title')?.focus()
}

async function judge(pair: ReviewPair, verdict: 'accept' | 'never' | 'unsure'): Promise<void> {
  const answer = await send(pair, verdict)
  if (!answer) return
  if (answer.result !== 'others') judged.push(pair)
  pairs = pairs.filter((one) => one !== pair)
  if (view)
    view = { ...view, done: view.done + 1, left: view.left - 1, gain_left: Math.max(0, view.gain_left - pair.gain) }
  // The page has the first pairs of the list only.
  if (!current()) await load()
}

async function back(): Promise<void> {
  const pair = judged.at(-1)
  if (!pair) return
  const answer = await send(pair, 'back')
  if (answer?.result !== 'back') return
  judged.pop()
  await load()
  pairs = [pair, ...pairs.filter((one) => one.pair !== pair.pair)]
}

/** One at a time: a key that is pressed while one is sent is for the next pair, which nobody has seen. */
async function send(pair: ReviewPair, verdict: string): Promise<VerdictResult | undefined> {
  busy = true
  const answer = await ask<VerdictResult>('/api/link/verdict', { list, pair: pair.pair, verdict })
  busy = false
  problem = answer.ok ? '' : answer.problem
  if (!answer.ok) return undefined
  said = answer.value.text
  return answer.value
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
  const action = ACTIONS.find(({ key }) => key === event.key.toLowerCase())
  if (action) void act(action.name)
})
setInterval(() => {
  if (!busy && (view?.state === 'making' || (view?.unsent ?? 0) > 0)) void load()
}, POLL_MS)
draw()
void load()
