/** The suite of stores on state in memory, and on states that break the contract in one point each. */
import { expect } from 'chai'
import { realEnv } from '../../src/env.ts'
import { level } from '../../src/level.ts'
import type { LevelOptions } from '../../src/level.ts'
import { memoryState } from '../../src/state/memory/index.ts'
import { MemoryTaskState } from '../../src/state/memory/task-state.ts'
import type { StoreDelta, TaskState } from '../../src/state/state.ts'
import type { KeyValueStore, StoreSpec } from '../../src/state/store.ts'
import { storeSuite } from '../../src/testing/conformance/store.ts'
import type { StoreSubject } from '../../src/testing/conformance/store.ts'
import { tempDir } from '../log/temp-dir.ts'

type AnyStore = KeyValueStore<unknown, unknown>

function subject(state: () => Promise<TaskState>): () => Promise<StoreSubject> {
  return () => Promise.resolve({ state, dispose: () => Promise.resolve() })
}

/** State in memory, whose stores or deltas are spoiled on their way out. */
class Spoiled extends MemoryTaskState {
  readonly #stores: (store: AnyStore) => Partial<AnyStore>
  readonly #deltas: (delta: StoreDelta) => StoreDelta

  constructor(
    stores: (store: AnyStore) => Partial<AnyStore>,
    deltas: (delta: StoreDelta) => StoreDelta = (delta) => delta,
  ) {
    super()
    this.#stores = stores
    this.#deltas = deltas
  }

  override open<S>(spec: StoreSpec<S>): S {
    const store = super.open(spec) as AnyStore
    return {
      name: store.name,
      get: (key: unknown) => store.get(key),
      put: (key: unknown, value: unknown) => store.put(key, value),
      delete: (key: unknown) => store.delete(key),
      range: (...range: Parameters<AnyStore['range']>) => store.range(...range),
      prefix: (...prefix: Parameters<AnyStore['prefix']>) => store.prefix(...prefix),
      all: (...all: Parameters<AnyStore['all']>) => store.all(...all),
      ...this.#stores(store),
    } as S
  }

  override freeze(): readonly StoreDelta[] {
    return super.freeze().map(this.#deltas)
  }
}

function handsOutFrozenObjects(store: AnyStore): Partial<AnyStore> {
  const objects = new Map<unknown, unknown>()
  return {
    get: (key) => objects.get(key) ?? store.get(key),
    put: (key, value) => {
      objects.set(key, value)
      store.put(key, value)
    },
  }
}

const faults: readonly [string, () => TaskState, string][] = [
  [
    'hands out what it froze',
    () => new Spoiled(handsOutFrozenObjects),
    'never shows in a frozen delta what was changed behind the freeze',
  ],
  [
    'takes every key as text',
    () =>
      new Spoiled((store) => ({
        get: (key) => store.get(String(key)),
        put: (key, value) => store.put(String(key), value),
      })),
    'tells keys apart by their bytes',
  ],
  [
    'leaves deletions out of its deltas',
    () =>
      new Spoiled(
        () => ({}),
        (delta) => ({ ...delta, ops: delta.ops.filter(({ value }) => value !== null) }),
      ),
    'is restored by the fold of its deltas',
  ],
  [
    'leaves out the upper bound',
    () =>
      new Spoiled((store) => ({
        range: (from, to) => [...store.range(from, to)].filter(([key]) => key !== to),
      })),
    'includes both bounds of a range, and leaves a side open',
  ],
  [
    'refuses ordered reads when they are begun only',
    () =>
      new Spoiled((store) => ({
        *all() {
          yield* store.all()
        },
      })),
    'refuses ordered reads of a store that does not declare them',
  ],
]

/** However little of the state is in memory. */
const disks: Readonly<Record<string, LevelOptions>> = {
  'with room for everything': {},
  'one decoded value, one due entry': { cacheEntries: 1, dueFront: 1 },
  'a few of each': { cacheBytes: 2_000, dueFront: 7 },
}

/** Each state is a task of its own, in one directory. */
function onDisk(options: LevelOptions): () => Promise<StoreSubject> {
  return async () => {
    const temp = await tempDir()
    const { dir } = temp
    const spec = level({ dir, ...options })
    const open: TaskState[] = []
    return {
      state: async () => {
        const task = String(open.length)
        const state = await spec.open({ app: 'a', subTopology: 's', task, env: realEnv(), dir })
        open.push(state)
        return state
      },
      dispose: async () => {
        for (const state of open) await state.close()
        await temp.remove()
      },
    }
  }
}

describe('conformance of stores', () => {
  describe('memory', () => {
    const place = { app: 'a', subTopology: 's', task: '0', env: realEnv(), dir: '/nowhere' }
    const make = subject(() => memoryState().open(place))
    for (const { title, run } of storeSuite(make)) it(title, run)
  })

  for (const [what, options] of Object.entries(disks)) {
    describe(`level, ${what}`, () => {
      for (const { title, run } of storeSuite(onDisk(options))) it(title, run)
    })
  }

  for (const [fault, make, title] of faults) {
    it(`finds a state that ${fault}`, async () => {
      const cases = storeSuite(subject(() => Promise.resolve(make())))
      const error: unknown = await cases
        .find((c) => c.title === title)!
        .run()
        .then(
          () => undefined,
          (reason: unknown) => reason,
        )
      expect(error).to.have.property('name', 'ConformanceError')
    })
  }
})
