import { expect } from 'chai'
import { keyCodec, msgpack, string } from '@millrace/core'
import { timed } from '../../src/serde/timed.ts'
import { sessionWindowed, timeWindowed } from '../../src/serde/windowed.ts'
import { refusal } from './refusal.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('the serdes of windowed keys', () => {
  it('write the key, then the start, and know the end by the size', () => {
    const serde = timeWindowed(string(), 300_000)
    const key = { key: 'ab', start: 0x1_0000_0002, end: 0x1_0000_0002 + 300_000 }
    expect(hex(serde.encode(key))).equal('6162' + '0000000100000002')
    expect(serde.decode(serde.encode(key))).deep.equal(key)
  })

  it('write sessions as the key, their end, then their start', () => {
    const serde = sessionWindowed(string())
    const key = { key: 'ab', start: 1, end: 0x1_0000_0002 }
    expect(hex(serde.encode(key))).equal('6162' + '0000000100000002' + '0000000000000001')
    expect(serde.decode(serde.encode(key))).deep.equal(key)
  })

  it('keep windows that never end, and keys of any kind', () => {
    const serde = timeWindowed(keyCodec(), Infinity)
    const key = { key: ['a', 7], start: 5, end: Infinity }
    expect(serde.decode(serde.encode(key))).deep.equal(key)
  })

  it('refuse bytes that cannot hold the times', () => {
    for (const serde of [timeWindowed(string(), 1), sessionWindowed(string())])
      expect(refusal(() => serde.decode(new Uint8Array(7))).code).equal('MILLRACE_DECODE')
  })
})

describe('the serde of timed values', () => {
  it('writes the time in eight bytes, then the value', () => {
    const serde = timed(string())
    const bytes = serde.encode({ value: 'ab', time: 1 })
    expect(hex(bytes)).equal('3ff0000000000000' + '6162')
    expect(serde.decode(bytes)).deep.equal({ value: 'ab', time: 1 })
  })

  it('keeps what its inner serde keeps', () => {
    const serde = timed(msgpack())
    const entry = { value: { n: [1, null] }, time: 1_763_700_000_000 }
    expect(serde.decode(serde.encode(entry))).deep.equal(entry)
  })

  it('refuses bytes that cannot hold the time', () => {
    expect(refusal(() => timed(string()).decode(new Uint8Array(7))).code).equal('MILLRACE_DECODE')
  })
})
