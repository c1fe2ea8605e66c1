/**
 * Runs in a child process until it is killed: creates objects without pause, several at once, and
 * prints each key that was answered. Every object is a commit record, so whoever reads it can tell
 * whether it is whole.
 */
import { writeSync } from 'node:fs'
import { openDirectoryStore } from '../../../src/checkpoint/fs/directory-store.ts'
import { recordKey } from '../../../src/checkpoint/record.ts'
import { quietEnv } from '../context.ts'
import { sampleBytes } from '../sample-record.ts'

async function writeForever(dir: string): Promise<void> {
  const store = await openDirectoryStore(dir, quietEnv)
  let seq = 0
  const lane = async (): Promise<void> => {
    for (;;) {
      const key = recordKey('app', 'sub', 'task', ++seq)
      await store.create(key, sampleBytes(seq, 200_000))
      writeSync(1, `${key}\n`)
    }
  }
  await Promise.all([lane(), lane(), lane(), lane()])
}

void writeForever(process.argv[2]!)
