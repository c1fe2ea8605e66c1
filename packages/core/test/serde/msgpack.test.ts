import { deepStrictEqual } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { expect } from 'chai'
import fc from 'fast-check'
import { isMillraceError } from '../../src/errors.ts'
import { msgpack } from '../../src/serde/msgpack.ts'
import { refusal } from './refusal.ts'

const serde = msgpack()
const of = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const textHex = (text: string): string =>
  (0xa0 + text.length).toString(16) + Buffer.from(text).toString('hex')

describe('serde/msgpack', () => {
  const values: [string, unknown][] = [
    ['null', null],
    ['an undefined field', { a: undefined, b: 1 }],
    ['undefined', undefined],
    ['numbers', [0, -1, 127, 128, 65_536, -32_769, 2 ** 40, 0.1, Infinity, -Infinity, NaN]],
    ['small integers that records would claim', [64, 95, 96, 127]],
    [
      'bigints',
      [
        0n,
        -1n,
        2n ** 63n - 1n,
        2n ** 64n - 1n,
        -(2n ** 63n),
        2n ** 64n,
        -(2n ** 100n),
        2n ** 8191n - 1n,
        -(2n ** 8191n),
      ],
    ],
    ['text', ['', 'ü', '日本語'.repeat(30), '😀', 'x'.repeat(70_000)]],
    [
      'dates',
      [
        new Date(0),
        new Date(1),
        new Date(-1),
        new Date(1_719_999_999_123),
        new Date(8.64e15),
        new Date(-8.64e15),
        new Date(-8.64e15 + 999),
      ],
    ],
    [
      'a Map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2n, { b: new Map() }],
        [null, [undefined]],
      ]),
    ],
    ['a Set', new Set([1, 'a', new Date(5)])],
    ['an empty Map and Set', [new Map(), new Set()]],
    ['Maps in objects in arrays', { a: [{ b: new Map([['c', new Set([new Map([[1, 2]])])]]) }] }],
    [
      'an object of 70,000 fields',
      Object.fromEntries(Array.from({ length: 70_000 }, (_, at) => [`k${at}`, at])),
    ],
    ['keys that are numbers or odd', { 1: 'a', '': 'b', 'a.b': 'c', toJSON: 1, hasOwnProperty: 2 }],
  ]
  for (const [name, value] of values) {
    it(`round trips ${name}`, () => {
      expect(
        msgpack({ bytesMax: 1e8 }).decode(msgpack({ bytesMax: 1e8 }).encode(value)),
      ).to.deep.equal(value)
    })
  }

  it('gives bytes of their own, which do not change with the fetch buffer', () => {
    const record = Uint8Array.from(serde.encode({ a: Uint8Array.of(1, 2, 3) }))
    const value = serde.decode(record) as { a: Uint8Array }
    record.fill(0)
    expect([...value.a]).to.deep.equal([1, 2, 3])
  })

  it('writes plain MessagePack that other libraries read', () => {
    expect(Buffer.from(serde.encode({ a: [1, 'b', null, true] })).toString('hex')).to.equal(
      '81a1619401a162c0c3',
    )
  })

  it('reads maps of other producers as objects, number keys as text', () => {
    expect(serde.decode(of('82 a161 01 05 c0'))).to.deep.equal({ a: 1, 5: null })
  })

  it('writes records that another process decodes', () => {
    const value = { id: 'x', n: 5, tags: ['a'] }
    for (let at = 0; at < 100; at++) serde.encode({ ...value, [`k${at}`]: at })
    const entry = createRequire(import.meta.url).resolve('msgpackr')
    const script = `process.stdout.write(JSON.stringify(require(${JSON.stringify(entry)}).unpack(Buffer.from(process.argv[1], 'hex'))))`
    const child = spawnSync(
      process.execPath,
      ['-e', script, Buffer.from(serde.encode(value)).toString('hex')],
      { encoding: 'utf8', env: {} },
    )
    expect(JSON.parse(child.stdout)).to.deep.equal(value)
  })

  it('does not let a small record hold the buffer of a large one', () => {
    serde.encode('x'.repeat(900_000))
    expect(serde.encode({ a: 1 }).buffer.byteLength).to.be.at.most(65_536)
  })

  it('refuses a record over the limit, in both directions', () => {
    const small = msgpack({ bytesMax: 8 })
    expect(refusal(() => small.encode('123456789')).code).to.equal('MILLRACE_RECORD_TOO_LARGE')
    const error = refusal(() => small.decode(serde.encode('123456789')))
    expect(error.code).to.equal('MILLRACE_RECORD_TOO_LARGE')
    expect(error.message).to.contain('10 bytes').and.to.contain('bytesMax')
  })

  it('takes 100 levels and refuses 101, in both directions', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
    expect(serde.decode(serde.encode(nested(100)))).to.deep.equal(nested(100))
    expect(refusal(() => serde.encode(nested(101))).code).to.equal('MILLRACE_ENCODE')
    expect(refusal(() => serde.decode(of(`${'91'.repeat(101)}01`))).message).to.contain(
      '100 levels',
    )
    expect(refusal(() => msgpack({ depthMax: 5_000 })).code).to.equal('MILLRACE_CONFIG')
  })

  class Point {}
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  const refused: [string, unknown][] = [
    ['a function', { a: () => 1 }],
    ['a symbol', Symbol('s')],
    ['a class instance', new Point()],
    ['an Error', new Error('e')],
    ['a RegExp', /a/],
    ['a typed array', new Float64Array(2)],
    ['an invalid Date', new Date(NaN)],
    ['a cycle', cycle],
    [
      'a cycle through a Map',
      (() => {
        const map = new Map()
        map.set('a', map)
        return map
      })(),
    ],
    ['a lone surrogate', 'a\ud800'],
    ['a lone surrogate in a key', { 'a\ud800': 1 }],
    ['a key __proto__', JSON.parse('{"a":{"__proto__":1}}')],
    ['a key constructor', { constructor: 1 }],
    ['a bigint of 1,025 bytes', 2n ** 8192n],
  ]
  for (const [name, value] of refused) {
    it(`refuses to encode ${name}`, () => {
      expect(refusal(() => serde.encode(value)).code).to.equal('MILLRACE_ENCODE')
    })
  }

  const hostile: [string, string][] = [
    ['nothing', ''],
    ['trailing bytes', '01 01'],
    ['an array of 4 billion', 'dd ffffffff'],
    ['a map of 4 billion', 'df ffffffff'],
    ['text of 4 GB', 'db ffffffff 61'],
    ['bytes of 4 GB', 'c6 ffffffff 00'],
    ['an extension of 4 GB', 'c9 ffffffff ff'],
    ['an array longer than the rest', '93 01 02'],
    ['a map longer than the rest', '82 a161 01'],
    ['a length cut short', 'da 00'],
    ['a number cut short', 'cb 0000'],
    ['a record definition', 'd4 72 40 91 a161 01'],
    ['a two-byte record definition', 'd5 72 40 01 91 a161 01'],
    ['a record definition of fixext 4', 'd6 72 00000000'],
    ['an Error', 'd4 65 00 92 a161 a162'],
    ['a RegExp', 'd4 78 00 92 a128612b292b a0'],
    ['a Set extension', 'd4 73 00 91 01'],
    ['a typed array', 'c7 05 74 08 00000000'],
    ['a reference', 'd6 69 00000001 90'],
    ['a pointer', 'd6 70 00000001'],
    ['bundled strings', 'd6 62 00000000 01'],
    ['an unknown extension', 'd4 05 00'],
    ['an invalid date', 'd4 ff ff'],
    ['a date out of range', 'c7 0c ff 00000000 7fffffffffffffff'],
    ['a date with a billion nanoseconds', 'c7 0c ff 3b9aca00 0000000000000000'],
    ['an empty bigint', 'c7 00 42'],
    ['a huge bigint', `c8 0500 42 ${'7f'.repeat(0x500)}`],
    ['a key __proto__', `81 ${textHex('__proto__')} 80`],
    ['a nested key constructor', `91 81 ${textHex('constructor')} 80`],
    ['a key prototype in long form', `81 d909 ${Buffer.from('prototype').toString('hex')} 80`],
    ['a key that is an array', '81 91 01 01'],
    ['a key that is nil', '81 c0 01'],
    ['a key that is bytes', '81 c4 01 61 01'],
    ['text that is not UTF-8', 'a2 61ff'],
    ['a key that is not UTF-8', '81 a1 ff 01'],
    ['c1 alone', 'c1'],
    ['c1 in a map', '81 a161 c1'],
    ['c1 behind the first element', '92 01 c1'],
    ['a Map with half an entry', '93 c1 00 01'],
    ['an unknown collection', '92 c1 02'],
    ['a marker without a kind', '91 c1'],
    ['a million levels', '91'.repeat(1_000_000)],
    ['a million levels of maps', '81a161'.repeat(300_000)],
  ]
  for (const [name, bytes] of hostile) {
    it(`refuses ${name}`, () => {
      expect(refusal(() => serde.decode(of(bytes))).code).to.equal('MILLRACE_DECODE')
    })
  }

  it('goes on after a refused record', () => {
    for (const [, bytes] of hostile) refusal(() => serde.decode(of(bytes)))
    expect(serde.decode(serde.encode({ a: 1 }))).to.deep.equal({ a: 1 })
  })
})

