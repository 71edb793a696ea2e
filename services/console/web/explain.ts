/** The page `/explain`: what is asked is in its address, so that it can be opened again. */
import { render } from 'preact'
import type { ExplainView } from '../review/view.ts'
import { byId } from './lib/html.ts'
import { ask } from './lib/link-api.ts'
import { explainPage } from './panels/explain.ts'

const root = byId('page')
const given = new URLSearchParams(location.search)
let a = given.get('a') ?? ''
let b = given.get('b') ?? ''
let asking = false
let problem = ''
let view: ExplainView | null = null

function draw(): void {
  render(
    explainPage({
      ...{ a, b, asking, problem, view },
      ask(one, other) {
        a = one
        b = other
        history.replaceState(null, '', `/explain?${query()}`)
        void load()
      },
    }),
    root,
  )
}

const query = () => new URLSearchParams(b === '' ? { a } : { a, b }).toString()

async function load(): Promise<void> {
  const asked = query()
  asking = true
  view = null
  problem = ''
  draw()
  const answer = await ask<ExplainView>(`/api/link/explain?${asked}`)
  if (asked !== query()) return
  asking = false
  if (answer.ok) view = answer.value
  else problem = answer.problem
  draw()
}

draw()
if (a !== '') void load()
