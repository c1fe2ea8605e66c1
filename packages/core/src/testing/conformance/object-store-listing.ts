/**
 * Cases about `list`: byte order, prefix, `after`, and strong consistency.
 */
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expect, expectEqual } from './expect.ts'
import { createAll, marked, numbers, racers, settled } from './object-store-subject.ts'
import type { ObjectStoreSubject } from './object-store-subject.ts'

// Byte order: % - . / digits = capitals _ small letters, then non-ASCII. U+1F600 is last; in UTF-16
// it would stand before U+FF21. No two keys differ in case only: some disks do not tell them apart.
const ordered: readonly string[] = [
  't%2Fb',
  't-b',
  't.d/x',
  't/0',
  't/b%25',
  't/b-',
  't/b.e/x',
  't/b/c',
  't/b/d/e',
  't/b0',
  't/c/d/e',
  't0',
  't=1',
  'tB',
  't_',
  'ta',
  't\u4e2d',
  't\uff21',
  't\u{1f600}',
]

export function listing(of: CaseOf<ObjectStoreSubject>): readonly ConformanceCase[] {
  return [
    of('lists keys in byte order, however they were created', async ({ store }) => {
      expectEqual(await store.list(''), [], 'nothing in an empty store')
      await createAll(store, ordered.toReversed())
      expectEqual(await store.list(''), ordered, 'all keys')
      expectEqual(await store.list('t'), ordered, 'all keys by their common beginning')
    }),
    of('lists what begins with a prefix, which may end within a segment', async ({ store }) => {
      await createAll(store, ordered)
      const prefixes = [
        't/',
        't/b',
        't/b/',
        't/b/d',
        't/b/d/',
        't.',
        't%',
        't%2',
        't\u4e2d',
        't/b/c',
        't/b/c/',
        'x',
        'x/y/',
        't0/',
      ]
      for (const prefix of prefixes) {
        const expected = ordered.filter((key) => key.startsWith(prefix))
        expectEqual(await store.list(prefix), expected, `keys under ${prefix}`)
      }
    }),
    of('lists what stands behind a key, whether or not that key is there', async ({ store }) => {
      await createAll(store, ordered)
      const between = [
        '',
        's',
        't',
        't/',
        't/a',
        't/b',
        't/b/',
        't/b/c/z',
        't/b/d/e0',
        't1',
        'u',
        't/b/d/',
      ]
      for (const after of [...ordered, ...between]) {
        const at = ordered.indexOf(after)
        const expected = at < 0 ? ordered.filter((key) => key > after) : ordered.slice(at + 1)
        expectEqual(await store.list('', after), expected, `keys behind ${JSON.stringify(after)}`)
        const below = expected.filter((key) => key.startsWith('t/b'))
        expectEqual(
          await store.list('t/b', after),
          below,
          `keys under t/b behind ${JSON.stringify(after)}`,
        )
      }
    }),
    of('lists more keys than fit a page of any service', async ({ store }) => {
      const keys = numbers(1_100).map((i) => `log/${String(i).padStart(20, '0')}.rec`)
      for (let i = 0; i < keys.length; i += 50) await createAll(store, keys.slice(i, i + 50))
      expectEqual(await store.list('log/'), keys, 'all keys')
      expectEqual(await store.list('log/', keys[1_049]), keys.slice(1_050), 'the last 50')
    }),
    of('shows every create that answered before the list was called', async (subject) => {
      const reader = (await subject.reopen?.()) ?? subject.store
      const writers = numbers(racers).map(async (writer) => {
        for (const i of numbers(8)) {
          const key = `seen/${writer}/${i}`
          await subject.store.create(key, marked(i))
          for (const store of [subject.store, reader]) {
            expect((await store.list(`seen/${writer}/`)).includes(key), `list shows ${key}`)
            expect((await store.list('')).includes(key), `list of everything shows ${key}`)
          }
        }
      })
      await settled(writers)
    }),
  ]
}
