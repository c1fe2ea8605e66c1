import { expect } from 'chai'
import fc from 'fast-check'
import { Watermark } from '../../src/time/watermark.ts'

const strict = { outOfOrderMs: 0, idleMs: undefined }
const idle = (idleMs: number) => ({ outOfOrderMs: 0, idleMs })
const always = (): boolean => true
const never = (): boolean => false

describe('the watermark', () => {
  it('is the lowest over the splits, less what may be out of order', () => {
    const clock = new Watermark([{ outOfOrderMs: 10, idleMs: undefined }, strict])
    expect(clock.observe(0, 100)).equal(-Infinity)
    expect(clock.observe(1, 50)).equal(50)
    expect(clock.observe(1, 200)).equal(90)
  })

  it('does not wait for a split that brings no time, nor move with it', () => {
    const clock = new Watermark([strict, { ...strict, untimed: true }])
    expect(clock.observe(1, 500)).equal(-Infinity)
    expect(clock.observe(0, 100)).equal(100)
    expect(clock.observe(1, 900)).equal(100)
    expect(clock.tick(0, () => true)).equal(100)
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

  it('is held by a split that has sent nothing, until that is idle', () => {
    const clock = new Watermark([idle(100), idle(100)])
    clock.tick(0, always)
    clock.observe(0, 500)
    expect(clock.tick(60, always)).equal(-Infinity)
    clock.observe(0, 510)
    expect(clock.tick(101, always)).equal(510)
  })

  it('makes a split idle when it was silent for longer than idle, not for as long', () => {
    const clock = new Watermark([idle(100)])
    clock.tick(0, always)
    clock.observe(0, 500)
    expect(clock.tick(100, always)).equal(500)
    expect(clock.tick(101, always)).equal(601)
  })

  it('never leaves out a split without idle, whatever the wall clock does', () => {
    const clock = new Watermark([idle(100), strict])
    clock.tick(0, always)
    clock.observe(0, 500)
    expect(clock.tick(1_000_000, always)).equal(-Infinity)
  })

  it('goes on from where the last active split held it, not from the newest of all', () => {
    const clock = new Watermark([idle(100), idle(100)])
    clock.tick(0, always)
    clock.observe(0, 1_000)
    clock.observe(1, 500)
    expect(clock.tick(101, always)).equal(601)
    expect(clock.tick(201, always)).equal(701)
  })

  it('does not fall back to a split that was idle long before the others', () => {
    const clock = new Watermark([idle(100), idle(100)])
    clock.tick(0, always)
    clock.observe(0, 100)
    clock.observe(1, 100)
    for (const time of [60, 120, 180]) {
      clock.observe(1, 1_000 * time)
      clock.tick(time, always)
    }
    expect(clock.value).equal(180_000)
    expect(clock.tick(300, always)).equal(180_180)
  })

  it('follows the active splits alone while one is idle, and that one again when it returns', () => {
    const clock = new Watermark([idle(100), idle(100)])
    clock.tick(0, always)
    clock.observe(0, 100)
    clock.observe(1, 100)
    clock.tick(90, always)
    clock.observe(0, 700)
    expect(clock.tick(150, always)).equal(700)
    expect(clock.observe(1, 200)).equal(700)
    clock.observe(0, 900)
    expect(clock.tick(160, always)).equal(700)
    expect(clock.observe(1, 800)).equal(800)
  })

  it('holds still while a split is behind, and its silence counts anew when it has caught up', () => {
    const clock = new Watermark([idle(100)])
    clock.tick(0, always)
    clock.observe(0, 500)
    clock.tick(150, always)
    expect(clock.tick(1_000, always)).equal(1_500)
    for (const time of [1_001, 2_000]) expect(clock.tick(time, never)).equal(1_500)
    expect(clock.tick(2_100, always)).equal(1_500)
    expect(clock.tick(2_101, always)).equal(1_601)
  })

  it('lets good rows of an outage be on time', () => {
    const clock = new Watermark([idle(100), strict])
    clock.tick(0, always)
    clock.observe(0, 500)
    clock.observe(1, 600)
    expect(clock.tick(1_000, never)).equal(500)
    clock.observe(1, 2_000)
    expect(clock.observe(0, 510)).equal(510)
  })

  it('goes on behind a restore as fast as the wall clock, not first back to the rows', () => {
    const clock = new Watermark([idle(100), idle(100)])
    clock.restore(5_000, [500, undefined])
    clock.tick(10_000, always)
    expect(clock.tick(10_100, always)).equal(5_000)
    expect(clock.tick(10_101, always)).equal(5_101)
  })

  it('is a whole number even if the monotonic clock is none', () => {
    const clock = new Watermark([idle(100)])
    clock.tick(0.25, always)
    clock.observe(0, 500)
    expect(clock.tick(200.75, always)).equal(700)
  })

  it('says when silence may make a difference', () => {
    const clock = new Watermark([idle(100), idle(300), strict])
    clock.tick(0, always)
    clock.observe(1, 1)
    clock.tick(50, always)
    clock.observe(0, 1)
    expect(clock.nextIdle).equal(151)
    clock.tick(151, always)
    expect(clock.nextIdle).equal(301)
    expect(new Watermark([strict]).nextIdle).equal(undefined)
    expect(new Watermark([idle(100)], 'streamTime').nextIdle).equal(undefined)
  })

  it('begins behind a restore where it was', () => {
    const clock = new Watermark([strict, strict])
    clock.restore(70, [100, 70])
    expect(clock.observe(0, 90)).equal(70)
    expect(clock.observe(1, 95)).equal(95)
  })
})
