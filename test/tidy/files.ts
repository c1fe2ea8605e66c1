// Which files there are, and which of them a pattern names.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSource, type Source } from './source.ts'

export const root: string = fileURLToPath(new URL('../../', import.meta.url))

const notOurs = new Set([
  'node_modules',
  'dist',
  'coverage',
  '.git',
  '.generated',
  '.millrace',
  'out',
])

/** Every file under a folder of the repository, as `packages/core/src/x.ts`; [] when there is no such folder. */
export function filesUnder(folder: string): string[] {
  const found: string[] = []
  const visit = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (notOurs.has(entry.name) || entry.name.startsWith('node-')) continue
      const path = join(at, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile()) found.push(relative(root, path).split(sep).join('/'))
    }
  }
  try {
    visit(join(root, folder))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return found.sort()
}

export function sourcesUnder(folder: string): Source[] {
  return filesUnder(folder)
    .filter((path) => /\.(ts|mts|cts|mjs|cjs|js)$/.test(path))
    .map((path) => readSource(path, readFileSync(join(root, path), 'utf8')))
}

const compiled = new Map<string, RegExp>()

/** `**` any depth, `*` within a name, `{a,b}` either. */
export function matches(path: string, glob: string): boolean {
  let pattern = compiled.get(glob)
  if (pattern === undefined) {
    const body = glob
      .replaceAll(/[.+^$()|[\]\\]/g, String.raw`\$&`)
      .replaceAll(/\{([^}]*)\}/g, (_, names: string) => `(?:${names.split(',').join('|')})`)
      .replaceAll('**', '\u0000')
      .replaceAll('*', '[^/]*')
      .replaceAll('\u0000/', '(?:.*/)?')
      .replaceAll('\u0000', '.*')
    pattern = new RegExp(`^${body}$`)
    compiled.set(glob, pattern)
  }
  return pattern.test(path)
}

export function matchesAny(path: string, globs: readonly string[]): boolean {
  return globs.some((glob) => matches(path, glob))
}
