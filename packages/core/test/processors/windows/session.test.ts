import { expect } from 'chai'
import { Windows, session } from './windowed.ts'

describe('session windows', () => {
  it('join rows that are exactly the gap apart, and not one ms more', () => {
    const windows = new Windows(session('10ms').grace('1s'))
    windows.row('k', 'a', 100).row('k', 'b', 110).row('k', 'c', 121)
    expect(windows.changes).deep.equal([
      'k[100,100]=a@100',
      'k[100,100]=-@100',
      'k[100,110]=ab@110',
      'k[121,121]=c@121',
    ])
  })

  it('may have a gap of nothing: rows of one instant', () => {
    const windows = new Windows(session('0ms'), { clock: 'streamTime' })
    windows.row('k', 'a', 5).row('k', 'b', 5).row('k', 'c', 6)
    expect(windows.changes).deep.equal(['k[5,5]=a@5', 'k[5,5]=ab@5', 'k[6,6]=c@6'])
  })

  it('leave with a tombstone each, in order, before the row that merges them shows the one of all', () => {
    const windows = new Windows(session('10ms').grace('1s'))
    windows.row('k', 'a', 0).row('k', 'b', 20).row('k', 'c', 40).row('k', 'd', 10)
    windows.row('x', '-', 30)
    expect(windows.changes.slice(3)).deep.equal([
      'k[0,0]=-@0',
      'k[20,20]=-@20',
      'k[0,20]=abd@20',
      'x[30,30]=-@30',
    ])
    windows.row('k', 'e', 30)
    expect(windows.changes).deep.equal(['k[0,20]=-@20', 'k[40,40]=-@40', 'k[0,40]=abdce@40'])
    windows.row('k', 'f', 30)
    expect(windows.changes, 'inside').deep.equal(['k[0,40]=-@40', 'k[0,40]=abdcef@40'])
  })

  for (const grace of [0, 5])
    it(`take a row while the merged session is open, by its end, with a grace of ${grace}`, () => {
      for (const clock of ['watermark', 'streamTime'] as const)
        for (const [time, late] of [
          [90 - grace, false],
          [89 - grace, true],
        ] as const) {
          const windows = new Windows(session('10ms').grace(`${grace}ms`), { clock })
          windows.row('other', 'a', 100).row('k', 'b', time)
          expect(windows.late).deep.equal(
            late ? [`k=b [${time},${time}] late by ${100 - time}`] : [],
          )
          expect(windows.counters().reasons.get('expired-window')).equal(late ? 1 : undefined)
        }
    })

  it('that are open save a row that is late by itself', () => {
    const windows = new Windows(session('10ms'), { clock: 'streamTime' })
    windows.row('k', 'a', 95).row('other', 'b', 100).row('k', 'c', 86)
    expect(windows.late).deep.equal([])
    expect(windows.changes.at(-1)).equal('k[86,95]=ac@95')
  })

  it('that are closed are found under stream time, and gone under the watermark', () => {
    const shown = (clock: 'watermark' | 'streamTime') => {
      const windows = new Windows(session('10ms'), { clock, retention: 1_000 })
      windows.row('k', 'a', 80).row('k', 'b', 100).row('k', 'c', 90)
      return windows.changes.slice(2)
    }
    expect(shown('streamTime')).deep.equal([
      'k[80,80]=-@80',
      'k[100,100]=-@100',
      'k[80,100]=abc@100',
    ])
    expect(shown('watermark')).deep.equal(['k[100,100]=-@100', 'k[90,100]=bc@100'])
  })

  it('end in one final row, in the order of end and key', () => {
    const windows = new Windows(session('10ms'), { emit: 'close' })
    windows.row('b', 'a', 1).row('a', 'b', 1).row('c', 'c', 0).row('c', 'd', 2).row('z', 'e', 13)
    expect(windows.changes).deep.equal(['a[1,1]=b@1', 'b[1,1]=a@1', 'c[0,2]=cd@2'])
    windows.row('z', 'f', 100)
    expect(windows.changes).deep.equal(['z[13,13]=e@13'])
    expect(windows.counters()).include({ taken: 6, absorbed: 6, made: 4 })
  })

  it('drop rows without a key, and add those without a value', () => {
    const windows = new Windows(session('10ms'), { clock: 'streamTime' })
    windows.row(null, 'a', 1_000).row('k', null, 5)
    expect(windows.changes).deep.equal(['k[5,5]=null@5'])
    expect(windows.counters().reasons.get('null-key')).equal(1)
  })

  it('whose aggregate is null leave with a tombstone and begin anew', () => {
    const windows = new Windows(session('10ms').grace('1s'))
    windows.row('k', 'a', 0).row('k', 'X', 5).row('k', 'b', 6)
    expect(windows.changes).deep.equal(['k[0,0]=a@0', 'k[0,0]=-@0', 'k[0,5]=-@5', 'k[6,6]=b@6'])
  })

  it('keep nothing of a row whose function threw', () => {
    const windows = new Windows(session('10ms').grace('1s'), { onError: 'skip' })
    windows.row('k', 'a', 0).row('k', '!', 5).row('k', 'b', 12)
    expect(windows.changes).deep.equal(['k[0,0]=a@0', 'k[12,12]=b@12'])
    expect(windows.counters().conserved).equal(true)
  })

  it('are found by who looks them up, until they are closed and their retention is over', () => {
    const windows = new Windows(session('10ms'), { retention: 100 })
    windows.row('k', 'a', 0).row('k', 'b', 5)
    expect(windows.find('k', 0, 5, 1)).equal('ab')
    expect(windows.find('k', 1, 5, 1), 'another start').equal('nothing')
    expect(windows.find('k', 0, 4, 1), 'another end').equal('nothing')
    windows.row('z', 'z', 115)
    expect(windows.find('k', 0, 5, 115), 'T = 115').equal('ab')
    windows.row('z', 'z', 116)
    expect(windows.find('k', 0, 5, 116), 'T = 116').equal('nothing')
  })

  it('merge by the ten thousand, in time that grows with their number', () => {
    const windows = new Windows(session('2ms').grace('1d'))
    const topic = windows.driver.createInputTopic<string, string>('in')
    const rows = (first: number, count: number) =>
      topic.pipeRecordList(
        Array.from({ length: count }, (_, i) => ({
          key: 'k',
          value: '',
          timestamp: first + i * 4,
        })),
      )
    rows(0, 10_000)
    rows(2, 9_999)
    expect(windows.changes.at(-1)).equal('k[0,39996]=@39996')
    expect(windows.counters().conserved).equal(true)
  }).timeout(30_000)
})
