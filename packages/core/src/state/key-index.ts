/**
 * How a store finds a key without encoding it. Text, numbers and bigints of the serdes below index by themselves, as a Map
 * tells them apart exactly as their bytes do; every other key, and every key of another serde, goes by its bytes.
 */
import { textOf } from './byte-text.ts'
import { keyCodec } from '../serde/key-codec.ts'
import type { Serde } from '../serde/serde.ts'
import { string } from '../serde/string.ts'
import type { Keyed } from './sorted-keys.ts'

export class KeyIndex<K, E extends Keyed> {
  readonly #serde: Serde<K>
  readonly #texts: boolean
  readonly #numbers: boolean
  /** In two maps: the text of some key's bytes may be another key. */
  readonly #bySelf = new Map<K, E>()
  readonly #byBytes = new Map<string, E>()
  /** The key found last, of those that index by themselves. */
  #lastKey: K | undefined = undefined
  #last: E | undefined = undefined

  constructor(serde: Serde<K>) {
    this.#serde = serde
    const known: unknown = serde
    this.#numbers = known === keyCodec()
    this.#texts = this.#numbers || known === string()
  }

  /** Throws what the serde throws for what is no key. */
  find(key: K): E | undefined {
    // What was just read is what is put next.
    if (key === this.#lastKey && this.#last !== undefined) return this.#last
    if (!this.#isItself(key)) return this.#byBytes.get(textOf(this.#serde.encode(key)))
    this.#lastKey = key
    return (this.#last = this.#bySelf.get(key))
  }

  findBytes(bytes: Uint8Array): E | undefined {
    const key = this.#serde.decode(bytes)
    return this.#isItself(key) ? this.#bySelf.get(key) : this.#byBytes.get(textOf(bytes))
  }

  set(key: K, entry: E): void {
    this.#last = undefined
    if (this.#isItself(key)) this.#bySelf.set(key, entry)
    else this.#byBytes.set(textOf(entry.bytes), entry)
  }

  *values(): Generator<E> {
    yield* this.#bySelf.values()
    yield* this.#byBytes.values()
  }

  remove(key: K, entry: E): void {
    this.#last = undefined
    if (this.#isItself(key)) this.#bySelf.delete(key)
    else this.#byBytes.delete(textOf(entry.bytes))
  }

  /** NaN equals itself in a Map and is refused by the codec, so it is not among them. */
  #isItself(key: K): boolean {
    switch (typeof key) {
      case 'string':
        return this.#texts
      case 'number':
        return this.#numbers && !Number.isNaN(key)
      case 'bigint':
        return this.#numbers
      default:
        return false
    }
  }
}
