/** The part of the suite of stores about commits: freezes, deltas and restores. */
import { bytes } from '../../serde/bytes.ts'
import { keyCodec } from '../../serde/key-codec.ts'
import type { CaseOf, ConformanceCase } from './conformance.ts'
import { expect, expectEqual } from './expect.ts'
import { expectValue, folded, inRecord, one, opened, restored, shown } from './store-subject.ts'
import type { StoreSubject } from './store-subject.ts'

interface Count {
  n: number
}

export function freezing(of: CaseOf<StoreSubject>): readonly ConformanceCase[] {
  return [
    of('never shows in a frozen delta what was changed behind the freeze', async (subject) => {
      const { state, store } = await opened<string, Count>(subject, { ordered: true })
      const keys = ['changed', 'changed and put', 'replaced', 'deleted', 'ranged', 'left alone']
      for (const key of keys) store.put(key, { n: 1 })
      const delta = one(state.freeze())
      store.get('changed')!.n = 2
      const again = store.get('changed and put')!
      again.n = 2
      store.put('changed and put', again)
      store.put('replaced', { n: 2 })
      store.delete('deleted')
      for (const [, value] of store.range('ranged', 'ranged')) value.n = 2
      store.put('new', { n: 2 })
      const { store: then } = await restored<string, Count>(subject, [delta])
      for (const key of keys) expectValue(then, key, { n: 1 })
      expectValue(then, 'new', undefined)
    }),
    of('keeps two freezes apart that wait for their decisions', async (subject) => {
      const { state, store } = await opened<string, Count>(subject)
      store.put('k', { n: 1 })
      const first = state.freeze()
      const value = store.get('k')!
      value.n++
      store.put('k', value)
      const second = state.freeze()
      store.get('k')!.n++
      expectValue((await restored(subject, first)).store, 'k', { n: 1 })
      expectValue((await restored(subject, [...first, ...second])).store, 'k', { n: 2 })
      state.decided()
      state.decided()
      expectValue((await restored(subject, second)).store, 'k', { n: 2 })
    }),
    of('freezes bytes as they were, though they are their own encoding', async (subject) => {
      const { state, store } = await opened<string, Uint8Array>(subject, { value: bytes() })
      store.put('k', Uint8Array.of(1, 2))
      const delta = one(state.freeze())
      store.get('k')![0] = 9
      const then = await restored<string, Uint8Array>(subject, [delta], { value: bytes() })
      expectValue(then.store, 'k', Uint8Array.of(1, 2))
    }),
    of('names each key once in a delta, with what became of it', async (subject) => {
      const { state, store } = await opened<string, number>(subject)
      store.put('put', 1)
      store.put('put', 2)
      store.put('put and deleted', 1)
      store.delete('put and deleted')
      store.put('back', 1)
      store.delete('back')
      store.put('back', 2)
      const delta = one(state.freeze())
      expectEqual(delta.store, 'rows', 'the store')
      const ops = delta.ops.map(({ key, value }) => [keyCodec().decode(key), value !== null])
      expectEqual(
        ops,
        [
          ['put', true],
          ['put and deleted', false],
          ['back', true],
        ],
        'operations',
      )
      expectEqual(delta.size, 3, 'size')
    }),
    of('leaves out of a delta what did not change since the last one', async (subject) => {
      const { state, store } = await opened<string, Count>(subject)
      expectEqual(state.freeze().length, 0, 'deltas of an empty store')
      state.decided()
      store.put('a', { n: 1 })
      store.put('b', { n: 1 })
      expectEqual(state.dirty, 2, 'dirty keys')
      state.freeze()
      state.decided()
      expectEqual(state.dirty, 0, 'dirty keys behind a freeze')
      store.get('a')
      store.delete('none')
      expectEqual(state.freeze().length, 0, 'deltas without a change')
      state.decided()
      store.put('b', { n: 2 })
      expectEqual(one(state.freeze()).size, 1, 'operations')
    }),
    of('encodes a delta in slices', async (subject) => {
      const { state, store } = await opened<number, Count>(subject)
      for (let n = 0; n < 10; n++) store.put(n, { n })
      const delta = one(state.freeze())
      store.get(3)!.n = -1
      let slices = 1
      while (delta.encode(4)) slices++
      expect(slices >= 2 && slices <= 4, '2 to 4 slices of 4 for 10 values')
      for (let n = 0; n < 10; n++) store.get(n)!.n = -1
      const { store: then } = await restored<number, Count>(subject, [delta])
      for (let n = 0; n < 10; n++) expectValue(then, n, { n })
    }),
    of('reads the same behind freezes, decisions and what is applied', async (subject) => {
      const { state, store } = await opened<number, Count>(subject)
      for (let n = 0; n < 20; n++) {
        store.put(n, { n })
        if (n % 3 === 0) store.delete(n)
        if (n % 5 === 4) state.freeze()
        if (n % 5 === 4) state.decided()
        if (n % 7 === 6) await state.apply()
      }
      for (let n = 0; n < 20; n++) expectValue(store, n, n % 3 === 0 ? undefined : { n })
    }),
  ]
}

