import { expect } from 'chai'
import { Windows, sliding } from './windowed.ts'

describe('sliding windows', () => {
  it('end with each row and begin behind each, where there are rows', () => {
    const windows = new Windows(sliding('10ms').grace('1s'))
    windows.row('k', 'a', 100).row('k', 'b', 105).row('k', 'c', 120)
    expect(windows.changes).deep.equal([
      'k[90,100]=a@100',
      'k[101,111]=b@105',
      'k[95,105]=ab@105',
      'k[110,120]=c@120',
    ])
  })

  it('include both their ends', () => {
    const windows = new Windows(sliding('10ms').grace('1s'))
    windows.row('k', 'a', 100).row('k', 'b', 110).row('k', 'c', 121)
    expect(windows.changes).deep.equal([
      'k[90,100]=a@100',
      'k[101,111]=b@110',
      'k[100,110]=ab@110',
      // As the window right of the row before it, and as its own left one: once each.
      'k[111,121]=c@121',
      'k[111,121]=c@121',
    ])
  })

  it('are not made anew by a second row of the same time', () => {
    const windows = new Windows(sliding('10ms').grace('1s'))
    windows.row('k', 'a', 100).row('k', 'b', 100)
    expect(windows.changes).deep.equal(['k[90,100]=a@100', 'k[90,100]=ab@100'])
  })

  it('get a row out of order, and the window behind it its copy without the row', () => {
    const windows = new Windows(sliding('10ms').grace('1s'))
    windows.row('k', 'b', 105).row('k', 'a', 100)
    expect(windows.changes).deep.equal([
      'k[95,105]=b@105',
      'k[95,105]=ba@105',
      'k[90,100]=a@100',
      'k[101,111]=b@105',
    ])
  })

  it('start at 0 for rows that are earlier than their length', () => {
    const windows = new Windows(sliding('10ms').grace('1s'))
    windows.row('k', 'a', 2).row('k', 'b', 5)
    expect(windows.changes).deep.equal(['k[0,10]=a@2', 'k[3,13]=b@5', 'k[0,10]=ab@5'])
  })

  for (const grace of [0, 5])
    it(`take a row while one of its windows is open, with a grace of ${grace}`, () => {
      for (const clock of ['watermark', 'streamTime'] as const) {
        const shown = (time: number) => {
          const windows = new Windows(sliding('10ms').grace(`${grace}ms`), { clock })
          windows.row('other', '-', 100).row('k', 'a', time)
          return windows
        }
        const last = shown(100 - grace)
        expect(last.changes.length).equal(2)
        expect(last.late).deep.equal([])
        // Its own left window is closed, and there is no other: late, with that window.
        const late = shown(99 - grace)
        expect(late.late).deep.equal([`k=a [${89 - grace},${99 - grace}] late by ${1 + grace}`])
        expect(late.counters().reasons.get('expired-window')).equal(1)
        expect(late.counters().conserved).equal(true)
        expect(shown(89 - grace).late).deep.equal([
          `k=a [${79 - grace},${89 - grace}] late by ${11 + grace}`,
        ])
      }
    })

  it('may refuse a row that another one takes, and count it', () => {
    const windows = new Windows(sliding('10ms'), { clock: 'streamTime' })
    windows.row('k', 'a', 100).row('k', 'b', 95)
    expect(windows.changes).deep.equal(['k[90,100]=a@100', 'k[90,100]=ab@100', 'k[96,106]=a@100'])
    expect(windows.late).deep.equal([])
    expect(windows.counters()).include({ late: 0, forwarded: 2 })
    expect(windows.counters().reasons.get('expired-window')).equal(1)
  })

  it('that are closed still tell their neighbour what is in it', () => {
    for (const clock of ['watermark', 'streamTime'] as const) {
      const windows = new Windows(sliding('10ms'), { clock, emit: 'close' })
      windows.row('k', 'a', 100).row('other', '-', 108).row('k', 'b', 108).row('other', '-', 200)
      expect(windows.changes).deep.equal([
        'k[90,100]=a@100',
        'k[98,108]=ab@108',
        'other[98,108]=-@108',
        'k[101,111]=b@108',
      ])
    }
  })

  it('drop rows without a key or a value, which move no time of theirs', () => {
    const windows = new Windows(sliding('10ms'), { clock: 'streamTime' })
    windows.row(null, 'a', 1_000).row('k', null, 1_000).row('k', 'a', 100)
    expect(windows.changes).deep.equal(['k[90,100]=a@100'])
    const { reasons } = windows.counters()
    expect([reasons.get('null-key'), reasons.get('null-value')]).deep.equal([1, 1])
  })

  it('keep nothing of a row whose function threw', () => {
    const windows = new Windows(sliding('10ms').grace('1s'), { onError: 'skip' })
    windows.row('k', 'a', 100).row('k', '!', 105).row('k', 'b', 106)
    expect(windows.changes).deep.equal(['k[90,100]=a@100', 'k[101,111]=b@106', 'k[96,106]=ab@106'])
    expect(windows.counters().conserved).equal(true)
  })

  it('whose aggregate is null leave with a tombstone', () => {
    const windows = new Windows(sliding('10ms').grace('1s'))
    windows.row('k', 'a', 100).row('k', 'X', 100)
    expect(windows.changes).deep.equal(['k[90,100]=a@100', 'k[90,100]=-@100'])
  })

  it('are found by who looks them up, until nobody may ask for them', () => {
    const windows = new Windows(sliding('10ms'), { retention: 100 })
    windows.row('k', 'a', 100)
    expect(windows.find('k', 90, 100, 1)).equal('a')
    windows.row('z', 'z', 200)
    expect(windows.find('k', 90, 100, 200), 'T = 200').equal('a')
    windows.row('z', 'z', 201)
    expect(windows.find('k', 90, 100, 201), 'T = 201').equal('nothing')
  })

  it('of a key with very many rows cost what their number says', () => {
    const windows = new Windows(sliding('2ms').grace('1d'), { emit: 'close' })
    const topic = windows.driver.createInputTopic<string, string>('in')
    for (let from = 0; from < 10_000; from += 100)
      topic.pipeRecordList(
        Array.from({ length: 100 }, (_, i) => ({
          key: 'k',
          value: 'a',
          timestamp: (from + i) * 2,
        })),
      )
    windows.row('z', 'z', 100_000_000)
    expect(windows.changes.length).equal(20_000 - 2)
  }).timeout(30_000)
})
