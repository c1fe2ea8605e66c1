import { expect } from 'chai'
import fc from 'fast-check'
import { bigint64, double, int32, int64 } from '../../src/serde/number.ts'
import type { Serde } from '../../src/serde/serde.ts'
import { refusal } from './refusal.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('serde/number', () => {
  // Written by org.apache.kafka.common.serialization: IntegerSerializer, LongSerializer, DoubleSerializer.
  const wire: [string, Serde<number> | Serde<bigint>, number | bigint, string][] = [
    ['int32', int32(), 1, '00000001'],
    ['int32', int32(), -1, 'ffffffff'],
    ['int32', int32(), -2_147_483_648, '80000000'],
    ['int32', int32(), 2_147_483_647, '7fffffff'],
    ['int64', int64(), 1, '0000000000000001'],
    ['int64', int64(), -1, 'ffffffffffffffff'],
    ['int64', int64(), 4_294_967_296, '0000000100000000'],
    ['int64', int64(), -4_294_967_297, 'fffffffeffffffff'],
    ['int64', int64(), Number.MAX_SAFE_INTEGER, '001fffffffffffff'],
    ['int64', int64(), Number.MIN_SAFE_INTEGER, 'ffe0000000000001'],
    ['bigint64', bigint64(), -(2n ** 63n), '8000000000000000'],
    ['bigint64', bigint64(), 2n ** 63n - 1n, '7fffffffffffffff'],
    ['double', double(), 1.5, '3ff8000000000000'],
    ['double', double(), -0, '8000000000000000'],
    ['double', double(), NaN, '7ff8000000000000'],
    ['double', double(), -Infinity, 'fff0000000000000'],
  ]
  for (const [name, serde, value, bytes] of wire) {
    it(`${name} writes ${Object.is(value, -0) ? '-0' : value} as Kafka does: ${bytes}`, () => {
      expect(hex(serde.encode(value as never))).to.equal(bytes)
      expect(Object.is(serde.decode(Buffer.from(bytes, 'hex')), value)).to.equal(true)
    })
  }

  for (const serde of [int32(), int64(), bigint64(), double()] as Serde<unknown>[]) {
    const right = serde.name === 'int32' ? 4 : 8
    for (const length of [0, 1, 3, 4, 5, 7, 8, 9]) {
      if (length === right) continue
      it(`${serde.name} refuses ${length} bytes and says how many it takes`, () => {
        const error = refusal(() => serde.decode(new Uint8Array(length)))
        expect(error.code).to.equal('MILLRACE_DECODE')
        expect(error.message).to.contain(`exactly ${right} bytes and got ${length}`)
      })
    }
  }

  for (const bytes of [
    '0020000000000000',
    'ffe0000000000000',
    'ffdfffffffffffff',
    '7fffffffffffffff',
  ]) {
    it(`int64 refuses the Long ${bytes} beyond 2^53 and names bigint64()`, () => {
      const error = refusal(() => int64().decode(Buffer.from(bytes, 'hex')))
      expect(error.code).to.equal('MILLRACE_DECODE')
      expect(error.message).to.contain('bigint64()')
    })
  }

  it('refuses to encode what would not come back equal', () => {
    const acts = [
      () => int32().encode(1.5),
      () => int32().encode(2 ** 31),
      () => int32().encode(NaN),
      () => int64().encode(2 ** 53),
      () => int64().encode(0.1),
      () => int64().encode(5n as never),
      () => bigint64().encode(2n ** 63n),
      () => bigint64().encode(5 as never),
      () => double().encode('1' as never),
    ]
    for (const act of acts) expect(refusal(act).code).to.equal('MILLRACE_ENCODE')
  })

  it('round trips every value within its range', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.maxSafeInteger(),
        fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
        fc.double(),
        (i, l, b, d) => {
          expect(int32().decode(int32().encode(i))).to.equal(i)
          expect(int64().decode(int64().encode(l))).to.equal(l)
          expect(hex(int64().encode(l))).to.equal(hex(bigint64().encode(BigInt(l))))
          expect(bigint64().decode(bigint64().encode(b))).to.equal(b)
          expect(Object.is(double().decode(double().encode(d)), d)).to.equal(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})
