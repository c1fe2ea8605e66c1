/**
 * What every store must do, in memory or on disk: key-value stores here, order by time in store-due.ts. Law 2 stands on the cases about freezes (store-freeze.ts): what is
 * restored is what was there at the freeze, whatever happened to the objects behind it.
 */
import { bytes } from '../../serde/bytes.ts'
import type { Serde } from '../../serde/serde.ts'
import { string } from '../../serde/string.ts'
import { keyValueStore } from '../../state/key-value.ts'
import { casesOver } from './conformance.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expectEqual, expectThrown } from './expect.ts'
import { ordersByTime } from './store-due.ts'
import { freezing, restoring } from './store-freeze.ts'
import { ordering } from './store-order.ts'
import { randomly } from './store-random.ts'
import { expectValue, opened, storeName } from './store-subject.ts'
import type { StoreSubject } from './store-subject.ts'

export function storeSuite(make: () => Promise<StoreSubject>): readonly ConformanceCase[] {
  const of = casesOver(make)
  return [
    ...keeping(of),
    ...identifying(of),
    ...refusing(of),
    ...ordering(of),
    ...freezing(of),
    ...restoring(of),
    ...randomly(of),
    ...ordersByTime(of),
  ]
}

function keeping(of: CaseOf<StoreSubject>): readonly ConformanceCase[] {
  return [
    of('gives back what was put, and nothing for what was not', async (subject) => {
      const { store } = await opened(subject)
      store.put('a', { n: 1, list: [1, 'x', null] })
      store.put('b', 0)
      store.put('c', '')
      store.put('d', null)
      expectValue(store, 'a', { n: 1, list: [1, 'x', null] })
      expectValue(store, 'b', 0)
      expectValue(store, 'c', '')
      expectValue(store, 'd', null)
      expectValue(store, 'e', undefined)
      expectEqual(store.name, storeName, 'the name')
    }),
    of('keeps the newest value of a key', async (subject) => {
      const { store } = await opened(subject)
      for (let i = 0; i < 5; i++) store.put('k', i)
      expectValue(store, 'k', 4)
    }),
    of('forgets a key that is deleted, and takes it again', async (subject) => {
      const { store } = await opened(subject)
      store.delete('never there')
      store.put('k', 1)
      store.delete('k')
      store.delete('k')
      expectValue(store, 'k', undefined)
      store.put('k', 2)
      expectValue(store, 'k', 2)
    }),
    of('keeps two stores of a task apart', async (subject) => {
      const { state, store } = await opened(subject)
      const other = state.open(keyValueStore('others'))
      store.put('k', 1)
      other.put('k', 2)
      other.delete('j')
      expectValue(store, 'k', 1)
      expectValue(other, 'k', 2)
    }),
  ]
}

/** Different under the key codec, however alike they look. */
const lookalikes: readonly unknown[] = [
  1,
  '1',
  1n,
  true,
  'true',
  null,
  'null',
  '',
  [],
  [1],
  ['1'],
  '1,2',
  [1, 2],
  [[1], 2],
  { a: 1 },
  { a: '1' },
  0,
  0n,
  '0',
  Uint8Array.of(48),
  Number.MAX_SAFE_INTEGER,
  2 ** 60,
  2n ** 60n,
  Infinity,
  -Infinity,
]

/** Names that mean something to objects, and text that means something to encodings. */
const hostile: readonly string[] = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '\0',
  'a\0b',
  'a\0',
  'a',
  '\u{1f600}',
  '\ufeff',
  'e\u0301',
  '\u00e9',
  'x'.repeat(5_000),
]

const folding: Serde<string> = {
  name: 'folding',
  encode: (key) => string().encode(key.toLowerCase()),
  decode: (encoded) => string().decode(encoded),
}

function identifying(of: CaseOf<StoreSubject>): readonly ConformanceCase[] {
  return [
    of('tells keys apart by their bytes', async (subject) => {
      const { store } = await opened(subject)
      lookalikes.forEach((key, i) => store.put(key, i))
      lookalikes.forEach((key, i) => expectValue(store, key, i))
    }),
    of('takes keys for equal whose bytes are equal', async (subject) => {
      const { store } = await opened(subject)
      store.put(-0, 'zero')
      expectValue(store, 0, 'zero')
      store.put({ b: 2, a: 1 }, 'object')
      expectValue(store, { a: 1, b: 2 }, 'object')
      store.put(['x', 1], 'tuple')
      expectValue(store, ['x', 1], 'tuple')
      store.delete(0)
      expectValue(store, -0, undefined)
    }),
    of('goes by the bytes of any serde', async (subject) => {
      const { store } = await opened<string, unknown>(subject, { key: folding })
      store.put('Key', 1)
      store.put('KEY', 2)
      expectValue(store, 'key', 2)
      store.delete('kEy')
      expectValue(store, 'Key', undefined)
    }),
    of('keeps hostile text apart, as keys and in values', async (subject) => {
      for (const key of [undefined, string()]) {
        const { store } = await opened<string, unknown>(subject, key === undefined ? {} : { key })
        hostile.forEach((text) => store.put(text, text))
        hostile.forEach((text) => expectValue(store, text, text))
        expectValue(store, 'valueOf', undefined)
      }
    }),
    of('does not change with a key that its caller goes on using', async (subject) => {
      const { store } = await opened(subject)
      const key = ['a', 1]
      store.put(key, 'first')
      key[1] = 2
      expectValue(store, ['a', 1], 'first')
      expectValue(store, ['a', 2], undefined)
    }),
  ]
}

function refusing(of: CaseOf<StoreSubject>): readonly ConformanceCase[] {
  return [
    of('refuses what is no key or no value, and keeps nothing of it', async (subject) => {
      const { state, store } = await opened(subject)
      for (const key of [NaN, [NaN], undefined, () => 0, Symbol('s'), 'a\ud800', new Map()])
        expectThrown('MILLRACE_ENCODE', () => store.put(key, 1), 'put is refused')
      expectThrown('MILLRACE_ENCODE', () => store.get(NaN), 'get of NaN is refused')
      expectThrown('MILLRACE_ENCODE', () => store.put('k', undefined), 'undefined is refused')
      expectValue(store, 'k', undefined)
      expectEqual(state.freeze().length, 0, 'deltas')
    }),
    of('refuses ordered reads of a store that does not declare them', async (subject) => {
      const { store } = await opened(subject)
      store.put('a', 1)
      for (const read of [
        () => store.range('a', 'b'),
        () => store.prefix(Uint8Array.of(1)),
        () => store.all(),
      ])
        expectThrown('MILLRACE_CONFIG', read, 'the read is refused at once')
    }),
    of('refuses a key more than an ordered store may have', async (subject) => {
      const { store } = await opened(subject, { ordered: true, orderedKeysMax: 3 })
      for (const key of [1, 2, 3, 1, 2, 3]) store.put(key, key)
      expectThrown('MILLRACE_CONFIG', () => store.put(4, 4), 'the fourth key is refused')
      store.delete(1)
      store.put(4, 4)
      expectValue(store, 4, 4)
    }),
    of('refuses two stores of one name, and rows of a store that is not there', async (subject) => {
      const { state } = await opened(subject)
      expectThrown(
        'MILLRACE_DUPLICATE_NAME',
        () => state.open(keyValueStore(storeName)),
        'the second store is refused',
      )
      expectThrown(
        'MILLRACE_TOPOLOGY_CHANGED',
        () => state.restore('gone', [{ key: bytes().encode(Uint8Array.of(5)), value: null }]),
        'the rows are refused',
      )
    }),
  ]
}

export type { StoreSubject } from './store-subject.ts'
