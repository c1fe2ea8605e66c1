/**
 * What every object store must do. The commit protocol stands on the first group alone: a store
 * that lets two creates of one key win lets two owners of a task commit.
 */
import { casesOver } from './conformance.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expect, expectBytes, expectEqual } from './expect.ts'
import { deleting, refusing } from './object-store-keys.ts'
import { listing } from './object-store-listing.ts'
import {
  bytesOf,
  createAll,
  filled,
  marked,
  megabyte,
  numbers,
  racers,
  settled,
} from './object-store-subject.ts'
import type { ObjectStoreSubject } from './object-store-subject.ts'
import type { ObjectStore } from '../../checkpoint/object-store.ts'

export function objectStoreSuite(
  make: () => Promise<ObjectStoreSubject>,
): readonly ConformanceCase[] {
  const of = casesOver(make)
  return [
    ...creating(of),
    ...reading(of),
    ...listing(of),
    ...deleting(of),
    ...refusing(of),
    ...crashing(of),
  ]
}

function creating(of: CaseOf<ObjectStoreSubject>): readonly ConformanceCase[] {
  return [
    of('creates an object once and keeps its first bytes', async ({ store }) => {
      expectEqual(await store.create('a/1', marked(1)), 'created', 'the first create')
      expectEqual(await store.create('a/1', marked(2)), 'exists', 'a create with other bytes')
      expectEqual(await store.create('a/1', marked(1)), 'exists', 'a create with the same bytes')
      expectBytes(await bytesOf(store, 'a/1'), marked(1), 'the first bytes')
    }),
    of(
      'lets exactly one of many concurrent creates win, and keeps the bytes of that one',
      async ({ store }) => {
        await race([store])
      },
    ),
    of('lets exactly one create win over two handles', async (subject) => {
      await race([subject.store, (await subject.reopen?.()) ?? subject.store])
    }),
    of('shows the whole winner to everyone who lost', async ({ store }) => {
      for (let round = 0; round < 10; round++) {
        const key = `lost/${round}`
        const contenders = numbers(racers).map(async (racer) => {
          const answer = await store.create(key, filled(megabyte / 4, racer))
          const bytes = await bytesOf(store, key)
          expectBytes(
            bytes,
            filled(megabyte / 4, bytes?.[0] ?? 0),
            `whole content behind '${answer}'`,
          )
        })
        await settled(contenders)
      }
    }),
  ]
}

/** Many keys, `racers` concurrent creates each, spread over the handles. */
async function race(stores: readonly ObjectStore[]): Promise<void> {
  await settled(
    numbers(40).map(async (i) => {
      const key = `race/${i}`
      const answers = await settled(
        numbers(racers).map((racer) =>
          stores[(i + racer) % stores.length]!.create(key, marked(racer)),
        ),
      )
      const winners = numbers(racers).filter((racer) => answers[racer] === 'created')
      expectEqual(winners.length, 1, `one winner among ${racers} creates of ${key}`)
      for (const store of stores)
        expectBytes(await bytesOf(store, key), marked(winners[0]!), 'bytes of the winner')
    }),
  )
}

function reading(of: CaseOf<ObjectStoreSubject>): readonly ConformanceCase[] {
  return [
    of('has nothing under a key that was never created', async ({ store }) => {
      await store.create('a/b/c', marked(1))
      for (const key of ['a/b/d', 'a/b', 'a', 'x/y', 'a/b/c/d', 'a/b/cc']) {
        expect((await store.get(key)) === undefined, `get of ${key} is undefined`)
      }
    }),
    of('keeps empty and large objects byte for byte', async ({ store }) => {
      const large = Uint8Array.from({ length: megabyte }, (_, i) => (i * 31 + (i >>> 8)) & 0xff)
      await store.create('size/empty', new Uint8Array(0))
      await store.create('size/large', large)
      expectBytes(await bytesOf(store, 'size/empty'), new Uint8Array(0), 'the empty object')
      expectBytes(await bytesOf(store, 'size/large'), large, 'the large object')
      expectEqual(
        await store.create('size/empty', marked(1)),
        'exists',
        'a second create of the empty object',
      )
    }),
    of('keeps a part of a larger buffer as that part only', async ({ store }) => {
      await store.create('part', Uint8Array.of(9, 1, 2, 3, 9).subarray(1, 4))
      expectBytes(await bytesOf(store, 'part'), Uint8Array.of(1, 2, 3), 'the part')
    }),
    of('does not change when the buffer is reused once create has answered', async ({ store }) => {
      const bytes = marked(1)
      await store.create('copied', bytes)
      bytes.fill(7)
      expectBytes(await bytesOf(store, 'copied'), marked(1), 'bytes as they were')
    }),
    of('does not change when bytes that get returned are written to', async ({ store }) => {
      await store.create('owned', marked(1))
      const got = await bytesOf(store, 'owned')
      got?.fill(7)
      expectBytes(await bytesOf(store, 'owned'), marked(1), 'bytes as they were')
    }),
  ]
}

function crashing(of: CaseOf<ObjectStoreSubject>): readonly ConformanceCase[] {
  return [
    of('has whole objects only while creates of another handle are on the way', async (subject) => {
      const answered = new Set<number>()
      const flying = numbers(24).map(async (i) => {
        await subject.store.create(`torn/${i}`, filled(megabyte / 8, i))
        answered.add(i)
      })
      const successor = (await subject.reopen?.()) ?? subject.store
      for (let look = 0; look < 20; look++) {
        const before = [...answered]
        const keys = await successor.list('torn/')
        for (const i of before)
          expect(keys.includes(`torn/${i}`), `torn/${i}, which was answered, is listed`)
        for (const key of keys) {
          expectBytes(
            await bytesOf(successor, key),
            filled(megabyte / 8, Number(key.slice(5))),
            `whole ${key}`,
          )
        }
      }
      await settled(flying)
    }),
    of('shows everything that was answered to a handle that is opened later', async (subject) => {
      await createAll(subject.store, ['later/1', 'later/2'])
      await subject.store.close()
      const successor = await subject.reopen?.()
      if (successor === undefined) return
      expectEqual(await successor.list(''), ['later/1', 'later/2'], 'all keys')
      expectBytes(await bytesOf(successor, 'later/2'), marked(1), 'their bytes')
      expectEqual(
        await successor.create('later/1', marked(9)),
        'exists',
        'a create of what is there',
      )
    }),
  ]
}

export type { ObjectStoreSubject }