export function restoring(of: CaseOf<StoreSubject>): readonly ConformanceCase[] {
  return [
    of('is restored by the fold of its deltas', async (subject) => {
      const { state, store } = await opened(subject, { ordered: true })
      const deltas = [...state.freeze()]
      for (const key of ['a', 1, [1, 'x'], '__proto__', -2, 'gone']) store.put(key, { key })
      deltas.push(...state.freeze().map(inRecord).map(asDelta))
      state.decided()
      state.decided()
      store.delete('gone')
      store.put(1, { key: 'other' })
      store.put('late', { key: 'late' })
      deltas.push(...state.freeze())
      const again = await restored(subject, deltas, { ordered: true })
      expectEqual(shown(again.store.all()), shown(store.all()), 'pairs')
      expectEqual(again.state.dirty, 0, 'dirty keys')
      expectEqual(again.state.freeze().length, 0, 'deltas of a store that was only restored')
    }),
    of('goes on where the restored one stood', async (subject) => {
      const { state, store } = await opened<string, Count>(subject)
      store.put('a', { n: 1 })
      store.put('b', { n: 1 })
      const first = state.freeze()
      const second = await restored<string, Count>(subject, first)
      const value = second.store.get('a')!
      value.n++
      second.store.put('a', value)
      second.store.delete('b')
      const third = await restored<string, Count>(subject, [...first, ...second.state.freeze()])
      expectValue(third.store, 'a', { n: 2 })
      expectValue(third.store, 'b', undefined)
    }),
    of('is the same when a delta is applied twice, or in several calls', async (subject) => {
      const { state, store } = await opened<string, Count>(subject, { ordered: true })
      store.put('a', { n: 1 })
      store.put('b', { n: 1 })
      const first = one(state.freeze()).ops
      store.delete('a')
      store.put('b', { n: 2 })
      const second = one(state.freeze()).ops
      const again = await opened<string, Count>(subject, { ordered: true })
      for (const ops of [first, second, first, second]) again.state.restore('rows', ops)
      expectEqual(shown(again.store.all()), ['"b" = {"n":2}'], 'pairs')
    }),
    of('does not hold on to the bytes that it was restored from', async (subject) => {
      const { state, store } = await opened<string, string>(subject)
      store.put('key', 'value')
      const ops = folded(state.freeze())
      const again = await opened<string, string>(subject)
      again.state.restore('rows', ops)
      for (const { key, value } of ops) {
        key.fill(0)
        value?.fill(0)
      }
      expectValue(again.store, 'key', 'value')
    }),
  ]
}

function asDelta(delta: ReturnType<typeof inRecord>) {
  return { ...delta, size: delta.ops.length, encode: () => false }
}
