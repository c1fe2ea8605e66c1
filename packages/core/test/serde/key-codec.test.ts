import { expect } from 'chai'
import { decodeKey, encodeKey, keyCodec } from '../../src/serde/key-codec.ts'
import { refusal } from './refusal.ts'

const hex = (key: unknown): string => Buffer.from(encodeKey(key)).toString('hex')

describe('serde/key-codec', () => {
  // The layout is stored in checkpoints: these bytes must never change.
  const golden: [unknown, string][] = [
    [null, '05'],
    [false, '10'],
    [true, '11'],
    [0, '208000000000000000'],
    [1, '20bff0000000000000'],
    [-1, '20400fffffffffffff'],
    [1.5, '20bff8000000000000'],
    [0n, '2880'],
    [256n, '28820100'],
    [-1n, '287efe'],
    [-256n, '287dfeff'],
    ['', '300000'],
    ['ab', '3061620000'],
    ['a\0', '306100ff0000'],
    [Uint8Array.of(0, 255), '3800ffff0000'],
    [new Date(0), '408000000000000000'],
    [[], '5000'],
    [['a', true], '50306100001100'],
    [{}, '6000'],
    [{ b: null, a: false }, '603061000010306200000500'],
  ]
  for (const [key, bytes] of golden) {
    it(`writes ${typeof key === 'bigint' ? `${key}n` : JSON.stringify(key)} as ${bytes} and reads it back`, () => {
      expect(hex(key)).to.equal(bytes)
      expect(decodeKey(Buffer.from(bytes, 'hex'))).to.deep.equal(key)
    })
  }

  it('takes -0 for 0', () => {
    expect(hex(-0)).to.equal(hex(0))
    expect(hex([-0])).to.equal(hex([0]))
  })

  it('takes two plain objects for equal whatever the order of their fields', () => {
    expect(hex({ a: 1, b: { d: 1, c: 2 } })).to.equal(hex({ b: { c: 2, d: 1 }, a: 1 }))
  })

  it('takes a Buffer for the bytes it holds', () => {
    expect(hex(Buffer.from('x'))).to.equal(hex(Uint8Array.of(0x78)))
  })

  it('is a serde', () => {
    expect(keyCodec<string>().decode(keyCodec<string>().encode('k'))).to.equal('k')
  })

  class Point {}
  const cycle: unknown[] = []
  cycle.push(cycle)
  const refused: [string, unknown][] = [
    ['NaN', NaN],
    ['NaN in a tuple', [NaN]],
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['an invalid Date', new Date(NaN)],
    ['a lone surrogate', 'a\udc00'],
    ['a class instance', new Point()],
    ['a Map', new Map()],
    ['an undefined field', { a: undefined }],
    ['a hole', new Array(1)],
    ['a cycle', cycle],
    ['a bigint of 128 bytes', 2n ** 1016n],
    ['a negative bigint of 128 bytes', -(2n ** 1016n)],
    ['a key named __proto__', JSON.parse('{"__proto__":1}')],
  ]
  for (const [name, key] of refused) {
    it(`refuses ${name}`, () => {
      expect(refusal(() => encodeKey(key)).code).to.equal('MILLRACE_ENCODE')
    })
  }

  it('takes the largest bigints', () => {
    for (const key of [2n ** 1016n - 1n, -(2n ** 1016n - 1n)])
      expect(decodeKey(encodeKey(key))).to.equal(key)
  })

  const hostile: [string, string][] = [
    ['nothing', ''],
    ['an unknown tag', '99'],
    ['the end mark', '00'],
    ['trailing bytes', '0505'],
    ['a short number', '20bff0'],
    ['NaN', '20fff8000000000000'],
    ['-0', '207fffffffffffffff'],
    ['a fractional Date', '40bfe0000000000000'],
    ['a Date out of range', '40c340000000000000'],
    ['a bigint with a leading zero', '28820001'],
    ['a negative zero', '287f'],
    ['a bigint cut short', '2885ff'],
    ['a bigint without length', '28'],
    ['an open string', '3061'],
    ['a string that ends in one zero', '306100'],
    ['an unknown escape', '3061000100'],
    ['text that is not UTF-8', '30ff0000'],
    ['an open array', '5005'],
    ['an open object', '60'],
    ['an object with a number for a name', '6020bff000000000000005'],
    ['fields out of order', '603062000005306100000500'],
    ['a field twice', '603061000005306100000500'],
    ['__proto__', `6030${Buffer.from('__proto__').toString('hex')}00000500`],
    ['33 levels', '50'.repeat(33) + '00'.repeat(33)],
    ['a million levels', '50'.repeat(1_000_000)],
  ]
  for (const [name, bytes] of hostile) {
    it(`refuses bytes with ${name}`, () => {
      expect(refusal(() => decodeKey(Buffer.from(bytes, 'hex'))).code).to.equal('MILLRACE_DECODE')
    })
  }
})