describe('serde/msgpack properties', () => {
  const safe = (name: string): boolean => !['__proto__', 'constructor', 'prototype'].includes(name)
  const scalar = fc.oneof(
    fc.constantFrom(null, undefined),
    fc.boolean(),
    fc.integer(),
    fc.double().map((n) => n + 0 || (Object.is(n, NaN) ? n : 0)),
    fc.bigInt(-(2n ** 200n), 2n ** 200n),
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 8 }),
  )
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: 'binary' }).filter(safe), tie('value'), {
        maxKeys: 5,
        noNullPrototype: true,
      }),
      fc
        .array(fc.tuple(fc.oneof(fc.string(), fc.integer()), tie('value')), { maxLength: 3 })
        .map((entries) => new Map(entries)),
      fc.array(fc.string(), { maxLength: 3 }).map((items) => new Set(items)),
    ),
  }))

  it('round trips every value it encodes', () => {
    // Not chai: it sorts the entries of a Map as text, and calls a toString field to do so.
    fc.assert(
      fc.property(value, (given) => {
        const read = serde.decode(Uint8Array.from(serde.encode(given)))
        deepStrictEqual(read, given)
      }),
      { numRuns: 2_000 },
    )
  })

  it('decodes any bytes or refuses them with an error of ours, and pollutes nothing', () => {
    const mutated = fc.tuple(value, fc.nat(), fc.nat(255)).map(([given, at, byte]) => {
      const bytes = Uint8Array.from(serde.encode(given))
      bytes[at % bytes.length] = byte
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), mutated), (bytes) => {
        try {
          serde.decode(bytes)
        } catch (error) {
          if (!isMillraceError(error)) throw error
          expect(error.code).to.equal('MILLRACE_DECODE')
        }
      }),
      { numRuns: 5_000 },
    )
    expect(Object.keys(Object.prototype)).to.deep.equal([])
  })
})
