import { expect } from 'chai'
import { diffFingerprints } from '../../src/topology/fingerprint.ts'
import type { FingerprintEntry } from '../../src/topology/fingerprint.ts'

const entry = (node: string, more: Partial<FingerprintEntry> = {}): FingerprintEntry => ({
  subTopology: 'orders',
  node,
  kind: 'async',
  facts: 'mode=ordered',
  ...more,
})

describe('two fingerprints', () => {
  it('that are equal differ in nothing', () => {
    expect(diffFingerprints([entry('a')], [entry('a')])).deep.equal([])
  })

  it('say in words what was added, removed, moved or changed', () => {
    const before = [entry('gone'), entry('moved'), entry('other'), entry('kept')]
    const after = [
      entry('kept'),
      entry('moved', { subTopology: 'users' }),
      entry('other', { facts: 'mode=perKey' }),
      entry('new', { kind: 'sink' }),
    ]
    expect(diffFingerprints(before, after)).deep.equal([
      'removed: async gone of sub-topology orders',
      'moved: async moved from sub-topology orders to users',
      'changed: other from async mode=ordered to async mode=perKey',
      'added: sink new in sub-topology orders',
    ])
  })
})
