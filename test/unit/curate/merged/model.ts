/**
 * A model of a merged insert and its recovery, small enough that every interleaving is visited. Two partitions are in one merged insert
 * of the worker `owner`, whose intents are committed. Then partition 1 moves to another worker, which recovers it; partition 2 moves to a
 * third one, or stays with the owner, which does not know of the rebalance yet.
 *
 * ClickHouse takes a statement in two moments: it stores the token (a stored one drops the statement), then the rows. A statement can wait
 * in the network for as long as it likes, its sender can give it up, and ClickHouse can be killed between the two moments.
 */

/** The parts of the protocol, each of which can be left out to see what it is for. */
export interface Protocol {
  /** A recovery inserts its rows under the token of the merged block first. */
  readonly claims: boolean
  /** After each of its inserts it waits until no statement with that token runs, before it looks its rows up. */
  readonly settles: boolean
  /** It stores a fence before its first claim, and the owner looks for the fence before it commits. */
  readonly fences: boolean
  /** The owner also looks for the fence before the last table, that of the tiles: a worker that finds a tile looks no further. */
  readonly fencesTiles: boolean
}

export interface Scenario {
  readonly tables: number
  /** Whether partition 2 stays with the owner of the merged insert. */
  readonly keeps: boolean
  /** How many times ClickHouse is killed, a worker is, and an answer is not waited for. */
  readonly kills: number
  readonly deaths: number
  readonly timeouts: number
}

type Partition = 1 | 2

interface Statement {
  readonly token: string
  readonly table: number
  readonly partitions: readonly Partition[]
  /** `held` in the network, `token` stored and the rows not yet, `answered`, or `lost` with ClickHouse's process. */
  phase: 'held' | 'token' | 'answered' | 'lost'
}

interface Worker {
  readonly partition: Partition | 'both'
  at: 'open' | 'insert' | 'merged' | 'check' | 'fence' | 'look' | 'claim' | 'settle' | 'own' | 'commit' | 'end'
  table: number
  /** Whether the merged token of the table is known to be stored. */
  claimed: boolean
  /** How many inserts under its own tokens were answered. */
  answered: number
  /** The statement that it waits for. */
  waits: number
  /** The token of that statement, or of the last one. */
  token: string
}

interface State {
  readonly statements: Statement[]
  readonly workers: Worker[]
  /** `<table>:<partition>` to how many times its rows are stored. */
  readonly rows: Record<string, number>
  readonly tokens: string[]
  readonly committed: Partition[]
  fenced: boolean
  kills: number
  deaths: number
  timeouts: number
}

export interface Explored {
  readonly states: number
  readonly lost: boolean
  readonly doubled: boolean
}

const MERGED = 'merged'
const BOTH: readonly Partition[] = [1, 2]

/** Visits every state that can be reached. */
export function explore(protocol: Protocol, scenario: Scenario): Explored {
  const queue: State[] = [begin(scenario)]
  const seen = new Set<string>()
  let [lost, doubled] = [false, false]
  for (let state = queue.pop(); state; state = queue.pop()) {
    for (const next of successors(state, protocol, scenario)) {
      forget(next)
      const key = JSON.stringify(next)
      if (seen.has(key)) continue
      seen.add(key)
      queue.push(next)
      doubled ||= Object.values(next.rows).some((times) => times > 1)
      lost ||= next.committed.some((partition) =>
        Array.from({ length: scenario.tables }, (_, table) => next.rows[`${table}:${partition}`]).includes(undefined),
      )
    }
  }
  return { states: seen.size, lost, doubled }
}

/** Statements that are over and that nobody waits for make no difference, and neither does the order of the others. */
function forget(state: State): void {
  const waiting = state.workers
    .filter(isWaiting)
    .map((worker) => ({ worker, statement: at(state.statements, worker.waits) }))
  for (const worker of state.workers) {
    worker.waits = -1
    if (worker.at !== 'settle' && !isWaiting(worker)) worker.token = ''
  }
  const kept = state.statements.filter(
    (one) => one.phase === 'held' || one.phase === 'token' || waiting.some(({ statement }) => statement === one),
  )
  const keys = new Map(kept.map((one) => [one, JSON.stringify(one)]))
  kept.sort((a, b) => ((keys.get(a) ?? '') < (keys.get(b) ?? '') ? -1 : 1))
  for (const { worker, statement } of waiting) worker.waits = kept.indexOf(statement)
  state.statements.splice(0, state.statements.length, ...kept)
}

const recovery = (partition: Partition, from: 'open' | 'fence'): Worker => ({
  partition,
  at: from,
  table: 0,
  claimed: false,
  answered: 0,
  waits: -1,
  token: '',
})

function begin({ keeps, kills, deaths, timeouts }: Scenario): State {
  const owner: Worker = { partition: 'both', at: 'insert', table: 0, claimed: false, answered: 0, waits: -1, token: '' }
  const workers = [owner, recovery(1, 'open'), ...(keeps ? [] : [recovery(2, 'open')])]
  return { statements: [], workers, rows: {}, tokens: [], committed: [], fenced: false, kills, deaths, timeouts }
}

const copyOf = (state: State): State => ({
  ...state,
  statements: state.statements.map((statement) => ({ ...statement })),
  workers: state.workers.map((worker) => ({ ...worker })),
  rows: { ...state.rows },
  tokens: [...state.tokens],
  committed: [...state.committed],
})

