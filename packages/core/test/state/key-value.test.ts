/** Specs of stores, and the small parts below them. */
import { expect } from 'chai'
import fc from 'fast-check'
import { encodeKey } from '../../src/serde/key-codec.ts'
import { int32 } from '../../src/serde/number.ts'
import { behindPrefix, compareBytes } from '../../src/state/byte-order.ts'
import { keyPrefix } from '../../src/state/key-prefix.ts'
import { keyValueStore } from '../../src/state/key-value.ts'
import { realEnv } from '../../src/env.ts'
import { memoryState } from '../../src/state/memory/index.ts'
import type { TaskState } from '../../src/state/state.ts'

const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean =>
  prefix.length <= bytes.length && prefix.every((byte, i) => byte === bytes[i])

describe('a store spec', () => {
  it('is frozen data that says what a checkpoint must agree with', () => {
    const spec = keyValueStore('counts', { key: int32(), ordered: true, scope: 'task' })
    expect(spec).to.include({
      kind: 'millrace.store',
      name: 'counts',
      shape: 'key-value',
      scope: 'task',
      ordered: true,
      facts: 'key-value key=int32 value=msgpack',
    })
    expect(Object.isFrozen(spec)).to.equal(true)
  })

  it('refuses names that are empty, endless or those of the engine, and bounds that are none', () => {
    for (const name of ['', 'a/b', 'x'.repeat(201)])
      expect(() => keyValueStore(name))
        .to.throw()
        .with.property('code', 'MILLRACE_CONFIG')
    for (const orderedKeysMax of [0, -1, 1.5, NaN, Infinity])
      expect(() => keyValueStore('s', { orderedKeysMax }))
        .to.throw(/orderedKeysMax/)
        .with.property('code', 'MILLRACE_CONFIG')
  })
})

describe('bytes of keys', () => {
  it('begin with a prefix exactly when the tuple or the text does', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\u00e9'), maxLength: 4 })
    fc.assert(
      fc.property(text, text, (key, prefix) => {
        expect(startsWith(encodeKey(key), keyPrefix(prefix))).to.equal(key.startsWith(prefix))
      }),
    )
    const tuple = fc.array(fc.oneof(text, fc.integer({ min: -1, max: 1 })), { maxLength: 3 })
    fc.assert(
      fc.property(tuple, tuple, (key, prefix) => {
        const begins = prefix.length <= key.length && prefix.every((part, i) => part === key[i])
        expect(startsWith(encodeKey(key), keyPrefix(prefix))).to.equal(begins)
      }),
    )
  })

  it('lie between a prefix and what is behind it exactly when they begin with it', () => {
    const some = fc
      .uint8Array({ maxLength: 4 })
      .map((bytes) => bytes.map((b) => (b > 200 ? 255 : b)))
    fc.assert(
      fc.property(some, some, (bytes, prefix) => {
        const behind = behindPrefix(prefix)
        const between =
          compareBytes(bytes, prefix) >= 0 &&
          (behind === undefined || compareBytes(bytes, behind) < 0)
        expect(between).to.equal(startsWith(bytes, prefix))
      }),
    )
  })
})

describe('state in memory', () => {
  let state: TaskState
  beforeEach(async () => {
    const env = realEnv()
    state = await memoryState().open({ app: 'a', subTopology: 's', task: '0', env, dir: '' })
  })

  it('refuses a third freeze without a decision, and a decision without a freeze', () => {
    expect(() => state.decided()).to.throw('Law 3')
    state.freeze()
    state.freeze()
    expect(() => state.freeze()).to.throw('Law 7')
  })

  it('refuses rows that go by their time while it cannot let them go', () => {
    const spec = { ...keyValueStore('s'), retentionMs: 1 }
    expect(() => state.open(spec))
      .to.throw()
      .with.property('code', 'MILLRACE_CONFIG')
  })

  it('names the store whose value cannot be encoded', () => {
    const store = state.open(keyValueStore('odd'))
    store.put('k', () => 0)
    const [delta] = state.freeze()
    expect(() => delta!.ops)
      .to.throw('the store odd holds a value that its serde cannot encode')
      .with.property('code', 'MILLRACE_ENCODE')
  })

  it('hands an object out again without encoding it, as long as it is not frozen', () => {
    let encoded = 0
    const value = { name: 'n', encode: () => (encoded++, new Uint8Array(1)), decode: () => ({}) }
    const store = state.open(keyValueStore('s', { value }))
    const object = {}
    store.put('k', object)
    expect(store.get('k')).to.equal(object)
    expect(encoded).to.equal(0)
    const [delta] = state.freeze()
    expect(store.get('k')).to.equal(object)
    expect(store.get('k')).to.equal(object)
    expect(delta!.ops.length).to.equal(1)
    expect(encoded).to.equal(1)
  })
})
