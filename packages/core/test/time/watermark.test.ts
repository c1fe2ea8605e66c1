import { expect } from 'chai'
import fc from 'fast-check'
import { Watermark } from '../../src/time/watermark.ts'

const strict = { outOfOrderMs: 0, idleMs: undefined }

describe('the watermark', () => {
  it('is the lowest over the splits, less what may be out of order', () => {
    const clock = new Watermark([{ outOfOrderMs: 10, idleMs: undefined }, strict])
    expect(clock.observe(0, 100)).equal(-Infinity)
    expect(clock.observe(1, 50)).equal(50)
    expect(clock.observe(1, 200)).equal(90)
  })

  it('never goes back, whatever the rows do', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), fc.nat(1_000)), { maxLength: 200 }), (rows) => {
        const clock = new Watermark([strict, strict, { outOfOrderMs: 5, idleMs: undefined }])
        let before = -Infinity
        return rows.every(([split, time]) => {
          const now = clock.observe(split, time)
          const held = now >= before
          before = now
          return held
        })
      }),
    )
  })

  it('leaves out a split that is caught up and silent for longer than idle', () => {
    const clock = new Watermark([
      { outOfOrderMs: 0, idleMs: 100 },
      { outOfOrderMs: 0, idleMs: 100 },
    ])
    clock.tick(0, () => true)
    clock.observe(0, 500)
    expect(clock.tick(100, () => true)).equal(-Infinity)
    clock.observe(0, 501)
    expect(clock.tick(101, () => true)).equal(501)
  })

  it('waits for a split that is silent because it is behind', () => {
    const clock = new Watermark([
      { outOfOrderMs: 0, idleMs: 100 },
      { outOfOrderMs: 0, idleMs: 100 },
    ])
    clock.tick(0, () => false)
    clock.observe(0, 500)
    expect(clock.tick(1_000, (split) => split === 0)).equal(-Infinity)
  })

  it('moves on with the wall clock when every split is idle', () => {
    const clock = new Watermark([{ outOfOrderMs: 0, idleMs: 100 }])
    clock.tick(0, () => true)
    clock.observe(0, 500)
    expect(clock.tick(150, () => true)).equal(650)
    expect(clock.tick(250, () => true)).equal(750)
  })

  it('stands still while a split that has returned catches up', () => {
    const clock = new Watermark([{ outOfOrderMs: 0, idleMs: 100 }])
    clock.tick(0, () => true)
    clock.observe(0, 500)
    clock.tick(300, () => true)
    expect(clock.observe(0, 600)).equal(800)
    expect(clock.observe(0, 900)).equal(900)
  })

  it('begins behind a restore where it was', () => {
    const clock = new Watermark([strict, strict])
    clock.restore(70, [100, 70])
    expect(clock.observe(0, 90)).equal(70)
    expect(clock.observe(1, 95)).equal(95)
  })
})
