/**
 * Repartition: writes rows under their new key to a log of the app's own. With each row goes the T that it leaves behind, and before a
 * freeze, to every partition, the T that no row has told: so a window behind the log sees time move where it would have moved
 * without the log (law 5), and closes without further rows.
 */
import { encodeMarker, markerHeader } from '../log/marker.ts'
import type { Headers, MarkingPort } from '../sink.ts'
import type { Node } from './node.ts'
import type { Processor } from './processor.ts'
import type { Row } from './row.ts'

/** What the task knows of itself and its siblings. */
export interface MarkerIdentity {
  readonly task: string
  readonly epoch: number
  readonly tasks: number
  readonly generation: number
}

export class Repartition implements Processor {
  readonly #port: MarkingPort
  readonly #keepsNullKeys: boolean
  /** Undefined under stream time: each node behind has its own T. */
  readonly #identity: MarkerIdentity | undefined
  readonly #idle: () => boolean
  #node!: Node
  #watermark = -Infinity
  /** What the headers below say. */
  #told = NaN
  #headers: Headers = new Map()
  #marked = -Infinity
  #markedIdle: boolean | undefined = undefined
  full = false

  constructor(
    port: MarkingPort,
    keepsNullKeys: boolean,
    identity: MarkerIdentity | undefined,
    idle: () => boolean,
  ) {
    this.#port = port
    this.#keepsNullKeys = keepsNullKeys
    this.#identity = identity
    this.#idle = idle
  }

  open(node: Node): void {
    this.#node = node
  }

  process(key: unknown, value: unknown, row: Row): void {
    const node = this.#node
    node.counters.taken++
    if (key === null && !this.#keepsNullKeys) {
      node.drop('null-key')
      return
    }
    const { headers } = row
    try {
      if (this.#identity !== undefined) row.headers = this.#with(headers, row.watermark)
      if (!this.#port.write(key, value, row)) this.full = true
    } catch (error) {
      row.headers = headers
      node.fail(error)
      return
    }
    row.headers = headers
    node.counters.forwarded++
  }

  advance(watermark: number): void {
    this.#watermark = watermark
  }

  /** The inputs fell silent, or one came back: worth a commit, as those behind wait for it. */
  get changed(): boolean {
    return this.#identity !== undefined && this.#idle() !== (this.#markedIdle ?? false)
  }

  flush(): void {
    const identity = this.#identity
    if (identity === undefined) return
    const idle = this.#idle()
    // The first one counts whatever it says: those behind wait for as many as there are.
    if (this.#watermark <= this.#marked && idle === this.#markedIdle) return
    this.#marked = Math.max(this.#marked, this.#watermark)
    this.#markedIdle = idle
    const marker = { ...identity, watermark: this.#marked, idle, bare: true }
    if (!this.#port.mark(new Map([[markerHeader, encodeMarker(marker)]]))) this.full = true
  }

  #with(headers: Headers | undefined, watermark: number): Headers {
    if (watermark !== this.#told) {
      this.#told = watermark
      const marker = { ...this.#identity!, watermark, idle: false, bare: false }
      this.#headers = new Map([[markerHeader, encodeMarker(marker)]])
    }
    return headers === undefined ? this.#headers : new Map([...headers, ...this.#headers])
  }
}
