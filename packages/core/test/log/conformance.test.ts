// Every log of core passes the suites that implementers of other logs run.
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { realEnv } from '../../src/env.ts'
import { EmbeddedLog } from '../../src/log/embedded/log.ts'
import type { EmbeddedPort } from '../../src/log/embedded/port.ts'
import { ndjson } from '../../src/log/fs/index.ts'
import { MemoryLog } from '../../src/log/memory/index.ts'
import type { ConformanceCase } from '../../src/testing/conformance/conformance.ts'
import { logAdminSuite } from '../../src/testing/conformance/log-admin.ts'
import type { LogSubject, LogSupport } from '../../src/testing/conformance/log-subject.ts'
import { membershipSuite } from '../../src/testing/conformance/membership.ts'
import { sourcePortSuite } from '../../src/testing/conformance/source-port.ts'
import { string } from '../../src/serde/string.ts'
import { bytes, tempDir } from './temp-dir.ts'

const everything: LogSupport = {
  tail: true,
  records: true,
  startAtTime: true,
  ensure: true,
  purge: true,
  workers: false,
}
const aFile: LogSupport = {
  tail: false,
  records: false,
  startAtTime: false,
  ensure: false,
  purge: false,
  workers: false,
}

async function embeddedSubject(): Promise<LogSubject> {
  const temp = await tempDir()
  const prefetch = { rowsMax: 2_000, bytesMax: 64 * 1024 }
  const log = await EmbeddedLog.open({ dir: temp.dir, prefetch })
  await log.admin.ensure('rows', 3)
  return {
    log,
    topic: 'rows',
    supports: everything,
    append: async (split, rows) => {
      const records = rows.map((row) => ({ ...row, key: bytes(row.key), value: bytes(row.value) }))
      await log.database.append(split.topic, split.partition, records)
    },
    // One batch of rows may stand across the bound: here 250 rows of some 30 bytes.
    waiting: (port, split) => ({
      ...(port as EmbeddedPort).waiting(split.id),
      rowsMax: prefetch.rowsMax + 250,
      bytesMax: prefetch.bytesMax + 250 * 40,
    }),
    dispose: async () => {
      await log.close()
      await temp.remove()
    },
  }
}

function memorySubject(): Promise<LogSubject> {
  const log = new MemoryLog()
  log.create('rows', 3)
  return Promise.resolve({
    log,
    topic: 'rows',
    supports: everything,
    append: (split, rows) => {
      log.append(
        split.id,
        rows.map((row) => ({ ...row, key: bytes(row.key), value: bytes(row.value) })),
      )
      return Promise.resolve()
    },
    withhold: (split) => Promise.resolve(log.withhold(split.id, 2)),
    reshard: (parents, children) =>
      Promise.resolve(
        log.reshard(
          parents.map(({ id }) => id),
          children,
        ),
      ),
    dispose: () => Promise.resolve(),
  })
}

async function fileSubject(): Promise<LogSubject> {
  const temp = await tempDir()
  const path = join(temp.dir, 'rows.ndjson')
  await writeFile(path, '')
  const source = ndjson(path, { value: string() })
  const log = await source.log.open({ env: realEnv(), app: 'a', dir: temp.dir }, [source])
  return {
    log,
    topic: path,
    supports: aFile,
    append: (_split, rows) => appendFile(path, rows.map((row) => `${row.value}\n`).join('')),
    dispose: () => temp.remove(),
  }
}

function run(name: string, cases: readonly ConformanceCase[]): void {
  describe(name, () => {
    for (const { title, run } of cases) it(title, run)
  })
}

const shards = { supports: everything, withholds: true, reshards: true }
run(
  'embedded: SourcePort',
  sourcePortSuite(embeddedSubject, { supports: everything, showsWaiting: true }),
)
run('embedded: Membership', membershipSuite(embeddedSubject, { supports: everything }))
run('embedded: LogAdmin', logAdminSuite(embeddedSubject, { supports: everything }))
run('memory: SourcePort', sourcePortSuite(memorySubject, shards))
run('memory: Membership', membershipSuite(memorySubject, shards))
run('memory: LogAdmin', logAdminSuite(memorySubject, { supports: everything }))
run('files: SourcePort', sourcePortSuite(fileSubject, { supports: aFile }))
run('files: Membership', membershipSuite(fileSubject, { supports: aFile }))
run('files: LogAdmin', logAdminSuite(fileSubject, { supports: aFile }))
