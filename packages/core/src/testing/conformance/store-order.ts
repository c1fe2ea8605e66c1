/** The part of the suite of stores about ordered reads: the unsigned order of the keys' bytes, in both directions. */
import { double } from '../../serde/number.ts'
import { keyPrefix } from '../../state/key-prefix.ts'
import { seededRandom } from '../seeded-random.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expectEqual } from './expect.ts'
import { opened, shown } from './store-subject.ts'
import type { Opened, StoreSubject } from './store-subject.ts'

export function ordering(of: CaseOf<StoreSubject>): readonly ConformanceCase[] {
  return [
    of('reads numbers and text in the order of their values', async (subject) => {
      const numbers = [-Infinity, -256, -1, -0.5, 0, 1, 1.5, 2, 255, 256, 65_536, Infinity]
      await expectOrder(subject, numbers)
      await expectOrder(subject, [
        '',
        '\0',
        'A',
        'Z',
        'a',
        'aa',
        'b',
        '\u00e9',
        '\uffee',
        '\u{1f600}',
      ])
      await expectOrder(subject, [
        null,
        false,
        true,
        -1,
        1,
        'a',
        ['a'],
        ['a', 1],
        ['a', 'b'],
        ['b'],
      ])
    }),
    of('goes by unsigned bytes where a serde orders otherwise', async (subject) => {
      const { store } = await opened<number, number>(subject, { key: double(), ordered: true })
      for (const n of [1, -1, 2, -2]) store.put(n, n)
      expectEqual(keysOf(store.all()), [1, 2, -1, -2], 'keys')
    }),
    of('includes both bounds of a range, and leaves a side open', async (subject) => {
      const { store } = await filled(subject, [1, 3, 5, 7])
      expectEqual(keysOf(store.range(3, 5)), [3, 5], 'between two keys')
      expectEqual(keysOf(store.range(2, 6)), [3, 5], 'between two gaps')
      expectEqual(keysOf(store.range(undefined, 3)), [1, 3], 'from the lowest')
      expectEqual(keysOf(store.range(5, undefined)), [5, 7], 'to the highest')
      expectEqual(keysOf(store.range(5, 3)), [], 'the wrong way round')
      expectEqual(keysOf(store.range(8, 9)), [], 'behind the end')
    }),
    of('reads backwards, and stops at a limit', async (subject) => {
      const { store } = await filled(subject, [1, 3, 5, 7])
      const reverse = true
      expectEqual(keysOf(store.all({ reverse })), [7, 5, 3, 1], 'all')
      expectEqual(keysOf(store.range(2, 5, { reverse })), [5, 3], 'a range')
      expectEqual(keysOf(store.range(undefined, 6, { reverse, limit: 2 })), [5, 3], 'its limit')
      expectEqual(keysOf(store.all({ limit: 3 })), [1, 3, 5], 'a limit')
      expectEqual(keysOf(store.all({ limit: 0 })), [], 'a limit of nothing')
    }),
    of('finds keys by the beginning of text and of tuples', async (subject) => {
      const { store } = await filled(subject, ['or', 'orders', 'o', 'os', ['or'], ['or', 1], ['o']])
      expectEqual(keysOf(store.prefix(keyPrefix('or'))), ['or', 'orders'], 'of text')
      expectEqual(keysOf(store.prefix(keyPrefix(['or']))), [['or'], ['or', 1]], 'of tuples')
      expectEqual(
        keysOf(store.prefix(keyPrefix('o'), { reverse: true })),
        ['os', 'orders', 'or', 'o'],
        'backwards',
      )
      expectEqual(keysOf(store.prefix(new Uint8Array(0))).length, 7, 'of everything')
      expectEqual(keysOf(store.prefix(Uint8Array.of(0xff, 0xff))), [], 'behind every key')
    }),
    of('shows the keys that were there, less those deleted meanwhile', async (subject) => {
      const { store } = await filled(subject, [1, 2, 3, 4])
      const seen: string[] = []
      for (const pair of store.all()) {
        seen.push(...shown([pair]))
        store.delete(2)
        store.put(3, 'new')
        store.put(5, 5)
      }
      expectEqual(seen, ['1 = 1', '3 = "new"', '4 = 4'], 'pairs')
      expectEqual(keysOf(store.all()), [1, 3, 4, 5], 'keys behind that')
    }),
    of('keeps thousands of keys in order while they come and go', async (subject) => {
      const { store } = await opened<number, number>(subject, { ordered: true })
      const random = seededRandom(7)
      const there = new Set<number>()
      for (let step = 0; step < 6_000; step++) {
        const key = Math.floor(random() * 3_000)
        if (random() < 0.6) {
          store.put(key, key)
          there.add(key)
        } else {
          store.delete(key)
          there.delete(key)
        }
      }
      const sorted = [...there].sort((a, b) => a - b)
      expectEqual(keysOf(store.all()), sorted, 'all')
      expectEqual(keysOf(store.all({ reverse: true })), sorted.toReversed(), 'all, backwards')
      for (let from = 0; from < 3_000; from += 250) {
        const between = sorted.filter((key) => key >= from && key <= from + 300)
        expectEqual(keysOf(store.range(from, from + 300)), between, `from ${from}`)
        expectEqual(
          keysOf(store.range(from, from + 300, { reverse: true })),
          between.toReversed(),
          `down to ${from}`,
        )
      }
    }),
  ]
}

async function filled(
  subject: StoreSubject,
  keys: readonly unknown[],
): Promise<Opened<unknown, unknown>> {
  const made = await opened(subject, { ordered: true })
  for (const key of keys.toReversed()) made.store.put(key, key)
  return made
}

/** Put in some other order, they come back in this one. */
async function expectOrder(subject: StoreSubject, keys: readonly unknown[]): Promise<void> {
  const { store } = await filled(subject, [
    ...keys.filter((_, i) => i % 2),
    ...keys.filter((_, i) => i % 2 === 0),
  ])
  const pairs = keys.map((key) => [key, key] as const)
  expectEqual(shown(store.all()), shown(pairs), 'all')
  expectEqual(shown(store.all({ reverse: true })), shown(pairs.toReversed()), 'all, backwards')
}

function keysOf<K>(pairs: Iterable<readonly [K, unknown]>): readonly K[] {
  return [...pairs].map(([key]) => key)
}
