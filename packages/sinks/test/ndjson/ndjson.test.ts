/** The NDJSON sink: the conformance suite of sinks, the files it makes, and what it refuses. */
import { sinkSuite } from '@millrace/core/testing'
import { expect } from 'chai'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sinkFailure } from '../../src/ndjson/failure.ts'
import { ndjson } from '../../src/ndjson/index.ts'
import { skipBecause } from '../../../../test/support/skip.ts'
import { at, filesIn, inTempDir, linesIn, openPort, rejection, row, staged } from './subject.ts'

const first = 'part-orders-0-000000000001.ndjson'

describe('ndjson', () => {
  describe('passes the conformance suite of sinks', () => {
    const suite = sinkSuite<Item>(subject, { fullAtBytes: 4096, spoils: true, refuses: true })
    for (const { title, run } of suite) it(title, run)
  })

  it('is frozen data that opens nothing by itself', () =>
    inTempDir(async (dir) => {
      const sink = ndjson(join(dir, 'out'))
      expect(sink).to.include({ kind: 'millrace.sink', type: 'ndjson', decides: 'log' })
      expect(sink.target).to.equal(join(dir, 'out'))
      expect(Object.isFrozen(sink)).to.equal(true)
      expect(await readdir(dir)).to.deep.equal([])
    }))

  it('makes one file per commit, one line per row, and the directory with it', () =>
    inTempDir(async (dir) => {
      const out = join(dir, 'a', 'b')
      const port = await openPort(ndjson(out))
      await port.publish(staged(port, { n: 1 }, 'two', null, 'line\nend\u2028'), at(1))
      await port.publish(staged(port, ['ü', '\ud83d\ude00']), at(12))
      expect(await filesIn(out)).to.deep.equal([first, 'part-orders-0-000000000012.ndjson'])
      expect(await linesIn(out)).to.deep.equal([
        { n: 1 },
        'two',
        null,
        'line\nend\u2028',
        ['ü', '\ud83d\ude00'],
      ])
      expect(await readdir(join(out, '.tmp'))).to.deep.equal([])
    }))

  it('writes what map makes of value, key and row', () =>
    inTempDir(async (dir) => {
      const port = await openPort(
        ndjson<{ n: number }>(dir, { map: ({ n }, key, { time }) => ({ n, key, time }) }),
      )
      await port.publish(staged(port, { n: 1 }), at(1))
      expect(await linesIn(dir)).to.deep.equal([{ n: 1, key: 'k', time: 7 }])
    }))

  it('refuses rows that JSON has no text for, and says what to do', () =>
    inTempDir(async (dir) => {
      const cycle: { self?: unknown } = {}
      cycle.self = cycle
      const port = await openPort(ndjson(dir))
      for (const value of [1n, { n: 1n }, undefined, () => 1, Symbol('s'), cycle]) {
        expect(() => port.write('k', value, row))
          .to.throw(/ndjson cannot write this row: .+ Give `map`/)
          .with.property('code', 'MILLRACE_ENCODE')
      }
      expect(() => port.write('k', Promise.reject(new Error('late')), row))
        .to.throw(/mapValuesAsync/)
        .with.property('code', 'MILLRACE_ASYNC_RESULT')
      expect(port.freeze()).to.deep.equal([])
    }))

  describe('published again', () => {
    it('leaves the file of an equal commit as it is', () =>
      inTempDir(async (dir) => {
        const port = await openPort(ndjson(dir))
        const section = staged(port, { n: 1 })
        await port.publish(section, at(1))
        const successor = await openPort(ndjson(dir))
        await successor.publish(section, at(1))
        expect(await linesIn(dir)).to.deep.equal([{ n: 1 }])
        expect(await readdir(join(dir, '.tmp'))).to.deep.equal([])
      }))

    it('refuses a file with other content, names it, and replaces nothing', () =>
      inTempDir(async (dir) => {
        for (const foreign of ['{"n":2}\n', '{"n":1}\n{"n":1}\n', '']) {
          await writeFile(join(dir, first), foreign)
          const port = await openPort(ndjson(dir))
          const error = await rejection(port.publish(staged(port, { n: 1 }), at(1)))
          expect(error).to.include({ code: 'MILLRACE_CONFIG', family: 'fatal' })
          expect(error.message).to.include(join(dir, first)).and.to.include('two pipelines')
          expect(await readFile(join(dir, first), 'utf8')).to.equal(foreign)
          expect(await readdir(join(dir, '.tmp'))).to.deep.equal([])
        }
      }))

    it('follows no symbolic link that stands in the place of a file', () =>
      inTempDir(async (dir) => {
        await writeFile(join(dir, 'elsewhere'), '{"n":1}\n')
        await symlink(join(dir, 'elsewhere'), join(dir, first))
        const port = await openPort(ndjson(dir))
        const error = await rejection(port.publish(staged(port, { n: 1 }), at(1)))
        expect(error.code).to.equal('MILLRACE_CONFIG')
      }))

    it('sweeps what a crash of this task left half-written, and nothing of other tasks', () =>
      inTempDir(async (dir) => {
        const temp = join(dir, '.tmp')
        await mkdir(temp)
        const others = [
          'part-orders-0-1-000000000001.ndjson.x',
          'part-orders-1-000000000001.ndjson.x',
        ]
        for (const name of [`${first}.x`, ...others]) await writeFile(join(temp, name), 'torn')
        await openPort(ndjson(dir))
        expect((await readdir(temp)).sort()).to.deep.equal(others)
      }))

    it('makes its folder again when somebody removed it', () =>
      inTempDir(async (dir) => {
        const out = join(dir, 'out')
        const port = await openPort(ndjson(out))
        await rm(out, { recursive: true })
        await port.publish(staged(port, 1), at(1))
        expect(await linesIn(out)).to.deep.equal([1])
      }))
  })

  describe('names', () => {
    const hostile = [
      '../../up',
      '/etc/passwd',
      '..',
      'a\0b',
      'a\nb',
      'ünï',
      'a%2Fb',
      'C:\\x',
      '.',
      '',
    ]
    for (const name of hostile) {
      it(`stay inside the directory for ${JSON.stringify(name)}`, () =>
        inTempDir(async (dir) => {
          const out = join(dir, 'deep', 'out')
          const port = await openPort(ndjson(out), { subTopology: name, task: name })
          await port.publish(staged(port, 1), { ...at(1), subTopology: name, task: name })
          expect(await readdir(dir)).to.deep.equal(['deep'])
          expect(await readdir(join(dir, 'deep'))).to.deep.equal(['out'])
          const [file] = await filesIn(out)
          expect(file).to.match(/^part-[A-Za-z0-9_.%-]*-[A-Za-z0-9_.%]*-000000000001\.ndjson$/)
          expect(await linesIn(out)).to.deep.equal([1])
        }))
    }

    it('differ for tasks whose texts would join to the same', () =>
      inTempDir(async (dir) => {
        const places = [
          { subTopology: 'a-b', task: 'c' },
          { subTopology: 'a', task: 'b-c' },
          { subTopology: 'a-b-c', task: '' },
          { subTopology: 'a%2Db', task: 'c' },
        ]
        for (const [i, it] of places.entries()) {
          const port = await openPort(ndjson(dir), it)
          await port.publish(staged(port, i), { ...at(1), ...it })
        }
        expect(await filesIn(dir)).to.have.length(places.length)
      }))

    it('that no file system takes are refused when the sink is opened', () =>
      inTempDir(async (dir) => {
        const error = await rejection(openPort(ndjson(dir), { subTopology: 'ü'.repeat(60) }))
        expect(error.code).to.equal('MILLRACE_CONFIG')
        expect(error.message).to.include('shorter { name }')
      }))
  })

  describe('a file system that refuses', () => {
    it('is a retriable error with the path and what to do', () =>
      inTempDir(async (dir) => {
        const blocked = join(dir, 'file')
        await writeFile(blocked, '')
        const error = await rejection(openPort(ndjson(join(blocked, 'out'))))
        expect(error).to.include({ code: 'MILLRACE_SINK_FAILED', family: 'retriable' })
        expect(error.message).to.include(join(blocked, 'out')).and.to.include('move it away')
      }))

    it('gets the same rows again once it takes them', () =>
      inTempDir(async (dir) => {
        const out = join(dir, 'out')
        const port = await openPort(ndjson(out))
        const section = staged(port, { n: 1 })
        await rm(out, { recursive: true })
        await writeFile(out, 'in the way')
        const error = await rejection(port.publish(section, at(1)))
        expect(error).to.include({ code: 'MILLRACE_SINK_FAILED', family: 'retriable' })
        await unlink(out)
        await port.publish(section, at(1))
        expect(await linesIn(out)).to.deep.equal([{ n: 1 }])
      }))

    it('says which rights are missing', function () {
      if (process.getuid?.() === 0) skipBecause(this, 'root may write everywhere')
      return inTempDir(async (dir) => {
        const port = await openPort(ndjson(dir))
        await chmod(join(dir, '.tmp'), 0o500)
        const error = await rejection(port.publish(staged(port, 1), at(1)))
        await chmod(join(dir, '.tmp'), 0o700)
        expect(error.code).to.equal('MILLRACE_SINK_FAILED')
        expect(error.message).to.include('read, write and search rights')
      })
    })

    // A full disk cannot be had without rights to mount one, so its error is made by hand.
    it('that is full says so', () => {
      const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
        code: 'ENOSPC',
      })
      const error = sinkFailure('publish', '/data/out/part', full, {})
      expect(error).to.include({ code: 'MILLRACE_SINK_FAILED', family: 'retriable' })
      expect(error.message).to.include('/data/out/part: the disk is full: free space on it')
    })
  })

  it('refuses impossible options where they are written', () => {
    for (const bytesMax of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => ndjson('out', { bytesMax }))
        .to.throw(/bytesMax/)
        .with.property('code', 'MILLRACE_CONFIG')
    }
    for (const dir of ['', 'a\0b', undefined as never]) {
      expect(() => ndjson(dir))
        .to.throw(/path of a directory/)
        .with.property('code', 'MILLRACE_CONFIG')
    }
  })
})

interface Item {
  n: number | bigint
  pad: string
}

async function subject(): ReturnType<Parameters<typeof sinkSuite<Item>>[0]> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-ndjson-'))
  const out = join(dir, 'out')
  return {
    sink: ndjson<Item>(out, { bytesMax: 4096 }),
    dir,
    value: (n, bytes) => ({ n, pad: 'x'.repeat(bytes) }),
    spoil: (value) => (value.n = -1),
    unwritable: () => ({ n: 1n, pad: '' }),
    visible: async () => (await linesIn(out)).map((line) => (line as { n: number }).n),
    dispose: () => rm(dir, { recursive: true, force: true }),
  }
}
