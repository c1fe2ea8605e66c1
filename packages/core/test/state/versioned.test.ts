import { expect } from 'chai'
import { json, string } from '../../src/serde/index.ts'
import type { Serde } from '../../src/serde/serde.ts'
import { MemoryTaskState } from '../../src/state/memory/task-state.ts'
import { historySerde, partKeySerde, runSerde } from '../../src/state/version-run.ts'
import { Versions, versionedSpecs } from '../../src/state/versioned.ts'
import { keyOfWaitId, waitId } from '../../src/processors/tables/wait-id.ts'
import { compareBytes } from '../../src/state/byte-order.ts'

const text = string() as Serde<unknown>
const specs = versionedSpecs('v', text, json() as Serde<unknown>, 100)

function open(): { versions: Versions; state: MemoryTaskState } {
  const state = new MemoryTaskState()
  return { versions: new Versions(specs, (spec) => state.open(spec)), state }
}

describe('a versioned store', () => {
  it('finds the version of a time, with its bounds', () => {
    const { versions } = open()
    versions.put('k', 'a', 10)
    versions.put('k', null, 20)
    versions.put('k', 'c', 30)
    expect(versions.at('k', 9)).equal(undefined)
    expect(versions.at('k', 19)).deep.equal({ value: 'a', from: 10, to: 20 })
    expect(versions.at('k', 20)).equal(undefined)
    expect(versions.at('k', 30)).deep.equal({ value: 'c', from: 30, to: undefined })
    expect(versions.get('k')).deep.equal({ value: 'c', from: 30, to: undefined })
  })

  it('takes an older version between others, and says that it is not the newest', () => {
    const { versions } = open()
    versions.put('k', 'a', 10)
    versions.put('k', 'c', 30)
    expect(versions.isNewest('k', 20)).equal(false)
    expect(versions.isNewest('k', 30)).equal(true)
    expect(versions.put('k', 'b', 20)).equal(true)
    expect(versions.at('k', 25)).deep.equal({ value: 'b', from: 20, to: 30 })
    expect(versions.get('k')?.value).equal('c')
  })

  it('refuses what is older than its history, to the millisecond', () => {
    const { versions } = open()
    versions.observe(200)
    expect(versions.put('k', 'a', 99)).equal(false)
    expect(versions.put('k', 'a', 100)).equal(true)
  })

  it('keeps the newest version of a key for ever, and forgets a deletion', () => {
    const { versions, state } = open()
    versions.put('k', 'a', 10)
    versions.put('m', 'a', 10)
    versions.put('m', null, 11)
    versions.observe(1_000)
    while (versions.expire(1));
    expect(versions.at('k', 10)?.value).equal('a')
    const ops = state.freeze().flatMap(({ store, ops }) => ops.map((op) => [store, op.value]))
    expect(ops.filter(([, value]) => value !== null).map(([store]) => store)).deep.equal(['v'])
  })

  it('stays linear for a key with a long history', () => {
    const { versions, state } = open()
    for (let i = 0; i < 5_000; i++) versions.put('k', i, i % 3 === 2 ? i - 1 : i)
    const sizes = state.freeze().flatMap(({ ops }) => ops.map((op) => op.value?.length ?? 0))
    expect(Math.max(...sizes)).below(10_000)
    expect(versions.at('k', 4_002)?.value).equal(4_002)
  })

  it('brings its values back from their bytes, and refuses damaged ones', () => {
    const histories = historySerde(text)
    const history = {
      froms: [1, 2],
      values: ['a', null],
      parts: [{ from: 0.5, id: 7 }],
      nextId: 8,
      due: 2,
    }
    expect(histories.decode(histories.encode(history))).deep.equal(history)
    const cut = histories.encode(history).subarray(0, 40)
    expect(() => histories.decode(cut)).throws(/no versions/)
    const runs = runSerde(text)
    expect(() => runs.decode(new Uint8Array(2))).throws(/no versions/)
    const parts = partKeySerde(text)
    expect(parts.decode(parts.encode({ key: 'k', id: 3 }))).deep.equal({ key: 'k', id: 3 })
  })
})

describe('the id of a row that waits', () => {
  it('sorts by the bytes of the key, then by arrival', () => {
    const keys = [[], [0], [0, 0], [0, 1], [1], [1, 0], [1, 0, 0], [1, 255], [255]]
    const ids = keys.flatMap((key) => [0, 1, 300].map((n) => waitId(new Uint8Array(key), n)))
    for (let i = 1; i < ids.length; i++) expect(compareBytes(ids[i - 1]!, ids[i]!)).below(0)
    for (const key of keys) expect([...keyOfWaitId(waitId(new Uint8Array(key), 5))]).deep.equal(key)
  })
})
