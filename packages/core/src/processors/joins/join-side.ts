/**
 * JoinSide: one side of a stream-stream join: its window, its rows, those of them that wait for a partner, and the way in for rows.
 */
import type { Serde } from '../../serde/serde.ts'
import type { KeyValueStore, DueStore, StoreSpec } from '../../state/store.ts'
import type { JoinWindow } from '../../time/join-window.ts'
import type { Node } from '../node.ts'
import type { Receiver } from '../processor.ts'
import type { Row } from '../row.ts'
import type { KeyRows, Part } from './key-rows.ts'
import { SideRows } from './side-rows.ts'
import { Waiting } from './waiting.ts'

/** What the DSL says of a side. */
export interface SideOptions {
  readonly name: 'left' | 'right'
  /** As this side sees it. */
  readonly window: JoinWindow
  readonly value: Serde<unknown>
  readonly stores: SideStores
}

/** `waiting` makes it an outer side: its rows leave without a partner if none comes. `times`: stream time only. */
export interface SideStores {
  readonly rows: StoreSpec<KeyValueStore<unknown, KeyRows>>
  readonly parts: StoreSpec<KeyValueStore<Uint8Array, Part>>
  readonly expiry: StoreSpec<DueStore<null>>
  readonly waiting: StoreSpec<DueStore<Uint8Array>> | undefined
  readonly times: StoreSpec<KeyValueStore<number, number>> | undefined
}

/** Takes the rows of both sides. */
export interface RowTaker {
  take(side: JoinSide, key: unknown, value: unknown, row: Row): void
}

export class JoinSide implements Receiver {
  readonly name: 'left' | 'right'
  readonly isLeft: boolean
  readonly window: JoinWindow
  readonly #stores: SideStores
  readonly #value: Serde<unknown>
  readonly #join: RowTaker
  other!: JoinSide
  rows!: SideRows
  /** Undefined: not an outer side. */
  waiting: Waiting | undefined = undefined

  constructor({ name, window, value, stores }: SideOptions, join: RowTaker) {
    this.name = name
    this.isLeft = name === 'left'
    this.window = window
    this.#value = value
    this.#stores = stores
    this.#join = join
  }

  open(node: Node, key: Serde<unknown>): void {
    const { rows, parts, expiry, waiting, times } = this.#stores
    this.rows = new SideRows(key, {
      rows: node.store(rows),
      parts: node.store(parts),
      expiry: node.store(expiry),
    })
    if (waiting !== undefined)
      this.waiting = new Waiting(key, {
        rows: node.store(waiting),
        times: times === undefined ? undefined : node.store(times),
      })
  }

  process(key: unknown, value: unknown, row: Row): void {
    this.#join.take(this, key, value, row)
  }

  /** Never the array of the value itself, which its owner may change. */
  encode(value: unknown): Uint8Array {
    const bytes = this.#value.encode(value)
    return (bytes as unknown) === value ? bytes.slice() : bytes
  }

  decode(bytes: Uint8Array): unknown {
    return this.#value.decode(bytes)
  }
}