function successors(state: State, protocol: Protocol, scenario: Scenario): readonly State[] {
  const next: State[] = []
  const step = (change: (state: State) => void) => {
    const copy = copyOf(state)
    change(copy)
    next.push(copy)
  }
  for (const [id, { phase }] of state.statements.entries()) {
    if (phase === 'held') step((to) => arrives(to, at(to.statements, id)))
    if (phase === 'token') step((to) => stores(to, at(to.statements, id)))
  }
  if (state.kills > 0 && state.statements.some(({ phase }) => phase === 'token'))
    step((to) => {
      to.kills--
      for (const statement of to.statements) if (statement.phase === 'token') statement.phase = 'lost'
    })
  for (const [id, worker] of state.workers.entries()) {
    if (worker.at === 'end') continue
    if (mayStep(state, worker)) step((to) => works(to, at(to.workers, id), protocol, scenario))
    if (isWaiting(worker) && state.timeouts > 0)
      step((to) => {
        to.timeouts--
        unknown(at(to.workers, id), scenario)
      })
    if (state.deaths > 0)
      step((to) => {
        to.deaths--
        const dead = at(to.workers, id)
        dead.at = 'end'
        // The partition's next worker recovers it from the beginning.
        if (dead.partition !== 'both' || scenario.keeps)
          to.workers.push(recovery(dead.partition === 'both' ? 2 : dead.partition, 'open'))
      })
  }
  return next
}

function arrives(state: State, statement: Statement): void {
  if (state.tokens.includes(statement.token)) {
    statement.phase = 'answered'
    return
  }
  state.tokens.push(statement.token)
  state.tokens.sort()
  statement.phase = 'token'
}

function stores(state: State, statement: Statement): void {
  statement.phase = 'answered'
  for (const partition of statement.partitions) {
    const key = `${statement.table}:${partition}`
    state.rows[key] = (state.rows[key] ?? 0) + 1
  }
}

const isWaiting = ({ at: where }: Worker) => where === 'merged' || where === 'claim' || where === 'own'

function mayStep(state: State, worker: Worker): boolean {
  if (isWaiting(worker)) return !['held', 'token'].includes(at(state.statements, worker.waits).phase)
  if (worker.at !== 'settle') return true
  return !state.statements.some(({ token, phase }) => token === worker.token && phase === 'token')
}

function send(state: State, worker: Worker, where: Worker['at'], token: string): void {
  const { table, partition } = worker
  const partitions = partition === 'both' ? BOTH : [partition]
  worker.token = `${token}:${table}`
  worker.waits = state.statements.push({ token: worker.token, table, partitions, phase: 'held' }) - 1
  worker.at = where
}

/** The outcome of the statement that it waits for is not known. */
function unknown(worker: Worker, { keeps }: Scenario): void {
  if (worker.partition !== 'both') worker.at = 'look'
  else recoverKept(worker, keeps)
}

/** The owner resolves what it still owns like any other worker. */
function recoverKept(worker: Worker, keeps: boolean): void {
  Object.assign(worker, keeps ? recovery(2, 'fence') : { at: 'end' })
}

function works(state: State, worker: Worker, protocol: Protocol, { tables, keeps }: Scenario): void {
  const stored = () => state.rows[`${worker.table}:${worker.partition}`] !== undefined
  const nextTable = (where: Worker['at'], last: Worker['at']) => {
    worker.table++
    worker.claimed = false
    worker.answered = 0
    worker.at = worker.table < tables ? where : last
  }
  switch (worker.at) {
    case 'insert':
      return send(state, worker, 'merged', MERGED)
    case 'merged':
      if (at(state.statements, worker.waits).phase === 'lost') return recoverKept(worker, keeps)
      return nextTable(
        protocol.fencesTiles && worker.table + 2 === tables ? 'check' : 'insert',
        protocol.fences ? 'check' : 'commit',
      )
    case 'check':
      if (state.fenced) return recoverKept(worker, keeps)
      worker.at = worker.table < tables ? 'insert' : 'commit'
      return undefined
    case 'open':
      worker.at = state.rows[`${tables - 1}:${worker.partition}`] === undefined ? 'fence' : 'commit'
      return undefined
    case 'fence':
      state.fenced = true
      worker.at = 'look'
      return undefined
    case 'look':
      if (stored()) return nextTable('look', 'commit')
      if (protocol.claims && !worker.claimed) return send(state, worker, 'claim', MERGED)
      return send(state, worker, 'own', `of-${worker.partition}-${worker.answered}`)
    case 'claim':
    case 'own':
      if (at(state.statements, worker.waits).phase === 'lost') {
        worker.at = 'look'
        return undefined
      }
      if (worker.at === 'claim') worker.claimed = true
      else worker.answered++
      worker.at = protocol.settles ? 'settle' : 'look'
      return undefined
    case 'settle':
      worker.at = 'look'
      return undefined
    case 'commit':
      worker.at = 'end'
      // The owner's commit counts for what it keeps; that for a partition that moved is rejected.
      for (const partition of BOTH)
        if (partition === worker.partition || (worker.partition === 'both' && partition === 2 && keeps))
          state.committed.push(partition)
      return undefined
    case 'end':
      return undefined
  }
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index]
  if (found === undefined) throw new Error('the model names what it does not have')
  return found
}
