/** The commit record: layout, limits, messages and keys. */
import { expect } from 'chai'
import {
  decodeRecord,
  encodeRecord,
  headerBytesMax,
  logPrefix,
  recordKey,
  seqOfKey,
} from '../../src/checkpoint/record.ts'
import { checkKey, checkPrefix } from '../../src/checkpoint/object-key.ts'
import { sha256 } from '../../src/hash.ts'
import { bytes, sample } from './sample-record.ts'

describe('commit record', () => {
  it('has the layout that its header draws', () => {
    const encoded = Buffer.from(encodeRecord(sample))
    const body = 8 + encoded.readUInt32LE(4)
    const header = JSON.parse(encoded.subarray(8, body).toString())
    expect(encoded.subarray(0, 4).toString()).to.equal('MRC1')
    expect(header.v).to.equal(1)
    expect(Object.entries(header.positions)).to.deep.equal([
      ['__proto__', '7'],
      ['txn:3', '49641'],
    ])
    expect(Object.entries(header.delta.stores)).to.deep.equal([
      ['__proto__', { ops: 1, off: 0, len: 10 }],
      ['agg', { ops: 3, off: 10, len: 30 }],
      ['empty', { ops: 0, off: 40, len: 0 }],
    ])
    expect(header.outbox[0]).to.deep.equal({ sink: 'alerts', lane: 'b', rows: 2, off: 40, len: 8 })
    expect(encoded.subarray(body, body + 10).toString('hex')).to.equal(
      '02000000' + '00000000' + '6b30',
    )
    expect(encoded.subarray(body + 22, body + 30).toString('hex')).to.equal('00000000' + 'ffffffff')
    expect(encoded.subarray(-32)).to.deep.equal(sha256(encoded.subarray(0, -32)))
  })

  it('leaves infinite watermarks out and keeps the finite ones', () => {
    const watermarks = new Map([
      ['a', Infinity],
      ['b', -Infinity],
      ['c', -5],
      ['d', 0],
    ])
    const decoded = decodeRecord(encodeRecord({ ...sample, watermarks }))
    expect([...decoded.watermarks]).to.deep.equal([
      ['c', -5],
      ['d', 0],
    ])
  })

  it('names what is wrong, and the record', () => {
    const encoded = encodeRecord(sample)
    const cases: [Uint8Array, string][] = [
      [new Uint8Array(0), '0 bytes are too few'],
      [encoded.subarray(1), 'does not begin with MRC1'],
      [encoded.subarray(0, -1), 'its sha256 does not match'],
    ]
    for (const [damaged, message] of cases) {
      expect(() => decodeRecord(damaged, undefined, 'fraud/txn/3/log/7.rec'))
        .to.throw(message)
        .with.deep.include({
          code: 'MILLRACE_RECORD_DAMAGED',
          at: { key: 'fraud/txn/3/log/7.rec' },
        })
    }
  })

  it('refuses sections that overlap, leave a gap or leave the body, though they hash right', () => {
    const places = ['"off":10,"len":30', '"off":40,"len":8']
    const changes: [string, string, string][] = [
      [places[0]!, '"off":11,"len":30', 'delta of store "agg": begins at 11 of the body'],
      [places[0]!, '"off":0,"len":30', 'the section before ends at 10'],
      [places[0]!, '"off":10,"len":99', 'leave the body of 48'],
      [places[0]!, '"off":10,"len":31', 'delta of store "agg": 1 bytes behind its 3 operations'],
      [places[1]!, '"off":39,"len":8', 'outbox of sink "alerts", lane "b": begins at 39'],
      [places[1]!, '"off":40,"len":7', 'begins at 48 of the body, the section before ends at 47'],
    ]
    for (const [from, to, message] of changes) {
      const encoded = Buffer.from(encodeRecord(sample))
      const at = encoded.indexOf(from)
      const changed = Buffer.concat([
        encoded.subarray(0, at),
        Buffer.from(to),
        encoded.subarray(at + from.length, -32),
      ])
      changed.writeUInt32LE(encoded.readUInt32LE(4) + to.length - from.length, 4)
      expect(() => decodeRecord(Buffer.concat([changed, sha256(changed)])))
        .to.throw(message)
        .with.property('code', 'MILLRACE_RECORD_DAMAGED')
    }
  })

  it('refuses another version of the format', () => {
    const encoded = Buffer.from(encodeRecord(sample))
    encoded.write('{"v":2', 8)
    sha256(encoded.subarray(0, -32)).forEach((byte, i) => (encoded[encoded.length - 32 + i] = byte))
    expect(() => decodeRecord(encoded)).to.throw('its version is 2')
  })

  it('refuses on both sides what is above the limit of size', () => {
    const size = encodeRecord(sample).length
    expect(encodeRecord(sample, size)).to.have.length(size)
    expect(() => encodeRecord(sample, size - 1))
      .to.throw()
      .with.property('code', 'MILLRACE_RECORD_TOO_LARGE')
    expect(() => decodeRecord(encodeRecord(sample), size - 1))
      .to.throw(`the limit is ${size - 1}`)
      .with.property('code', 'MILLRACE_RECORD_DAMAGED')
  })

  it('refuses on both sides a header above its limit', () => {
    const positions = new Map(Array.from({ length: 60_000 }, (_, i) => [`split-${i}`, '1']))
    expect(() => encodeRecord({ ...sample, positions }))
      .to.throw('header')
      .with.property('code', 'MILLRACE_RECORD_TOO_LARGE')
    const large = Buffer.alloc(8 + headerBytesMax + 1, ' ')
    large.write('MRC1')
    large.writeUInt32LE(headerBytesMax + 1, 4)
    expect(() => decodeRecord(Buffer.concat([large, sha256(large)]))).to.throw(
      `header has ${headerBytesMax + 1} bytes`,
    )
  })

  it('fails the commit, not the restore, when a record could not be read again', () => {
    const wrong = [
      { ...sample, watermarks: new Map([['a', NaN]]) },
      { ...sample, seq: -1 },
      { ...sample, epoch: 1.5 },
      { ...sample, fingerprint: undefined as unknown as string },
      {
        ...sample,
        deltas: [
          { store: 'a', ops: [] },
          { store: 'a', ops: [] },
        ],
      },
    ]
    for (const record of wrong)
      expect(() => encodeRecord(record))
        .to.throw()
        .with.property('code', 'MILLRACE_INVARIANT')
  })

  it('copies nothing when it decodes', () => {
    const encoded = encodeRecord(sample)
    const decoded = decodeRecord(encoded)
    expect(decoded.outbox[0]!.bytes.buffer).to.equal(encoded.buffer)
    expect(decoded.deltas[1]!.ops[0]!.value).to.deep.equal(bytes('v1'))
  })
})

