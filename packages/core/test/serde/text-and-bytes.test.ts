import { expect } from 'chai'
import { bytes } from '../../src/serde/bytes.ts'
import { string } from '../../src/serde/string.ts'
import { refusal } from './refusal.ts'

describe('serde/string', () => {
  const serde = string()

  for (const text of [
    '',
    'a',
    'user-000123',
    'a\0b',
    'grüße',
    '日本語',
    '😀',
    '\ufeffbom',
    '\ufffd',
    'x'.repeat(5_000),
    'ü'.repeat(40),
  ]) {
    it(`round trips ${JSON.stringify(text.slice(0, 12))} of ${text.length} characters as UTF-8`, () => {
      expect([...serde.encode(text)]).to.deep.equal([...Buffer.from(text, 'utf8')])
      expect(serde.decode(serde.encode(text))).to.equal(text)
    })
  }

  for (const invalid of [
    [0x80],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0x61, 0xe2, 0x82],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
    [0xef, 0xbf, 0xbd, 0xff],
  ]) {
    it(`refuses the invalid bytes ${Buffer.from(invalid).toString('hex')} instead of replacing them`, () => {
      expect(refusal(() => serde.decode(Uint8Array.from(invalid))).code).to.equal('MILLRACE_DECODE')
      const long = Buffer.concat([Buffer.alloc(100, 0x61), Buffer.from(invalid)])
      expect(refusal(() => serde.decode(long)).code).to.equal('MILLRACE_DECODE')
    })
  }

  it('accepts a replacement character that was really written', () => {
    expect(serde.decode(Buffer.from('\ufffd'))).to.equal('\ufffd')
  })

  it('refuses to encode a lone surrogate, which would become another key', () => {
    expect(refusal(() => serde.encode('a\ud800')).code).to.equal('MILLRACE_ENCODE')
  })

  it('refuses to encode what is not a string and names its kind', () => {
    const error = refusal(() => serde.encode(5 as never))
    expect(error.code).to.equal('MILLRACE_ENCODE')
    expect(error.message).to.contain('a number')
  })

  it('reads a view inside a larger buffer', () => {
    expect(serde.decode(Buffer.from('xxhelloyy').subarray(2, 7))).to.equal('hello')
  })
})

describe('serde/bytes', () => {
  it('gives a copy, so that the value does not change with the fetch buffer', () => {
    const batch = Uint8Array.of(1, 2, 3, 4)
    const value = bytes().decode(batch.subarray(1, 3))
    batch.fill(9)
    expect([...value]).to.deep.equal([2, 3])
  })

  it('encodes the array as it is', () => {
    const value = Uint8Array.of(1, 2)
    expect(bytes().encode(value)).to.equal(value)
  })

  it('refuses to encode what is not bytes', () => {
    expect(refusal(() => bytes().encode('text' as never)).code).to.equal('MILLRACE_ENCODE')
  })
})
