import { expect } from 'chai'
import fc from 'fast-check'
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { realEnv } from '../../../src/env.ts'
import { LineCutter } from '../../../src/log/fs/lines.ts'
import { ndjson, type NdjsonSource } from '../../../src/log/fs/index.ts'
import type { Batch, SourcePort } from '../../../src/log/source-port.ts'
import { json } from '../../../src/serde/json.ts'
import { string } from '../../../src/serde/string.ts'
import { tempDir } from '../temp-dir.ts'

const never = new AbortController().signal

async function readAll(
  port: SourcePort,
): Promise<{ lines: string[]; positions: string[]; last: string }> {
  const read = { lines: [] as string[], positions: [] as string[], last: '' }
  for (let ended = false; !ended;) {
    const batch = port.poll(2) as Batch<Uint8Array> | undefined
    if (batch === undefined) await port.ready(never)
    for (let row = 0; row < (batch?.length ?? 0); row++) {
      read.lines.push(Buffer.from(batch!.value(row)!).toString())
      read.positions.push(batch!.position(row))
    }
    read.last = batch?.next ?? read.last
    ended = batch?.end === true
  }
  return read
}

describe('a file of lines', () => {
  let temp: Awaited<ReturnType<typeof tempDir>>
  let path: string
  beforeEach(async () => {
    temp = await tempDir()
    path = join(temp.dir, 'rows.ndjson')
  })
  afterEach(() => temp.remove())

  const open = async (
    source: NdjsonSource<unknown, unknown> = ndjson(path, { value: string() }),
    after?: string,
  ) => {
    const log = await source.log.open({ env: realEnv(), app: 'a', dir: temp.dir }, [source])
    const [split] = await log.admin.splits(path)
    const port = log.source(path)
    await port.open(split!, after === undefined ? 'earliest' : { after })
    return { port, split: split!, source }
  }

  it('gives each line: \\n or \\r\\n, the last without either, empty ones skipped', async () => {
    await writeFile(path, 'a\r\n\n\r\nb c\n€uro\nlast')
    const { port, split } = await open()
    const { lines, positions, last } = await readAll(port)
    expect(lines).to.deep.equal(['a', 'b c', '€uro', 'last'])
    expect(positions).to.deep.equal(['3', '10', '17', '21'])
    expect(last).to.equal('21')
    expect(port.caughtUp(split.id)).to.equal(true)
    await port.close(split.id)
  })

  it('moves the position over empty lines at the end', async () => {
    await writeFile(path, 'a\n\n\n')
    const { port, split } = await open()
    expect((await readAll(port)).last).to.equal('4')
    await port.close(split.id)
  })

  it('gives exactly the rest from any position', async () => {
    await writeFile(
      path,
      Array.from({ length: 20 }, (_, i) => `line ${i}\n${i % 3 === 0 ? '\n' : ''}`).join(''),
    )
    const first = await open()
    const { lines, positions } = await readAll(first.port)
    await first.port.close(first.split.id)
    for (const [i, position] of positions.entries()) {
      const { port, split } = await open(undefined, position)
      expect((await readAll(port)).lines).to.deep.equal(lines.slice(i + 1))
      await port.close(split.id)
    }
  })

  it('reads files larger than what it holds, with lines across reads', async function () {
    this.timeout(30_000)
    const expected = Array.from({ length: 120_000 }, (_, i) => `${i} ${'x'.repeat(i % 200)}`)
    await writeFile(path, expected.join('\n'))
    const { port, split } = await open()
    const { lines } = await readAll(port)
    expect(lines.length).to.equal(expected.length)
    expect(lines.every((line, i) => line === expected[i])).to.equal(true)
    await port.close(split.id)
  })

  it('hands a line above the cap to the decoder, which refuses it, and reads on', async () => {
    await writeFile(path, `"ok"\n"${'x'.repeat(600_000)}"\n"${'y'.repeat(8)}"\n"after"`)
    const source = ndjson(path, { value: json<string>(), lineBytesMax: 10 })
    const { port, split } = await open(source)
    const { lines } = await readAll(port)
    expect(lines.map((line) => line.length)).to.deep.equal([4, 11, 10, 7])
    expect(() => source.value.decode(Buffer.from(lines[1]!))).to.throw('longer than 10 bytes')
    expect(source.value.decode(Buffer.from(lines[2]!))).to.equal('yyyyyyyy')
    await port.close(split.id)
  })

  it('takes key and time from the value, and leaves both to the pipe otherwise', async () => {
    await writeFile(path, '{"user":"u1","at":5}\nnot json\n')
    const value = json<{ user: string; at: number }>()
    const source = ndjson(path, { value, key: (row) => row.user, timestamp: (row) => row.at })
    const { port, split } = await open(source)
    await port.ready(never)
    let batch = port.poll(10)
    while (batch === undefined) {
      await port.ready(never)
      batch = port.poll(10)
    }
    expect(source.key.decode(batch.key(0) as Uint8Array)).to.equal('u1')
    expect([batch.timestamp(0), batch.timestamp(1)]).to.deep.equal([5, 0])
    await port.close(split.id)
    const plain = await open()
    await plain.port.ready(never)
    const rows = await (async () => {
      for (;;) {
        const next = plain.port.poll(10)
        if (next !== undefined && next.length > 0) return next
        await plain.port.ready(never)
      }
    })()
    expect([rows.key(0), rows.timestamp(0)]).to.deep.equal([null, 0])
    await plain.port.close(plain.split.id)
  })

  it('refuses a position in a file that was cut or replaced', async () => {
    await writeFile(path, 'one\ntwo\nthree\n')
    await truncate(path, 4)
    const codes = []
    for (const position of ['8', '2', 'x'])
      codes.push(
        await open(undefined, position).then(
          () => 'opened',
          (error: { code: string }) => error.code,
        ),
      )
    expect(codes).to.deep.equal(Array(3).fill('MILLRACE_POSITION_GONE'))
  })

  it('fails a reader whose file is cut while it reads', async () => {
    await writeFile(path, 'x'.repeat(999).concat('\n').repeat(20_000))
    const { port, split } = await open()
    await port.ready(never)
    await truncate(path, 10)
    const failed = await readAll(port).then(
      () => 'ended',
      (error: { code: string }) => error.code,
    )
    expect(failed).to.equal('MILLRACE_POSITION_GONE')
    await port.close(split.id)
  })

  it('names a file that is not there', async () => {
    const source = ndjson(join(temp.dir, 'none'), { value: string() })
    const log = await source.log.open({ env: realEnv(), app: 'a', dir: temp.dir }, [source])
    const failed = await log.admin.splits(source.topic).catch((error: Error) => error.message)
    expect(failed).to.contain('none cannot be read')
  })
})

describe('LineCutter', () => {
  it('cuts the same lines however the bytes are divided', () => {
    const text = fc
      .array(fc.constantFrom('\n', '\r\n', '\r', 'a', 'bb', 'ccccc', '€'), { maxLength: 40 })
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(
        text,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 60 }),
        (whole, sizes) => {
          const bytes = Buffer.from(whole)
          const cutter = new LineCutter(0, 6)
          const lines: Buffer[] = []
          let at = 0
          for (let i = 0; at < bytes.length; i++) {
            const size = sizes[i % sizes.length]!
            lines.push(
              ...cutter.push(bytes.subarray(at, at + size)).lines.map((line) => Buffer.from(line)),
            )
            at += size
          }
          const end = cutter.end()
          lines.push(...end.lines.map((line) => Buffer.from(line)))
          expect(end.next).to.equal(bytes.length)
          const oracle = bytes
            .toString('latin1')
            .split('\n')
            .map((line) => line.replace(/\r$/, '').slice(0, 7))
            .filter((line) => line !== '')
          expect(lines.map((line) => line.toString('latin1'))).to.deep.equal(oracle)
        },
      ),
    )
  })
})