describe('keys of commit records', () => {
  it('are paths of encoded names and 20 digits', () => {
    expect(recordKey('fraud', 'txn', '3', 41_873)).to.equal(
      'fraud/txn/3/log/00000000000000041873.rec',
    )
    expect(recordKey('a/b', '..', '', 1)).to.equal('a%2Fb/%2E%2E/%/log/00000000000000000001.rec')
    expect(() => recordKey('a', 'b', 'c', -1))
      .to.throw()
      .with.property('code', 'MILLRACE_INVARIANT')
  })

  it('are valid keys under a valid prefix', () => {
    const key = recordKey('an app', '__proto__', 'txn:3', Number.MAX_SAFE_INTEGER)
    checkKey(key)
    checkPrefix(logPrefix('an app', '__proto__', 'txn:3'))
    expect(key.startsWith(logPrefix('an app', '__proto__', 'txn:3'))).to.equal(true)
  })

  it('give their sequence number back', () => {
    expect(seqOfKey(recordKey('a', 'b', 'c', 12))).to.equal(12)
    for (const key of [
      'a/b/c/log/12.rec',
      'a/b/c/log/.DS_Store',
      'a/b/c/log/99999999999999999999.rec',
      '',
    ]) {
      expect(seqOfKey(key)).to.equal(undefined)
    }
  })
})
