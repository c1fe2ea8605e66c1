/**
 * The least there is to a staged sink: a list, and the set of what was published. On request it breaks the contract in
 * one point, so that the suite is seen to notice.
 */
import type { Section, Sink, SinkContext, SinkPort } from '../../../src/sink.ts'
import type { SinkSubject } from '../../../src/testing/conformance/sink.ts'

export type Fault =
  | 'writes at once'
  | 'keeps what it gave'
  | 'publishes twice'
  | 'trusts its memory'
  | 'ignores the task'
  | 'keeps the object'
  | 'leaves the full row'
  | 'turns rows round'

export interface Item {
  n: number
  pad: string
}

export const listOptions = { fullAtBytes: 800, spoils: true }

export function subjectWith(fault?: Fault): () => Promise<SinkSubject<Item>> {
  return () => {
    const target = { rows: [] as Item[], published: new Set<string>() }
    return Promise.resolve({
      sink: listSink(target, fault),
      dir: '/nowhere',
      value: (n, bytes) => ({ n, pad: 'x'.repeat(bytes) }),
      spoil: (value) => (value.n = -1),
      visible: () => Promise.resolve(target.rows.map(({ n }) => n)),
      dispose: () => Promise.resolve(),
    })
  }
}

type Target = { rows: Item[]; published: Set<string> }

function listSink(target: Target, fault: Fault | undefined): Sink<Item> {
  return {
    kind: 'millrace.sink',
    type: 'list',
    target: 'list',
    decides: 'log',
    open: (ctx) => Promise.resolve(new ListPort(target, fault, ctx)),
  }
}

class ListPort implements SinkPort<Item> {
  readonly #target: Target
  readonly #fault: Fault | undefined
  readonly #published: Set<string>
  readonly #task: string
  #rows: Item[] = []

  constructor(target: Target, fault: Fault | undefined, ctx: SinkContext) {
    this.#target = target
    this.#fault = fault
    this.#published = fault === 'trusts its memory' ? new Set() : target.published
    this.#task = fault === 'ignores the task' ? '' : ctx.task
  }

  open(): Promise<void> {
    return Promise.resolve()
  }

  write(_key: unknown, value: Item): boolean {
    if (this.#fault === 'writes at once') this.#target.rows.push(value)
    const full = this.#rows.reduce((sum, row) => sum + row.pad.length, value.pad.length) >= 800
    if (full && this.#fault === 'leaves the full row') return false
    this.#rows.push(this.#fault === 'keeps the object' ? value : { ...value })
    return !full
  }

  freeze(): readonly Section[] {
    if (this.#rows.length === 0) return []
    const rows = this.#fault === 'turns rows round' ? this.#rows.toReversed() : this.#rows
    if (this.#fault !== 'keeps what it gave') this.#rows = []
    return [{ lane: 'rows', rows: rows.length, bytes: Buffer.from(JSON.stringify(rows)) }]
  }

  publish(section: Section, { seq }: { seq: number }): Promise<void> {
    const id = `${this.#task}/${seq}`
    if (this.#published.has(id) && this.#fault !== 'publishes twice') return Promise.resolve()
    this.#published.add(id)
    this.#target.rows.push(...(JSON.parse(Buffer.from(section.bytes).toString()) as Item[]))
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
