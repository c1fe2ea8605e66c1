// A measurement in a process of its own: with flags, and without what the test runner has made of this one's heap and code.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** `file` is a path from this folder. Its last line of output is JSON. */
export async function inChild<T>(file: string, flags: readonly string[] = []): Promise<T> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const args = ['--import', 'tsx', '--conditions=@millrace/source', ...flags, path]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as T
}
