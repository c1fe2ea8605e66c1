/**
 * Lists the keys below a directory in byte order. A folder sorts as `name/`: bytes below `/` (such
 * as `-`, `.`, `%`) put `a-b` and all of `a.d/` before `a/x`. Folders that lie wholly outside
 * `prefix` or before `after` are not read. Names that no key has, symbolic links and the folder of
 * temporary files are passed over.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { compareKeys, isSegment } from '../object-key.ts'
import { isMissing } from './failure.ts'

export async function walkKeys(
  root: string,
  prefix: string,
  after: string | undefined,
): Promise<readonly string[]> {
  const keys: string[] = []
  const walk = async (folder: string): Promise<void> => {
    for (const path of await entries(root, folder, prefix, after)) {
      if (path.endsWith('/')) await walk(path)
      else keys.push(path)
    }
  }
  await walk(prefix.slice(0, prefix.lastIndexOf('/') + 1))
  return keys
}

/** Sorted paths from the root; those of folders end with a slash. */
async function entries(
  root: string,
  folder: string,
  prefix: string,
  after: string | undefined,
): Promise<string[]> {
  const paths: string[] = []
  for (const entry of await read(join(root, folder))) {
    const isFolder = entry.isDirectory()
    if (!isFolder && !entry.isFile()) continue
    const path = `${folder}${entry.name}${isFolder ? '/' : ''}`
    if (!path.startsWith(prefix)) continue
    if (
      after !== undefined &&
      compareKeys(path, after) <= 0 &&
      !(isFolder && after.startsWith(path))
    )
      continue
    if (isSegment(entry.name)) paths.push(path)
  }
  return paths.sort(compareKeys)
}

async function read(path: string): Promise<Awaited<ReturnType<typeof readEntries>>> {
  try {
    return await readEntries(path)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function readEntries(path: string) {
  return readdir(path, { withFileTypes: true })
}
