import { expect } from 'chai'
import { joinWindow, mirrored, openFrom, retentionOf } from '../../src/time/join-window.ts'

describe('the window of a join', () => {
  it('is as wide both ways, or has two bounds', () => {
    expect(joinWindow('5s', undefined, 'join')).deep.equal({
      beforeMs: 5_000,
      afterMs: 5_000,
      graceMs: 0,
    })
    expect(joinWindow({ before: '0ms', after: '1m' }, '10s', 'join')).deep.equal({
      beforeMs: 0,
      afterMs: 60_000,
      graceMs: 10_000,
    })
  })

  it('is mirrored for the other side', () => {
    const window = joinWindow({ before: '1s', after: '2s' }, '3s', 'join')
    expect(mirrored(window)).deep.equal({ beforeMs: 2_000, afterMs: 1_000, graceMs: 3_000 })
    expect(mirrored(mirrored(window))).deep.equal(window)
    expect(retentionOf(mirrored(window))).equal(retentionOf(window))
  })

  it('keeps a row open up to its last partner and the grace, both included', () => {
    const window = joinWindow({ before: '1ms', after: '20ms' }, '5ms', 'join')
    const isOpen = (time: number, watermark: number): boolean => time >= openFrom(window, watermark)
    expect(isOpen(100, 125)).equal(true)
    expect(isOpen(100, 126)).equal(false)
    expect(isOpen(0, -Infinity)).equal(true)
  })

  it('is asked for, with an example', () => {
    expect(() => joinWindow(undefined, undefined, 'leftJoin')).throws(
      /leftJoin of two streams needs to know how far apart .* within: '5m'/,
    )
    expect(() => joinWindow({ before: '5m' } as never, undefined, 'join')).throws(
      /join: within.after/,
    )
  })
})
