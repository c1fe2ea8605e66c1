import { expect } from 'chai'
import { json, string } from '../../src/serde/index.ts'
import { change } from '../../src/serde/change.ts'
import type { Change } from '../../src/serde/change.ts'
import type { Serde } from '../../src/serde/serde.ts'

describe('the serde of a change', () => {
  const serde = change(string() as Serde<unknown>)

  const changes: readonly Change[] = [
    { old: 'a', value: null },
    { old: null, value: 'b' },
    { old: 'längere', value: '' },
    { old: '', value: 'b' },
  ]
  for (const each of changes)
    it(`brings ${JSON.stringify(each)} back`, () => {
      expect(serde.decode(serde.encode(each))).deep.equal(each)
    })

  it('carries values of any serde', () => {
    const objects = change(json() as Serde<unknown>)
    const each = { old: { n: 1 }, value: [1, 2] }
    expect(objects.decode(objects.encode(each))).deep.equal(each)
  })

  it('refuses what is no change', () => {
    for (const bytes of [[], [0], [4], [3, 0, 0], [3, 0, 0, 0, 9, 65]])
      expect(() => serde.decode(new Uint8Array(bytes)), String(bytes)).throws(/no change/)
  })
})
