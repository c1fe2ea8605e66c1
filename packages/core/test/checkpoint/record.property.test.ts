/** The commit record: nothing is lost in it, and nothing damaged is believed. */
import { expect } from 'chai'
import fc from 'fast-check'
import { isMillraceError } from '../../src/errors.ts'
import { compareKeys } from '../../src/checkpoint/object-key.ts'
import { decodeRecord, encodeRecord } from '../../src/checkpoint/record.ts'
import type { CommitRecord } from '../../src/checkpoint/record.ts'
import { sha256 } from '../../src/hash.ts'
import { anyRecord } from './any-record.ts'
import { bytes, sample } from './sample-record.ts'

/** Decoding gives stores and map entries in byte order of their names. */
function canonical(record: CommitRecord): unknown {
  return {
    ...record,
    positions: [...record.positions].sort(([a], [b]) => compareKeys(a, b)),
    watermarks: [...record.watermarks].sort(([a], [b]) => compareKeys(a, b)),
    deltas: [...record.deltas].sort((a, b) => compareKeys(a.store, b.store)),
  }
}

function expectDamaged(damaged: Uint8Array, what: string): string {
  try {
    decodeRecord(damaged)
  } catch (error) {
    if (isMillraceError(error) && error.code === 'MILLRACE_RECORD_DAMAGED') return error.message
    throw error
  }
  throw new Error(`${what} was accepted`)
}

/** A record whose hash is right, with any header and body. */
function sealed(
  header: Uint8Array,
  body: Uint8Array = new Uint8Array(0),
  length = header.length,
): Uint8Array {
  const head = Buffer.alloc(8)
  head.write('MRC1')
  head.writeUInt32LE(length, 4)
  const content = Buffer.concat([head, header, body])
  return Buffer.concat([content, sha256(content)])
}

describe('commit record', () => {
  it('gives back every record that was encoded', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(canonical(decodeRecord(encodeRecord(record)))).to.deep.equal(canonical(record))
      }),
      { numRuns: 300 },
    )
  })

  it('makes equal bytes of equal records, whatever the order of stores and map entries', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const turned: CommitRecord = {
          ...record,
          positions: new Map([...record.positions].reverse()),
          watermarks: new Map([...record.watermarks].reverse()),
          deltas: record.deltas.toReversed(),
        }
        expect(encodeRecord(turned)).to.deep.equal(encodeRecord(record))
      }),
    )
  })

  it('reads a record that lies inside a larger buffer', () => {
    const encoded = encodeRecord(sample)
    const larger = Buffer.concat([Buffer.alloc(5), encoded, Buffer.alloc(5)])
    const decoded = decodeRecord(larger.subarray(5, 5 + encoded.length))
    expect(canonical(decoded)).to.deep.equal(canonical(sample))
  })

  it('refuses a record with any one byte changed', () => {
    fc.assert(
      fc.property(anyRecord, fc.integer({ min: 1, max: 255 }), (record, flip) => {
        const encoded = encodeRecord(record)
        for (let at = 0; at < encoded.length; at++) {
          encoded[at]! ^= flip
          expectDamaged(encoded, `a record with byte ${at} changed`)
          encoded[at]! ^= flip
        }
      }),
      { numRuns: 25 },
    )
  })

  it('refuses every beginning of a record, and one with bytes behind it', () => {
    fc.assert(
      fc.property(anyRecord, fc.uint8Array({ minLength: 1, maxLength: 40 }), (record, more) => {
        const encoded = encodeRecord(record)
        for (let end = 0; end < encoded.length; end++)
          expectDamaged(encoded.subarray(0, end), `${end} bytes`)
        expectDamaged(Buffer.concat([encoded, more]), 'a record with bytes behind it')
      }),
      { numRuns: 25 },
    )
  })

  it('refuses bytes of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (any) => void expectDamaged(any, 'noise')),
    )
  })

  it('refuses any header that hashes right and is none', () => {
    const header = fc.oneof(
      fc.json().map(bytes),
      fc.uint8Array({ maxLength: 100 }),
      fc.constantFrom('null', '[]', '{"v":1}', '[', '['.repeat(100_000), '\ufeff{}').map(bytes),
    )
    fc.assert(
      fc.property(
        header,
        fc.uint8Array({ maxLength: 20 }),
        (h, body) => void expectDamaged(sealed(h, body), 'a header'),
      ),
    )
  })

  it('refuses any change of a header that makes it untrue, though it hashes right', () => {
    const encoded = Buffer.from(encodeRecord(sample))
    const length = encoded.readUInt32LE(4)
    const json = encoded.subarray(8, 8 + length).toString()
    const body = encoded.subarray(8 + length, -32)
    const odd = [undefined, null, true, -1, 1.5, 2 ** 53, 1e308, 'x', [], [1], {}, { x: 1 }]
    let refusals = 0
    const visit = (path: readonly string[]): void => {
      const node = at(JSON.parse(json), path)
      if (typeof node === 'object' && node !== null)
        for (const key of Object.keys(node)) visit([...path, key])
      if (path.length === 0) return
      for (const value of odd) {
        const root: unknown = JSON.parse(json)
        const parent = at(root, path.slice(0, -1)) as Record<string, unknown>
        parent[path.at(-1)!] = value
        try {
          decodeRecord(sealed(bytes(JSON.stringify(root)), body))
        } catch (error) {
          expect(error).to.have.property('code', 'MILLRACE_RECORD_DAMAGED')
          refusals++
        }
      }
    }
    visit([])
    expect(refusals).to.be.greaterThan(300)
  })

  it('refuses any change of the body that makes it untrue, though it hashes right', () => {
    const encoded = Buffer.from(encodeRecord(sample))
    const split = 8 + encoded.readUInt32LE(4)
    const [header, body] = [encoded.subarray(8, split), encoded.subarray(split, -32)]
    for (let end = 0; end < body.length; end++)
      expectDamaged(sealed(header, body.subarray(0, end)), `${end} bytes`)
    expect(
      expectDamaged(sealed(header, Buffer.concat([body, Buffer.alloc(1)])), 'a longer body'),
    ).to.include('1 bytes behind')
    fc.assert(
      fc.property(fc.nat(7), fc.nat(255), (where, value) => {
        const changed = Buffer.from(body)
        if (changed[where] === value) return
        changed[where] = value // the two lengths of the first operation
        expectDamaged(sealed(header, changed), 'changed lengths')
      }),
    )
  })
})

function at(root: unknown, path: readonly string[]): unknown {
  return path.reduce((node, key) => (node as Record<string, unknown>)[key], root)
}
