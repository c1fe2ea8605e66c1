/**
 * The decider of a task whose sinks write to a memory log in transactions. It talks to the coordinator as a client does that
 * cannot look inside: any answer but a positive one loses the transaction, and only a new `open` can tell what became of it.
 */
import { MillraceError } from '../../errors.ts'
import { answer } from '../answer.ts'
import type { CommitIdentity, Decider, Decision } from '../decider.ts'
import type { Position } from '../position.ts'
import type { Answer, Coordinator } from './coordinator.ts'
import { MemoryOutlet } from './outlet.ts'
import type { MemoryRow, MemorySplit } from './split.ts'

/**
 * What becomes of the next end of a transaction, of which no answer comes: it is carried out, it is lost on the way, or it
 * arrives when `land` is called.
 */
export type LostAnswer = 'applied' | 'lost' | 'late'

/** The network between a decider and the coordinator, with the faults that a test has asked for. */
export class Wire {
  readonly #faults: LostAnswer[] = []
  #late: (() => unknown)[] = []

  lose(how: LostAnswer): void {
    this.#faults.push(how)
  }

  /** Requests that are late arrive now. */
  land(): void {
    for (const request of this.#late.splice(0)) request()
  }

  end(request: () => Answer): Answer | undefined {
    const fault = this.#faults.shift()
    if (fault === undefined) return request()
    if (fault === 'applied') request()
    else if (fault === 'late') this.#late.push(request)
    return undefined
  }
}

export interface MemoryDeciderOptions {
  /** `{subTopology}/{task}`. */
  readonly id: string
  readonly coordinator: Coordinator
  readonly wire: Wire
  readonly splitAt: (topic: string, partition: number) => MemorySplit
  readonly rowsMax: number
}

export class MemoryDecider implements Decider {
  readonly outlet: MemoryOutlet
  readonly #options: MemoryDeciderOptions
  #epoch = 0
  /** The first answer that was not positive. */
  #refused: Answer = 'ok'
  /** Undefined: not open, or lost. */
  #phase: 'idle' | 'begun' | 'prepared' | undefined = undefined

  constructor(options: MemoryDeciderOptions) {
    this.#options = options
    this.outlet = new MemoryOutlet(options.rowsMax, ({ topic, partition, row }) =>
      this.#append(options.splitAt(topic, partition), row),
    )
  }

  open(): Promise<{ readonly head: CommitIdentity } | 'missing'> {
    return answer(() => {
      const { id, coordinator } = this.#options
      this.#epoch = coordinator.init(id)
      this.#refused = 'ok'
      this.#phase = 'idle'
      this.outlet.reset()
      const committed = coordinator.committed(id)
      if (committed === undefined) return 'missing'
      return { head: { seq: committed.seq, id: committed.id } }
    })
  }

  begin(): Promise<void> {
    return answer(() => {
      this.#expect('idle', 'begin')
      this.#phase = 'begun'
      this.outlet.begin()
    })
  }

  prepare(
    commit: CommitIdentity & { readonly positions: ReadonlyMap<string, Position> },
  ): Promise<void> {
    return answer(() => {
      this.#expect('begun', 'prepare')
      if (!this.outlet.frozen)
        throw lifecycle('prepare without a freeze of the outlet: freeze it with the task')
      const { id, coordinator } = this.#options
      this.#note(coordinator.begin(id, this.#epoch))
      this.#note(coordinator.offsets(id, this.#epoch, { ...commit }))
      this.#phase = 'prepared'
    })
  }

  decide(): Promise<Decision> {
    return answer(() => {
      this.#expect('prepared', 'decide')
      const { id, coordinator, wire } = this.#options
      const epoch = this.#epoch
      const answered =
        this.#refused === 'ok' ? wire.end(() => coordinator.end(id, epoch, true)) : this.#refused
      if (answered === 'ok') {
        this.#phase = 'idle'
        this.outlet.decided()
        return 'decided'
      }
      this.#lose()
      return answered === 'fenced' ? 'fenced' : 'unknown'
    })
  }

  abort(): Promise<void> {
    return answer(() => {
      this.#options.coordinator.end(this.#options.id, this.#epoch, false)
      this.#lose()
    })
  }

  close(): Promise<void> {
    return this.#phase === undefined ? Promise.resolve() : this.abort()
  }

  #append(split: MemorySplit, row: MemoryRow): void {
    const { id, coordinator } = this.#options
    this.#note(coordinator.begin(id, this.#epoch))
    if (this.#refused === 'ok') this.#note(coordinator.append(id, this.#epoch, split, row))
  }

  #note(answered: Answer): void {
    if (this.#refused === 'ok') this.#refused = answered
  }

  #lose(): void {
    this.#phase = undefined
    this.outlet.lose()
  }

  #expect(phase: 'idle' | 'begun' | 'prepared', verb: string): void {
    if (this.#phase === phase) return
    throw lifecycle(
      this.#phase === undefined
        ? `${verb} on a decider that is not open, or has lost its transaction: open it`
        : `${verb} on a decider that is ${this.#phase}: it takes begin, prepare, decide in turn`,
    )
  }
}

function lifecycle(what: string): MillraceError {
  return new MillraceError('MILLRACE_LIFECYCLE', what)
}
