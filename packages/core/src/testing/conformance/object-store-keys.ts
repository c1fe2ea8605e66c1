/**
 * Cases about deleting, and about keys that every store takes or refuses alike.
 */
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expect, expectBytes, expectEqual, expectRejected } from './expect.ts'
import { bytesOf, createAll, marked, numbers, racers, settled } from './object-store-subject.ts'
import type { ObjectStoreSubject } from './object-store-subject.ts'

export function deleting(of: CaseOf<ObjectStoreSubject>): readonly ConformanceCase[] {
  return [
    of('deletes what is there and does not mind what is not', async ({ store }) => {
      await createAll(store, ['d/1', 'd/2', 'd/3'])
      await store.delete(['d/1', 'd/none', 'none/1', 'd/3'])
      expectEqual(await store.list(''), ['d/2'], 'the key that was not named')
      expect((await store.get('d/1')) === undefined, 'a deleted object is gone')
      await store.delete(['d/1', 'd/3'])
      await store.delete([])
      await settled(numbers(racers).map(() => store.delete(['d/2'])))
      expectEqual(await store.list(''), [], 'nothing is left')
    }),
    of('takes a folder of objects for no object', async ({ store }) => {
      await store.create('f/g/1', marked(1))
      await store.delete(['f/g', 'f', 'f/g/1/x'])
      expectEqual(await store.list(''), ['f/g/1'], 'the object is still there')
    }),
    of('creates a deleted key anew', async ({ store }) => {
      await store.create('again', marked(1))
      await store.delete(['again'])
      expectEqual(await store.create('again', marked(2)), 'created', 'a create of a deleted key')
      expectBytes(await bytesOf(store, 'again'), marked(2), 'the new bytes')
    }),
  ]
}

const halfPair = '\ud800'
const badKeys: readonly string[] = [
  ['', '/', '/a', 'a/', 'a//b', '.', '..', '../a', 'a/..', 'a/../b', 'a/./b', '/etc/passwd'],
  ['a\0', 'a/b\0c', 'a b', 'a\\b', '..\\a', 'C:a', 'a\nb', 'a+b', '+tmp/a', '~', 'a?b', 'a*'],
  ['a%', 'a%2', 'a%2f', 'a%41', '%2e%2e', 'a%00%', 'a%C3%A9', halfPair, `a/${halfPair}b`],
  ['x'.repeat(256), `a/${'\u4e2d'.repeat(86)}`, `${'x'.repeat(200)}/`.repeat(6) + 'x'],
].flat()
const badPrefixes: readonly string[] = [
  '/',
  '/a',
  '../',
  'a/../',
  'a//',
  './',
  'a\0',
  'a b',
  'a/b+',
  '+tmp/',
  'x'.repeat(256) + '/',
]
const oddKeys: readonly string[] = [
  '%',
  '%2E',
  '%2E%2E/x',
  '...',
  '.a',
  'a%00',
  'a%2Fb',
  '-',
  '=',
  '__proto__',
  'x'.repeat(255),
]

export function refusing(of: CaseOf<ObjectStoreSubject>): readonly ConformanceCase[] {
  return [
    of('refuses keys that encodeSegment did not make, and does nothing', async ({ store }) => {
      for (const key of badKeys) {
        const name = JSON.stringify(key.slice(0, 40))
        await expectRejected(
          'MILLRACE_CONFIG',
          () => store.create(key, marked(1)),
          `create of ${name} is refused`,
        )
        await expectRejected('MILLRACE_CONFIG', () => store.get(key), `get of ${name} is refused`)
        await expectRejected(
          'MILLRACE_CONFIG',
          () => store.delete([key]),
          `delete of ${name} is refused`,
        )
      }
      expectEqual(await store.list(''), [], 'nothing was created')
    }),
    of('refuses a delete as a whole when one of its keys is bad', async ({ store }) => {
      await store.create('kept', marked(1))
      await expectRejected(
        'MILLRACE_CONFIG',
        () => store.delete(['kept', '../kept']),
        'the delete is refused',
      )
      expectEqual(await store.list(''), ['kept'], 'the good key is still there')
    }),
    of('refuses prefixes that begin no key', async ({ store }) => {
      for (const prefix of badPrefixes) {
        await expectRejected(
          'MILLRACE_CONFIG',
          () => store.list(prefix),
          `list of ${JSON.stringify(prefix)} is refused`,
        )
      }
    }),
    of('takes every key that encodeSegment can make', async ({ store }) => {
      await createAll(store, oddKeys)
      for (const [i, key] of oddKeys.entries())
        expectBytes(await bytesOf(store, key), marked(i), `bytes of ${key}`)
      expectEqual([...(await store.list(''))].sort(), oddKeys.toSorted(), 'all keys')
    }),
  ]
}
