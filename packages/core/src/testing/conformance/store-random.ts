/**
 * The part of the suite of stores that draws its runs: a store whose values are changed in place, one whose values are
 * replaced, and a Map as their oracle, with freezes, decisions and restores between any two rows.
 */
import type { StoreDelta } from '../../state/state.ts'
import { seededRandom } from '../seeded-random.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expectEqual } from './expect.ts'
import { opened, restored, shown } from './store-subject.ts'
import type { Opened, StoreSubject } from './store-subject.ts'

interface Sum {
  n: number
  seen: number[]
}

const runs = 25
const steps = 300
const keys: readonly unknown[] = [
  'a',
  'b',
  '1',
  1,
  2,
  -3,
  [1],
  [1, 'a'],
  null,
  true,
  7n,
  '__proto__',
]

export function randomly(of: CaseOf<StoreSubject>): readonly ConformanceCase[] {
  return Array.from({ length: runs }, (_, i) => i + 1).map((seed) =>
    of(`agrees with a map over random rows and freezes, seed ${seed}`, (subject) =>
      new Run(subject, seed).play(),
    ),
  )
}

/** A store and the log of its task in small. */
class Twin {
  readonly decided: StoreDelta[] = []
  readonly undecided: (readonly StoreDelta[])[] = []
  now: Opened<unknown, Sum>
  readonly mutates: boolean

  constructor(now: Opened<unknown, Sum>, mutates: boolean) {
    this.now = now
    this.mutates = mutates
  }

  add(key: unknown, step: number): void {
    const { store } = this.now
    const old = store.get(key)
    if (old !== undefined && this.mutates) {
      old.n += step
      old.seen.push(step)
      store.put(key, old)
    } else {
      store.put(key, { n: (old?.n ?? 0) + step, seen: [...(old?.seen ?? []), step] })
    }
  }
}

class Run {
  readonly #subject: StoreSubject
  readonly #random: () => number
  #oracle = new Map<number, Sum>()
  #decidedOracle = new Map<number, Sum>()
  readonly #undecidedOracles: Map<number, Sum>[] = []
  #twins: readonly Twin[] = []

  constructor(subject: StoreSubject, seed: number) {
    this.#subject = subject
    this.#random = seededRandom(seed)
  }

  async play(): Promise<void> {
    const made = (): Promise<Opened<unknown, Sum>> =>
      opened<unknown, Sum>(this.#subject, { ordered: true })
    this.#twins = [new Twin(await made(), true), new Twin(await made(), false)]
    for (let step = 1; step <= steps; step++) {
      const what = this.#random()
      if (what < 0.7) this.#add(step)
      else if (what < 0.8) this.#delete()
      else if (what < 0.9) this.#freeze()
      else if (what < 0.97) this.#decide()
      else if (what < 0.985) for (const { now } of this.#twins) await now.state.apply()
      else await this.#crash()
      this.#compare(step)
    }
    await this.#crash()
    this.#compare(steps + 1)
  }

  #add(step: number): void {
    const i = this.#pick()
    const old = this.#oracle.get(i)
    this.#oracle.set(i, { n: (old?.n ?? 0) + step, seen: [...(old?.seen ?? []), step] })
    for (const twin of this.#twins) twin.add(keys[i], step)
  }

  #delete(): void {
    const i = this.#pick()
    this.#oracle.delete(i)
    for (const { now } of this.#twins) now.store.delete(keys[i])
  }

  #freeze(): void {
    if (this.#undecidedOracles.length === 2) return
    this.#undecidedOracles.push(new Map(this.#oracle))
    for (const twin of this.#twins) twin.undecided.push(twin.now.state.freeze())
  }

  #decide(): void {
    const oracle = this.#undecidedOracles.shift()
    if (oracle === undefined) return
    this.#decidedOracle = oracle
    for (const twin of this.#twins) {
      twin.decided.push(...twin.undecided.shift()!)
      twin.now.state.decided()
    }
  }

  /** A new owner: what is decided comes back, and nothing else. */
  async #crash(): Promise<void> {
    this.#oracle = new Map(this.#decidedOracle)
    this.#undecidedOracles.length = 0
    for (const twin of this.#twins) {
      twin.undecided.length = 0
      await twin.now.state.close()
      twin.now = await restored<unknown, Sum>(this.#subject, twin.decided, { ordered: true })
    }
  }

  #compare(step: number): void {
    const expected = shown([...this.#oracle].map(([i, value]) => [keys[i], value])).toSorted()
    for (const { now, mutates } of this.#twins) {
      const what = `pairs of the ${mutates ? 'mutating' : 'pure'} twin behind step ${step}`
      // Reading encodes what is frozen, so not behind every step.
      if (step % 7 === 0 || step > steps)
        expectEqual(shown(now.store.all()).toSorted(), expected, what)
    }
  }

  #pick(): number {
    return Math.floor(this.#random() * keys.length)
  }
}
